// The HTTP server and the presigned query under changed inputs, at length: npm run test:fuzz:http [-- INPUTS [SEED]]
import { fuzzHttp, fuzzPresigned } from "../test/peers/http-fuzz.ts";
import { startFixture } from "../test/unit/http/http-fixture.ts";

const [inputs = 200_000, seed = Date.now() % 1_000_000] = process.argv.slice(2).map(Number);
console.log(`${inputs} inputs each, seed ${seed} ...`);
const fixture = await startFixture();
console.log("presigned queries", fuzzPresigned(inputs, seed, fixture));
await fixture.stop();
console.log("HTTP", await fuzzHttp(inputs, seed));
console.log("Nothing broke, no file was given away, none was left behind.");
process.exit(0);
