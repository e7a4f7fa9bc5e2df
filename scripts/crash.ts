// The crash test at length: npm run test:crash [-- KILLS [SEED]]
import { crashTest } from "../test/peers/crash.ts";
import { freePorts } from "../test/peers/ports.ts";

const [kills = 500, seed = Date.now() % 1_000_000] = process.argv.slice(2).map(Number);
const [port = 0] = await freePorts(1);
console.log(`${kills} kills, seed ${seed} ...`);
const report = await crashTest(kills, seed, port);
console.log(report);
console.log("Every acknowledged file is whole, and nothing else is there.");
process.exit(0);
