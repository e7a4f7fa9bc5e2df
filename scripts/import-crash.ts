// The crash test of slotd import at length: npm run test:import-crash [-- KILLS [FILES [SEED]]]
import { importCrashTest } from "../test/peers/import-crash.ts";
import { wholeNumbers } from "./whole-numbers.ts";

const [kills = 0, files = 0, seed = 0] = wholeNumbers("test:import-crash [-- KILLS [FILES [SEED]]]", [
  500,
  2_000,
  (Date.now() % 1_000_000) + 1,
]);
console.log(`${kills} kills on ${files} files, seed ${seed} ...`);
const told = (round: number) => round % 50 === 0 && console.log(`${round} ...`);
console.log(await importCrashTest(kills, files, seed, told));
console.log("Every file is in the store, the ledger and the list, once and whole; the sums are right.");
process.exit(0);
