import type { CaseResult, Figures, Verdict } from "./measure.ts";

/** The figures as a Markdown table: one row for each case. */
export function table(results: readonly CaseResult[]): string {
  const rows = results.map((result) => {
    const [own, ...others] = Object.entries(result.contenders);
    return [
      `${result.bench}: ${result.name}`,
      result.unit,
      own === undefined ? "" : entry(...own),
      others.map((other) => entry(...other)).join("<br>"),
      result.verdicts.map((verdict) => verdictText(verdict, result)).join("<br>"),
    ];
  });
  const head = ["benchmark", "unit", "slotd", "compared with", "target met"];
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function entry(name: string, { median, spread }: Figures): string {
  return `${name} ${rounded(median)} ±${Math.round(spread * 50)} %`;
}

function verdictText({ goal, value, isReached }: Verdict, { better, unit }: CaseResult): string {
  const mark = isReached ? "yes" : "**no**";
  const bound = better === "more" ? "at least" : "at most";
  if ("limit" in goal) return `${mark}: ${rounded(value)} ${unit}, ${bound} ${rounded(goal.limit)}`;
  return `${mark}: ${value.toFixed(2)}x ${goal.against}, ${bound} ${goal.ratio}x`;
}

function rounded(value: number): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return value.toFixed(digits).replace(/\B(?=(\d{3})+$)/g, ",");
}
