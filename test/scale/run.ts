// npm run test:scale [-- FILES]: what a ledger costs that years have filled, with FILES (1,000,000) complete files and
// nearly as many unused slots and files of others, on SQLite and on PostgreSQL. Where FILES is more than 1,000,000, the
// others are rows of a domain that is served elsewhere: there is an object on disk for each of the 1,000,000.
import { parseArgs } from "node:util";
import { ensurePackages, packagesOf } from "../../scripts/debian.ts";
import { isKept, lineOf, type Measure } from "../attack/attack.ts";
import { manyDomainsAttack } from "../attack/uploads/many-domains.ts";
import { Random } from "../fuzz/random.ts";
import { costsBeside } from "./beside.ts";
import { useMemory } from "./memory.ts";
import { refusalCosts } from "./refusal-costs.ts";
import { type DatabaseKind, ScaleScene } from "./scene.ts";

const usage = "usage: npm run test:scale [-- FILES] [--database sqlite|postgresql]";
const kinds: Readonly<Record<string, DatabaseKind>> = { sqlite: "SQLite", postgresql: "PostgreSQL" };

const mostObjects = 1_000_000;

/** How long `slotd reconcile` may be on a processor for each million of files, in seconds. */
const reconcileWithin = 60;

function fail(message: string, code: number): never {
  console.error(message);
  process.exit(code);
}

async function measureOn(kind: DatabaseKind, files: number): Promise<readonly Measure[]> {
  const began = performance.now();
  const scene = await ScaleScene.start({ kind, files, hasObjects: true, mostObjects });
  try {
    const seconds = ((performance.now() - began) / 1_000).toFixed(0);
    console.log(`\n${kind}: ${scene.rows.toLocaleString("en")} file rows, filled in ${seconds} s`);
    const millions = Math.max(1, files / mostObjects);
    const beside = await costsBeside(scene, {
      ...{ isShort: false, reconcileWithin: reconcileWithin * millions, tell },
    });
    const refusals = await refusalCosts(scene, { isShort: false, random: new Random(files) });
    for (const measure of refusals) tell(measure);
    return [...beside, ...refusals];
  } finally {
    await scene.stop();
  }
}

function tell(measure: Measure): void {
  console.log(`  ${lineOf(measure)}`);
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { database: { type: "string" } },
});
const files = Number(positionals[0] ?? 1_000_000);
if (!Number.isSafeInteger(files) || files < 1_000 || positionals.length > 1) fail(usage, 2);
const chosen =
  values.database === undefined ? Object.values(kinds) : [kinds[values.database] ?? fail(usage, 2)];
const missing = await ensurePackages(chosen.includes("PostgreSQL") ? packagesOf.postgres : []);
if (missing !== undefined) fail(missing, 1);

useMemory(files);
const measures: Measure[] = [];
for (const kind of chosen) measures.push(...(await measureOn(kind, files)));
console.log(`\n${manyDomainsAttack.name}: ${manyDomainsAttack.promise}`);
const domains = await manyDomainsAttack.run({ isShort: false, random: new Random(files) });
for (const measure of domains) tell(measure);
const broken = [...measures, ...domains].filter((measure) => !isKept(measure));
console.log("");
for (const measure of broken) console.log(lineOf(measure));
console.log(broken.length === 0 ? "Every budget is kept." : `${broken.length} budgets are not kept.`);
process.exit(broken.length === 0 ? 0 : 1);
