// The crash test at length: npm run test:crash [-- KILLS [SEED]]
import { crashTest } from "../test/peers/crash.ts";
import { freePorts } from "../test/peers/ports.ts";
import { wholeNumbers } from "./whole-numbers.ts";

const [kills = 0, seed = 0] = wholeNumbers("test:crash [-- KILLS [SEED]]", [
  500,
  (Date.now() % 1_000_000) + 1,
]);
const [port = 0] = await freePorts(1);
console.log(`${kills} kills, seed ${seed} ...`);
const report = await crashTest(kills, seed, port);
console.log(report);
console.log("Every acknowledged file is whole, and nothing else is there.");
process.exit(0);
