import type { Said } from "./ask.ts";
import { type Comparison, judge, type Verdict } from "./compare.ts";

interface Row {
  readonly variant: string;
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
      ...{ variant: question.variant, before: describe(before, after), after: describe(after, before) },
      ...{ verdict: judge(comparison), comparisons: [] },
    };
    const key = JSON.stringify([row.variant, row.before, row.after, row.verdict]);
    const known = rows.get(key) ?? row;
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

/** The table "asked before, asked after": a line for each kind of question and pair of answers, and how many had it. */
export function tableOf(comparisons: readonly Comparison[]): string {
  const rows = rowsOf(comparisons);
  const width = (pick: (row: Row) => string) => Math.max(...rows.map((row) => pick(row).length), 12);
  const [one, two, three] = [
    width(({ variant }) => variant),
    width(({ before }) => before),
    width(({ after }) => after),
  ];
  const line = (variant: string, before: string, after: string, count: string, rest: string) =>
    `  ${variant.padEnd(one)} | ${before.padEnd(two)} | ${after.padEnd(three)} | ${count.padStart(5)} | ${rest}`;
  return [
    line("asked", "asked before", "asked after", "times", ""),
    ...rows.map((row) => line(row.variant, row.before, row.after, `${row.comparisons.length}`, textOf(row))),
  ].join("\n");
}

/** What differs without a known reason, one line each. */
export function brokenOf(comparisons: readonly Comparison[]): readonly string[] {
  return rowsOf(comparisons)
    .filter(({ verdict }) => verdict.kind === "broken")
    .map((row) => `${row.variant} (${row.comparisons.length} times): ${textOf(row)}`);
}
