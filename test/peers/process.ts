import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A process of a test: how to start it and how to know that it is ready. Times are in milliseconds. */
export interface ProcessOptions {
  /** Shown in errors; also the name of its log file. */
  readonly name: string;
  /** A command and its arguments; no shell is involved. */
  readonly command: readonly [string, ...string[]];
  /** The run folder: the working directory, and where NAME.log goes. */
  readonly folder: string;
  /** Added to the environment; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The system user to run as when the tests run as root; other users run it as themselves. */
  readonly user?: string;
  /** Asked every 25 ms until it is true. Left out: ready at once. */
  readonly isReady?: () => boolean | Promise<boolean>;
  /** How long it may take to be ready: 30,000 when left out. */
  readonly readyWithin?: number;
}

/** Memory of a process in bytes, as the kernel counts resident pages. */
export interface Memory {
  /** The most there was (VmHWM). */
  readonly peak: number;
  /** What there is now (VmRSS). */
  readonly now: number;
}

const running = new Set<ManagedProcess>();
const folders = new Set<string>();
let isGuarded = false;

function killEverything(): void {
  for (const process of running) process.signal("SIGKILL");
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  folders.clear();
}

/** Ends everything at a signal and at exit. `bun test` fires no exit event: there, call stop(). */
function guard(): void {
  if (isGuarded) return;
  isGuarded = true;
  process.once("exit", killEverything);
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const) {
    process.once(signal, () => {
      killEverything();
      process.exit(code);
    });
  }
}

/** Whether the tests run as root, so that servers have to be started as a user of their own. */
export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** Whether this process runs; one that has ended and that nobody has asked about (a zombie) does not. */
export function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(")") + 2));
  } catch {
    return false;
  }
}

/** One number that nobody changes: Atomics.wait() on it is a wait without an event loop. */
const pause = new Int32Array(new SharedArrayBuffer(4));

/** Whether every thread of a process is stopped, or it has ended; where there is no /proc, true. */
function isStopped(pid: number): boolean {
  try {
    return readdirSync(`/proc/${pid}/task`).every((task) => {
      const stat = readFileSync(`/proc/${pid}/task/${task}/stat`, "utf8");
      return /^[TZX]/.test(stat.slice(stat.lastIndexOf(")") + 2));
    });
  } catch {
    return true;
  }
}

/** Waits, in milliseconds. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * Waits until `isTrue` is true, asking every 25 ms.
 *
 * @param within milliseconds.
 * @throws {Error} that names `what` when it takes longer; errors of `isTrue` are passed on.
 */
export async function waitUntil(
  what: string,
  isTrue: () => boolean | Promise<boolean>,
  within = 30_000,
): Promise<void> {
  const deadline = Date.now() + within;
  while (!(await isTrue())) {
    if (Date.now() > deadline) throw new Error(`waited ${within / 1000} s for ${what}`);
    await sleep(25);
  }
}

/** Makes a fresh folder under the system's temporary folder; removeFolder() or the end of the process removes it. */
export function makeFolder(name: string): string {
  guard();
  const folder = realpathSync(mkdtempSync(join(tmpdir(), `slotd-${name}-`)));
  folders.add(folder);
  return folder;
}

/** Gives a folder with all in it to a system user, when the tests run as root. */
export function giveFolder(folder: string, user: string): void {
  if (isRoot()) execFileSync("chown", ["-R", `${user}:`, folder]);
}

/** Removes a folder that makeFolder() made. */
export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  folders.delete(folder);
}

/** A running child process: its own process group, its output in a log file. */
export class ManagedProcess {
  readonly name: string;
  readonly pid: number;
  /** Resolves when the process has ended, with its exit code or the name of the signal. */
  readonly ended: Promise<number | string>;
  readonly #logFile: string;
  #result: number | string | undefined;

  constructor(name: string, child: ChildProcess, logFile: string) {
    this.name = name;
    this.#logFile = logFile;
    this.pid = child.pid ?? 0;
    this.ended = new Promise((resolve) => {
      const end = (result: number | string) => {
        this.#result = result;
        running.delete(this);
        resolve(result);
      };
      child.once("error", (error) => end(error.message));
      child.once("exit", (code, signal) => end(code ?? signal ?? "unknown"));
    });
    if (this.pid > 0) running.add(this);
  }

  /** The exit code or the signal that ended it; undefined while it runs. */
  get result(): number | string | undefined {
    return this.#result;
  }

  /** All it has printed so far, earlier runs in the same folder included. */
  log(): string {
    return existsSync(this.#logFile) ? readFileSync(this.#logFile, "utf8") : "";
  }

  /** The last lines of log(), for an error message. */
  logTail(lines = 30): string {
    return this.log().trimEnd().split("\n").slice(-lines).join("\n");
  }

  /** Sends a signal to the whole process group; nothing happens when it has ended. */
  signal(name: NodeJS.Signals): void {
    if (this.#result !== undefined || this.pid <= 0) return;
    try {
      process.kill(-this.pid, name);
    } catch {
      // It ended between the question and the signal.
    }
  }

  /** Stops it as a shutdown would (SIGTERM); after `within` milliseconds SIGKILL. Resolves when it has ended. */
  async stop(within = 10_000): Promise<void> {
    this.signal("SIGTERM");
    this.thaw();
    const killer = setTimeout(() => this.signal("SIGKILL"), within);
    await this.ended;
    clearTimeout(killer);
  }

  /** Ends it without any warning (SIGKILL). Resolves when it has ended. */
  async kill9(): Promise<void> {
    this.signal("SIGKILL");
    await this.ended;
  }

  /** Stops it from running while its connections stay open (SIGSTOP). When this returns, no thread of it runs. */
  freeze(): void {
    this.signal("SIGSTOP");
    // The signal is on its way only: another thread may go on for a moment.
    for (let tries = 0; tries < 1_000 && !isStopped(this.pid); tries += 1) Atomics.wait(pause, 0, 0, 1);
  }

  /** Lets it run again after freeze(). */
  thaw(): void {
    this.signal("SIGCONT");
  }

  /** @throws {Error} when it has ended. */
  memory(): Memory {
    const status = readFileSync(`/proc/${this.pid}/status`, "utf8");
    const bytes = (field: string) =>
      1024 * Number(new RegExp(`^${field}:\\s*(\\d+) kB`, "m").exec(status)?.[1] ?? Number.NaN);
    return { peak: bytes("VmHWM"), now: bytes("VmRSS") };
  }
}

/** The command with what makes it die with this process, and run as `user` when we are root. */
function wrapped(options: ProcessOptions): readonly string[] {
  if (process.platform !== "linux") return options.command;
  const as =
    options.user && isRoot() ? [`--reuid=${options.user}`, `--regid=${options.user}`, "--init-groups"] : [];
  // Also when this process is killed with SIGKILL nothing is left behind.
  return ["setpriv", ...as, "--pdeathsig=KILL", "--", ...options.command];
}

/**
 * Starts a process and waits until it is ready.
 *
 * @throws {Error} with the end of its log when it ends first or is not ready in time; it is stopped then.
 */
export async function startProcess(options: ProcessOptions): Promise<ManagedProcess> {
  guard();
  mkdirSync(options.folder, { recursive: true });
  const logFile = join(options.folder, `${options.name}.log`);
  const [command = "", ...args] = wrapped(options);
  const output = openSync(logFile, "a");
  const child = spawn(command, args, {
    cwd: options.folder,
    env: { ...process.env, ...options.env },
    stdio: ["ignore", output, output],
    detached: true,
  });
  closeSync(output);
  const started = new ManagedProcess(options.name, child, logFile);
  try {
    await waitUntil(
      `${options.name} to be ready`,
      async () => {
        if (started.result !== undefined) throw new Error(`${options.name} ended with ${started.result}`);
        return options.isReady ? await options.isReady() : true;
      },
      options.readyWithin,
    );
    return started;
  } catch (cause) {
    await started.kill9();
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${reason}; the end of its log:\n${started.logTail()}`, { cause });
  }
}

/** What a command that ran to its end gave back. */
export interface Finished {
  /** Whether its exit code was 0. */
  readonly ok: boolean;
  /** Standard output and standard error, in the order they came. */
  readonly output: string;
}

/** Runs a command to its end, in a folder of its own; after `within` milliseconds it is killed and not ok. */
export async function runToEnd(
  options: Pick<ProcessOptions, "name" | "command" | "env" | "user">,
  within = 30_000,
): Promise<Finished> {
  const folder = makeFolder(options.name);
  try {
    const started = await startProcess({ ...options, folder });
    const killer = setTimeout(() => started.signal("SIGKILL"), within);
    const result = await started.ended;
    clearTimeout(killer);
    const late = result === "SIGKILL" ? `\n${options.name} was ended after ${within / 1000} s\n` : "";
    return { ok: result === 0, output: started.log() + late };
  } finally {
    removeFolder(folder);
  }
}
