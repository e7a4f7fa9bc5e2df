// The HTTP server and the presigned query under changed inputs, at length: npm run test:fuzz:http [-- INPUTS [SEED]]
import { fuzzHttp, fuzzPresigned } from "../test/peers/clients/http-fuzz.ts";
import { startFixture } from "../test/unit/http/http-fixture.ts";
import { wholeNumbers } from "./whole-numbers.ts";

const usage = "test:fuzz:http [-- INPUTS [SEED]]";
const [inputs = 0, seed = 0] = wholeNumbers(usage, [200_000, (Date.now() % 1_000_000) + 1]);
console.log(`${inputs} inputs each, seed ${seed} ...`);
const fixture = await startFixture();
console.log("presigned queries", fuzzPresigned(inputs, seed, fixture));
await fixture.stop();
console.log("HTTP", await fuzzHttp(inputs, seed));
console.log("Nothing broke, no file was given away, none was left behind.");
process.exit(0);
