import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { hasWrong, jsonReport, TextReport } from "../../check/report.ts";
import type { Result } from "../../check/run-checks.ts";
import { selfCheck } from "../../check/self-check.ts";
import type { Config } from "../../config/config.ts";
import { loadConfig } from "../../config/load.ts";
import { formatProblems } from "../../config/problem.ts";
import { DEFAULT_SOCKET } from "../../ops/control.ts";
import { createLog } from "../../ops/log.ts";
import { askRunningAt } from "../ask-running.ts";
import { type Arguments, type CommandIo, UsageError } from "../command.ts";
import { servedDomain } from "../served-domain.ts";

/** Where a web client might live, when --origin does not say. */
const ANY_ORIGIN = "https://web-client.example";

/** `slotd check`: tries the configuration for real. Exit code 0 only when nothing is wrong; 130 after Ctrl-C. */
export async function run(args: Arguments, io: CommandIo): Promise<number> {
  const isJson = args.has("json");
  const report = new TextReport(isJson ? () => undefined : io.stdout);
  const options = checkOptions(args, io);
  for (const result of options.results) report.tell(result);
  const interruption = new AbortController();
  const interrupt = (): void => interruption.abort();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, interrupt);
  let more: readonly Result[] = [];
  try {
    const { config, hosts } = options;
    if (config) more = await tryOut(config, args, io, report, interruption.signal, hosts);
  } finally {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, interrupt);
  }
  if (interruption.signal.aborted) {
    io.stderr("slotd: interrupted; what the check wrote is removed.\n");
    return 130;
  }
  const results = [...options.results, ...more];
  if (isJson) io.stdout(jsonReport(results));
  else report.end(results);
  return hasWrong(results) ? 1 : 0;
}

function tryOut(
  { domains, http, ops }: Config,
  args: Arguments,
  io: CommandIo,
  report: TextReport,
  signal: AbortSignal,
  hosts: readonly string[],
): Promise<readonly Result[]> {
  // With --json what is about to be put is still shown before it is.
  const fixes = args.has("json") ? new TextReport(io.stderr) : report;
  return selfCheck({
    ...{ domains, http, signal, hosts, now: io.now },
    ca: authorities(args, io),
    askRunning: askRunningAt(ops.socket ?? DEFAULT_SOCKET),
    isFixing: args.has("fix"),
    origin: args.text("origin") ?? ANY_ORIGIN,
    log: createLog({ level: "warn", format: "text" }, io.stderr).logger,
    tell: (result) => report.tell(result),
    tellFix: (scope, fix) => fixes.tellFix(scope, fix),
  });
}

/** @throws {UsageError} */
function authorities(args: Arguments, io: CommandIo): string | undefined {
  const file = args.text("ca");
  if (file === undefined) return undefined;
  try {
    const text = readFileSync(resolve(io.cwd, file), "utf8");
    if (text.includes("-----BEGIN CERTIFICATE-----")) return text;
  } catch (error) {
    throw new UsageError(`--ca: ${error instanceof Error ? error.message : String(error)}`);
  }
  throw new UsageError(`--ca: ${file} has no certificate in PEM (-----BEGIN CERTIFICATE-----).`);
}

interface Checked {
  /** What is to be tried: the domains asked for; undefined when there is nothing to try. */
  readonly config: Config | undefined;
  /** The components of all domains. */
  readonly hosts: readonly string[];
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
    const advice = "docs/options.md describes every option.";
    const results = loaded.problems.map((problem) =>
      found({ level: "wrong", text: formatProblems([problem]).split("\n", 1).join(""), advice }),
    );
    return { config: undefined, hosts: [], results };
  }
  const from = loaded.file === undefined ? "the environment alone" : loaded.file;
  const warnings = loaded.warnings.map((text) =>
    found({ level: "warn", text, advice: "Change it, unless this is intended." }),
  );
  const only = servedDomain(args, loaded.config);
  const domains = only === undefined ? loaded.config.domains : [only];
  return {
    config: { ...loaded.config, domains },
    hosts: loaded.config.domains.map(({ host }) => host),
    results: [found({ level: "ok", text: `The options are valid; read from ${from}.` }), ...warnings],
  };
}
