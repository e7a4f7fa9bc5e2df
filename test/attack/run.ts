// npm run test:attack [-- NAME ... [SEED]]: every attack, or those with NAME in their name, at full length
import { ensurePackages, packagesOf } from "../../scripts/debian.ts";
import { carryOut, lineOf, type Measure } from "./attack.ts";
import { attacks } from "./attacks.ts";

const words = process.argv.slice(2);
const seedWord = words.find((word) => /^\d+$/.test(word));
const seed = seedWord === undefined ? (Date.now() % 1_000_000) + 1 : Number(seedWord);
const names = words.filter((word) => word !== seedWord);
const chosen = attacks.filter(({ name }) => names.length === 0 || names.some((word) => name.includes(word)));
if (chosen.length === 0) {
  console.error(`No attack has such a name. There are: ${attacks.map(({ name }) => name).join(", ")}.`);
  process.exit(2);
}
const missing = await ensurePackages(
  chosen.flatMap(({ needs }) => needs.flatMap((part) => packagesOf[part])),
);
if (missing !== undefined) {
  console.error(missing);
  process.exit(1);
}
console.log(`${chosen.length} attacks, seed ${seed}\n`);
const broken: { readonly name: string; readonly measure: Measure }[] = [];
for (const attack of chosen) {
  const measures = await carryOut(attack, seed, false);
  broken.push(...measures.map((measure) => ({ name: attack.name, measure })));
}
console.log("");
for (const { name, measure } of broken) console.log(`${name}: ${lineOf(measure)}`);
console.log(broken.length === 0 ? "Every budget is kept." : `${broken.length} budgets are not kept.`);
process.exit(broken.length === 0 ? 0 : 1);
