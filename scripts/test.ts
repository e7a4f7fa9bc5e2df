// npm test                everything: lint, unit tests, then the suites with real servers
// npm test unit           what needs no server
// npm test -- NAME ...    only the test files with NAME in their path, with their output as it comes
import { spawn } from "node:child_process";
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { ensurePackages, missingPackages, type Part, packagesOf } from "./debian.ts";

/** What a suite in test/real needs, by the words of its file name: prosody-rgw-upload.test.ts needs both. */
const partsOf: Readonly<Record<string, readonly Part[]>> = {
  harness: ["prosody", "ejabberd", "jabberd2", "clients", "rgw", "swift"],
  prosody: ["prosody", "clients"],
  // Prosody's community modules, and its SQL storage.
  modules: ["modules"],
  ejabberd: ["ejabberd", "clients"],
  jabberd2: ["jabberd2", "clients"],
  rgw: ["rgw"],
  swift: ["swift"],
  nginx: ["nginx"],
  caddy: ["caddy"],
  debian: ["systemd"],
  haproxy: ["haproxy"],
  shells: ["shells", "manuals"],
  fail2ban: ["fail2ban"],
  chromium: ["browser"],
  prometheus: ["prometheus"],
  postgres: ["postgres"],
  browser: ["browser"],
  systemd: ["systemd"],
};

/** Suites that mostly wait (for timeouts, restarts, looks at a store): they run in turn beside the others. */
const patient = [
  "prosody-component",
  "ejabberd-component",
  "jabberd2-component",
  "mongooseim-component",
  "ejabberd-check",
  "prosody-store-away",
  "prosody-rgw-limits",
  "harness",
  "rgw-credentials",
  "prosody-reload",
  "rgw-copy-source",
  "npm-package",
].map((name) => `test/real/${name}.test.ts`);

/** Words in the names of suites that measure time or memory: nothing else runs then. */
const measuring = ["attack", "chaos", "crash", "crowd", "memory", "scale"];

/** Many, so that two rows of them end at about the same time. */
const unitParts = 12;

/** One process of a run. */
interface Step {
  readonly name: string;
  readonly command: readonly string[];
  /** Whether it is a test suite, whose tests are counted. */
  readonly isSuite: boolean;
  readonly needs: readonly Part[];
}

interface Outcome {
  readonly name: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** What went wrong beside failed tests, or why it was skipped. */
  readonly reason: string | undefined;
}

const longest = 5 * 60_000;
const root = join(import.meta.dirname, "..");
const isCi = process.env.CI === "true";
const scratch = mkdtempSync(join(tmpdir(), "slotd-test-"));
// Servers that run as users of their own have to get through.
chmodSync(scratch, 0o755);
process.once("exit", () => rmSync(scratch, { recursive: true, force: true }));

function testFiles(folder: string): string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".test.ts"))
    .map((file) => `./${folder}/${file}`)
    .sort();
}

function suite(name: string, files: readonly string[], needs: readonly Part[]): Step {
  return { name, command: [process.execPath, "test", "--timeout", "60000", ...files], isSuite: true, needs };
}

function realSuite(file: string): Step {
  const words = basename(file, ".test.ts").split("-");
  return suite(file.slice(2), [file], [...new Set(words.flatMap((word) => partsOf[word] ?? []))]);
}

/** The steps that the arguments ask for, in order. */
function stepsFor(names: readonly string[]): Step[] {
  const isUnitOnly = names.length === 1 && names[0] === "unit";
  const isWanted = (file: string) =>
    isUnitOnly || names.length === 0 || names.some((name) => file.includes(name));
  const tool = (name: string, ...args: string[]): Step => {
    const command = [join(root, "node_modules", ".bin", name), ...args];
    return { name: [name, ...args].join(" "), command, isSuite: false, needs: [] };
  };
  const lint = names.length === 0 || isUnitOnly ? [tool("biome", "check", "."), tool("tsc", "--noEmit")] : [];
  const unit = testFiles("test/unit").filter(isWanted);
  const real = isUnitOnly ? [] : testFiles("test/real").filter(isWanted);
  return [...lint, ...unitSuites(unit, names.length === 0 || isUnitOnly), ...real.map(realSuite)];
}

/** The unit tests; all of them in parts, of which two run beside each other. */
function unitSuites(files: readonly string[], isAll: boolean): Step[] {
  if (!isAll) return files.length > 0 ? [suite("test/unit", files, [])] : [];
  return Array.from({ length: unitParts }, (_, part) =>
    suite(
      `test/unit, part ${part + 1} of ${unitParts}`,
      files.filter((_, at) => at % unitParts === part),
      [],
    ),
  );
}

/** Runs a command to its end, within the time that a step may take. */
function run(
  command: readonly string[],
  output: number | "inherit",
  env: Record<string, string>,
): Promise<string | undefined> {
  const [program = "", ...args] = command;
  const child = spawn(program, args, {
    cwd: root,
    stdio: ["ignore", output, output],
    env: { ...process.env, ...env },
  });
  return new Promise((resolve) => {
    let isLate = false;
    const timers = [
      setTimeout(() => {
        isLate = true;
        child.kill("SIGTERM");
      }, longest),
      setTimeout(() => child.kill("SIGKILL"), longest + 10_000),
    ];
    // A terminal sends SIGINT to the child as well, which then stops its servers.
    const forward = (signal: NodeJS.Signals) => {
      child.kill(signal);
      child.once("exit", () => process.exit(signal === "SIGINT" ? 130 : 143));
    };
    process.on("SIGINT", forward).on("SIGTERM", forward);
    const end = (reason: string | undefined) => {
      timers.forEach(clearTimeout);
      process.off("SIGINT", forward).off("SIGTERM", forward);
      resolve(reason);
    };
    child.once("error", (error) => end(error.message));
    child.once("exit", (code, signal) => {
      const how = signal ? `was ended by ${signal}` : `ended with exit code ${code}`;
      end(isLate ? `took longer than ${longest / 1000} s` : code === 0 ? undefined : how);
    });
  });
}

/** The counts of a JUnit report; all are 0 when there is none. */
function counts(report: string): Pick<Outcome, "passed" | "failed" | "skipped"> {
  const head = existsSync(report) ? /<testsuites [^>]*>/.exec(readFileSync(report, "utf8"))?.[0] : undefined;
  const count = (name: string) => Number(new RegExp(` ${name}="(\\d+)"`).exec(head ?? "")?.[1] ?? 0);
  const [failed, skipped] = [count("failures"), count("skipped")];
  return { passed: count("tests") - failed - skipped, failed, skipped };
}

function judge(step: Step, report: string, ended: string | undefined): Outcome {
  const { name } = step;
  if (!step.isSuite) return { name, passed: 0, failed: ended ? 1 : 0, skipped: 0, reason: ended };
  const { passed, failed, skipped } = counts(report);
  const isEmpty = passed + failed + skipped === 0;
  const reason = ended ?? (isEmpty ? "ran no test" : undefined);
  const isCrash = reason !== undefined && (failed === 0 || !ended?.startsWith("ended with"));
  const skips = isCi && skipped > 0 ? { failed: failed + skipped, skipped: 0 } : { failed, skipped };
  const why = isCi && skipped > 0 ? `${skipped} skipped, and with CI=true none may be` : undefined;
  return {
    name,
    passed,
    skipped: skips.skipped,
    failed: skips.failed + (isCrash ? 1 : 0),
    reason: isCrash ? reason : why,
  };
}

async function runStep(step: Step, isLive: boolean): Promise<Outcome> {
  const id = step.name.replace(/[^a-z0-9]+/gi, "-");
  const [report, log] = [join(scratch, `${id}.xml`), join(scratch, `${id}.log`)];
  // Short, for the sockets in it: their paths may have 107 bytes.
  const temporary = mkdtempSync(join(scratch, "t"));
  chmodSync(temporary, 0o755);
  const reporting = step.isSuite ? ["--reporter=junit", `--reporter-outfile=${report}`] : [];
  const started = performance.now();
  if (isLive) console.log(step.name);
  const output = openSync(log, "w");
  const ended = await run([...step.command, ...reporting], isLive ? "inherit" : output, {
    TMPDIR: temporary,
  });
  closeSync(output);
  const outcome = judge(step, report, ended);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const tests = step.isSuite ? `${outcome.passed} passed, ` : "";
  console.log(`${step.name} ... ${outcome.failed > 0 ? "FAILED, " : tests}${seconds} s`);
  if (outcome.failed > 0) console.log(readFileSync(log, "utf8"));
  rmSync(temporary, { recursive: true, force: true });
  return outcome;
}

/** Why a step cannot run here; undefined when it can. */
function obstacle(step: Step): string | undefined {
  const missing = missingPackages(step.needs.flatMap((part) => packagesOf[part]));
  return missing.length > 0 ? `the Debian packages ${missing.join(" ")} are missing` : undefined;
}

function leftOut(step: Step, reason: string): Outcome {
  console.log(`${step.name} ... ${isCi ? "FAILED" : "skipped"}: ${reason}`);
  return { name: step.name, passed: 0, failed: isCi ? 1 : 0, skipped: isCi ? 0 : 1, reason };
}

function summarize(outcomes: readonly Outcome[]): number {
  const sum = (pick: (outcome: Outcome) => number) => outcomes.map(pick).reduce((a, b) => a + b, 0);
  const [passed, failed, skipped] = [sum((o) => o.passed), sum((o) => o.failed), sum((o) => o.skipped)];
  console.log("");
  for (const { name, failed, skipped, reason } of outcomes) {
    if (failed > 0) console.log(`failed: ${name}${reason ? `: ${reason}` : `, ${failed} of its tests`}`);
    else if (skipped > 0)
      console.log(`skipped: ${name}${reason ? `: ${reason}` : `, ${skipped} of its tests`}`);
  }
  if (passed + failed + skipped === 0) console.log("No test ran: no test file has such a name.");
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
  return failed > 0 || passed === 0 ? 1 : 0;
}

/** Suites that run in turn, beside those of other rows; a row that has none left goes on with those of the next list. */
type Row = readonly Step[][];

/**
 * What runs one after the other: the linters; the unit tests in two rows, beside suites that mostly wait; what measures,
 * by itself; and all others, in three rows, of which two begin with what mostly waits.
 */
function phasesOf(steps: readonly Step[]): readonly (readonly Row[])[] {
  const {
    lint = [],
    unit = [],
    alone = [],
    waiting = [],
    working = [],
  } = Object.groupBy(steps, ({ name }) => {
    if (!name.startsWith("test/")) return "lint";
    if (name.startsWith("test/unit")) return "unit";
    if (measuring.some((word) => name.includes(word))) return "alone";
    return patient.includes(name) ? "waiting" : "working";
  });
  const beside = unit.length > 0 ? waiting.splice(0, besideUnit) : [];
  return [
    [[lint]],
    [[unit], [unit], [beside]],
    [[alone]],
    [
      [waiting, working],
      [waiting, working],
      [working, waiting],
    ],
  ];
}

/** So many of the suites that mostly wait take as long as the unit tests. */
const besideUnit = 2;

async function main(names: readonly string[]): Promise<number> {
  const steps = stepsFor(names);
  const isLive = names.length > 0 && names[0] !== "unit";
  const lacking = await ensurePackages(
    steps.flatMap((step) => step.needs.flatMap((part) => packagesOf[part])),
  );
  if (lacking !== undefined) console.log(lacking);
  const outcomes: Outcome[] = [];
  // Rows share their lists: whoever is free takes the next step.
  const inTurn = async (row: Row): Promise<void> => {
    for (;;) {
      const step = row.find((list) => list.length > 0)?.shift();
      if (step === undefined) return;
      const reason = obstacle(step);
      outcomes.push(reason === undefined ? await runStep(step, isLive) : leftOut(step, reason));
    }
  };
  for (const rows of isLive ? [[[[...steps]]]] : phasesOf(steps)) await Promise.all(rows.map(inTurn));
  return summarize(outcomes);
}

process.exit(await main(process.argv.slice(2)));
