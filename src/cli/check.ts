import { hasWrong, jsonReport, TextReport } from "../check/report.ts";
import type { Result } from "../check/run-checks.ts";
import { selfCheck } from "../check/self-check.ts";
import type { Config, DomainConfig } from "../config/config.ts";
import { loadConfig } from "../config/load.ts";
import { formatProblems } from "../config/problem.ts";
import { createLog } from "../ops/log.ts";
import type { Arguments, CommandIo } from "./command.ts";

/** Where a web client might live, when --origin does not say. */
const ANY_ORIGIN = "https://web-client.example";

/** `slotd check`: tries the configuration for real. Exit code 0 only when nothing is wrong; 130 after Ctrl-C. */
export async function run(args: Arguments, io: CommandIo): Promise<number> {
  const isJson = args.has("json");
  const report = new TextReport(isJson ? () => undefined : io.stdout);
  // With --json what is about to be put is still shown before it is.
  const fixes = isJson ? new TextReport(io.stderr) : report;
  const options = checkOptions(args, io);
  for (const result of options.results) report.tell(result);
  const results = [...options.results];
  const interruption = new AbortController();
  const interrupt = (): void => interruption.abort();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, interrupt);
  try {
    const more = await selfCheck({
      domains: options.domains,
      isFixing: args.has("fix"),
      origin: args.text("origin") ?? ANY_ORIGIN,
      signal: interruption.signal,
      now: io.now,
      log: createLog({ level: "warn", format: "text" }, io.stderr).logger,
      tell: (result) => report.tell(result),
      tellFix: (scope, fix) => fixes.tellFix(scope, fix),
    });
    results.push(...more);
  } finally {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, interrupt);
  }
  if (interruption.signal.aborted) {
    io.stderr("slotd: interrupted; what the check wrote is removed.\n");
    return 130;
  }
  if (isJson) io.stdout(jsonReport(results));
  else report.end(results);
  return hasWrong(results) ? 1 : 0;
}

interface Checked {
  readonly domains: readonly DomainConfig[];
  /** What the options themselves are found to be. */
  readonly results: readonly Result[];
}

function checkOptions(args: Arguments, io: CommandIo): Checked {
  const loaded = loadConfig({ file: args.text("config"), env: io.env, cwd: io.cwd });
  const found = (finding: Result["finding"]): Result => ({
    scope: "Options",
    check: "options",
    finding,
    isFixed: false,
  });
  if (!loaded.ok) {
    const mend = "docs/options.md describes every option.";
    const results = loaded.problems.map((problem) =>
      found({ level: "wrong", text: formatProblems([problem]).split("\n", 1).join(""), mend }),
    );
    return { domains: [], results };
  }
  const from = loaded.file === undefined ? "the environment alone" : loaded.file;
  const warnings = loaded.warnings.map((text) =>
    found({ level: "warn", text, mend: "Change it, unless it is meant so." }),
  );
  const asked = args.text("domain")?.toLowerCase();
  const domains = loaded.config.domains.filter(({ domain }) => asked === undefined || domain === asked);
  if (domains.length === 0) return { domains, results: [found(unknownDomain(asked ?? "", loaded.config))] };
  return {
    domains,
    results: [found({ level: "ok", text: `The options are valid; read from ${from}.` }), ...warnings],
  };
}

function unknownDomain(asked: string, { domains }: Config): Result["finding"] {
  const served = domains.map(({ domain }) => domain).join(", ");
  return {
    level: "wrong",
    text: `${asked} is not among the domains served.`,
    mend: `Take one of: ${served}.`,
  };
}
