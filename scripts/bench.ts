/**
 * npm run bench [-- NAME ...] [--rounds N] [--write]: measures slotd beside what an operator would run instead, prints
 * a table and writes bench/results/latest.json. `--write` also puts the table, and what is said of
 * each bench, into docs/benchmarks.md.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Bench } from "../bench/bench.ts";
import { benches } from "../bench/benches.ts";
import { canPin, LOAD_CORE, pin } from "../bench/cores.ts";
import { describeMachine } from "../bench/machine.ts";
import { type CaseResult, measure } from "../bench/measure.ts";
import { table } from "../bench/report.ts";
import { ensurePackages, packagesOf } from "./debian.ts";

const root = join(import.meta.dirname, "..");
const words = process.argv.slice(2);
const at = words.indexOf("--rounds");
const rounds = at < 0 ? 5 : Number(words.splice(at, 2)[1]);
if (!Number.isInteger(rounds) || rounds < 1) {
  console.error("--rounds takes a whole number from 1: npm run bench -- --rounds 5");
  process.exit(2);
}
const isWriting = words.includes("--write");
const names = words.filter((word) => !word.startsWith("--"));
const wanted = names.length === 0 ? benches : benches.filter(({ name }) => names.includes(name));
if (wanted.length === 0) {
  console.error(`No such bench; there are ${benches.map(({ name }) => name).join(", ")}.`);
  process.exit(2);
}

const lacking = await ensurePackages(
  wanted.flatMap(({ needs }) => needs.flatMap((part) => packagesOf[part])),
);
if (lacking !== undefined) {
  console.error(lacking);
  process.exit(1);
}
pin(process.pid, LOAD_CORE);
const results: CaseResult[] = [];
const failures: string[] = [];
for (const bench of wanted) {
  try {
    await run(bench);
  } catch (error) {
    failures.push(bench.name);
    console.error(`${bench.name} failed:`, error);
  }
}
report(results);
process.exit(failures.length > 0 ? 1 : 0);

async function run(bench: Bench): Promise<void> {
  console.log(`\n${bench.name}`);
  const open = await bench.open();
  try {
    for (const one of open.cases) {
      const result = await measure(bench.name, one, rounds);
      console.log(table([result]).split("\n").slice(2).join("\n"));
      results.push(result);
    }
  } finally {
    await open.close();
  }
}

function report(results: readonly CaseResult[]): void {
  const machine = describeMachine();
  const { cpu, cores, memoryGiB, kernel, versions } = machine;
  const software = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const pinned = canPin() ? "server and load generator on one core each" : "nothing pinned to cores";
  const text = [
    `${new Date().toISOString().slice(0, 10)}, ${cores} cores of ${cpu}, ${memoryGiB} GiB, Linux ${kernel}; ${pinned}.`,
    `${software.join(", ")}. Medians of ${rounds} interleaved rounds; ± is half the range of the rounds.`,
    "",
    table(results),
  ].join("\n");
  console.log(`\n${text}`);
  const folder = join(root, "bench", "results");
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, "latest.json"),
    `${JSON.stringify({ machine, rounds, results }, undefined, 2)}\n`,
  );
  if (isWriting) writePage(text);
}

function writePage(text: string): void {
  const file = join(root, "docs", "benchmarks.md");
  const explained = benches.map(({ name, description }) => `- **${name}**: ${description}`).join("\n");
  const page = between(readFileSync(file, "utf8"), "table", text);
  writeFileSync(file, between(page, "benches", explained));
}

/** The page with another text between the two marks of this name. */
function between(page: string, name: string, text: string): string {
  const marked = new RegExp(`(<!-- ${name} -->\\n)[\\s\\S]*?(<!-- end of ${name} -->)`);
  return page.replace(marked, (_, begin: string, end: string) => `${begin}${text}\n${end}`);
}
