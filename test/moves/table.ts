import type { Said } from "./ask.ts";
import { type Comparison, judge, type Verdict } from "./compare.ts";

interface Row {
  readonly variants: Set<string>;
  readonly before: string;
  readonly after: string;
  readonly verdict: Verdict;
  readonly comparisons: Comparison[];
}

/** Without the type, where both send the same. */
function describe(said: Said, other: Said): string {
  const { status, type, disposition } = said;
  const isType = isFile(said) && isFile(other) && type !== other.type;
  return [status, ...(isType ? [type ?? "no type"] : []), disposition?.kind ?? ""].join(" ").trimEnd();
}

function isFile({ status }: Said): boolean {
  return status === 200 || status === 206;
}

function rowsOf(comparisons: readonly Comparison[]): readonly Row[] {
  const rows = new Map<string, Row>();
  for (const comparison of comparisons) {
    const { question, before, after } = comparison;
    const row: Row = {
      ...{ variants: new Set<string>(), before: describe(before, after), after: describe(after, before) },
      ...{ verdict: judge(comparison), comparisons: [] },
    };
    const key = JSON.stringify([row.before, row.after, row.verdict]);
    const known = rows.get(key) ?? row;
    known.variants.add(question.variant);
    known.comparisons.push(comparison);
    rows.set(key, known);
  }
  return [...rows.values()];
}

function textOf({ verdict, comparisons }: Row): string {
  if (verdict.kind === "same") return "same";
  if (verdict.kind === "known") return verdict.why.join("; ");
  const [first] = comparisons;
  const { filename } = first?.question.upload ?? {};
  const details = JSON.stringify([first?.question.url, filename, first?.before, first?.after]);
  return `BROKEN: ${verdict.what}: ${details}`;
}

/**
 * The table "asked before, asked after": for each pair of answers how often it came, whether slotd may differ there and
 * why, and in which ways was asked.
 */
export function tableOf(comparisons: readonly Comparison[]): string {
  const rows = rowsOf(comparisons);
  const width = (pick: (row: Row) => string) => Math.max(...rows.map((row) => pick(row).length), 12);
  const [one, two] = [width(({ before }) => before), width(({ after }) => after)];
  const line = (before: string, after: string, count: string, rest: string) =>
    `  ${before.padEnd(one)} | ${after.padEnd(two)} | ${count.padStart(5)} | ${rest}`;
  return [
    line("asked before", "asked after", "times", ""),
    ...rows.flatMap((row) => [
      line(row.before, row.after, `${row.comparisons.length}`, textOf(row)),
      line("", "", "", `  asked: ${[...row.variants].join(", ")}`),
    ]),
  ].join("\n");
}

/** What differs without a known reason, one line each. */
export function brokenOf(comparisons: readonly Comparison[]): readonly string[] {
  return rowsOf(comparisons)
    .filter(({ verdict }) => verdict.kind === "broken")
    .map((row) => `${[...row.variants].join(", ")} (${row.comparisons.length} times): ${textOf(row)}`);
}
