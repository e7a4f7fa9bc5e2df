import { spawnSync } from "node:child_process";
import { copyFileSync, cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ManagedProcess, makeFolder, removeFolder, startProcess } from "../peers/process.ts";

const mirror = "http://deb.debian.org/debian";

/** What a command in the root gave back. */
export interface Ran {
  readonly status: number | null;
  readonly output: string;
}

/** A Debian of its own in a folder, without anything that runs in it but what a test starts. */
export class DebianRoot {
  readonly folder: string;
  readonly #started: ManagedProcess[] = [];

  private constructor(folder: string) {
    this.folder = folder;
  }

  /**
   * Makes a fresh one with debootstrap, which takes one to five minutes.
   *
   * @param base a folder to copy it from; it is made when it is not there, for the next time.
   */
  static make(suite: string, base: string | undefined): DebianRoot {
    const folder = makeFolder("debian");
    if (base === undefined) bootstrap(suite, folder);
    else {
      if (!existsSync(join(base, "etc/debian_version"))) bootstrap(suite, base);
      sh("cp", "-a", `${base}/.`, folder);
    }
    copyFileSync("/etc/resolv.conf", join(folder, "etc/resolv.conf"));
    // Debian asks this program before it starts a service; 101 means no.
    writeFileSync(join(folder, "usr/sbin/policy-rc.d"), "#!/bin/sh\nexit 101\n", { mode: 0o755 });
    return new DebianRoot(folder);
  }

  /** Runs a command line of a shell as root in it; whatever it ends with. */
  run(line: string): Ran {
    const [command = "", ...args] = this.#inside(["sh", "-c", line]);
    const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8", env });
    return { status, output: stdout + stderr };
  }

  /** @throws {Error} with its output, when it does not end with 0. */
  must(line: string): string {
    const { status, output } = this.run(line);
    if (status !== 0) throw new Error(`"${line}" ended with ${status}:\n${output}`);
    return output;
  }

  /** Starts a process in it, as a user of it. */
  async start(
    name: string,
    user: string,
    line: string,
    isReady?: () => Promise<boolean>,
  ): Promise<ManagedProcess> {
    const as = ["setpriv", `--reuid=${user}`, `--regid=${user}`, "--init-groups", "sh", "-c", line];
    const command = this.#inside(as);
    const folder = join(this.folder, "root", name);
    const started = await startProcess({ name, command, folder, env, ...(isReady && { isReady }) });
    this.#started.push(started);
    return started;
  }

  read(path: string): string {
    return readFileSync(join(this.folder, path), "utf8");
  }

  write(path: string, text: string, mode = 0o644): void {
    writeFileSync(join(this.folder, path), text, { mode });
  }

  has(path: string): boolean {
    return existsSync(join(this.folder, path));
  }

  copy(from: string, path: string): void {
    cpSync(from, join(this.folder, path), { recursive: true });
  }

  /** What the processes in it have logged last, for an error message. */
  logs(): string {
    return this.#started
      .map((each) => `${each.name} (${each.result ?? "runs"}):\n${each.logTail()}`)
      .join("\n");
  }

  remove(): void {
    removeFolder(this.folder);
  }

  /** In a mount namespace of its own, so that /proc is gone with the process. */
  #inside(command: readonly string[]): readonly [string, ...string[]] {
    const enter = 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"';
    return ["unshare", "--mount", "sh", "-c", enter, this.folder, ...command];
  }
}

const env = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  LC_ALL: "C.UTF-8",
  HOME: "/root",
  DEBIAN_FRONTEND: "noninteractive",
};

function bootstrap(suite: string, folder: string): void {
  sh("debootstrap", "--include=ca-certificates", suite, folder, mirror);
}

function sh(command: string, ...args: string[]): void {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ended with ${status}:\n${(stdout + stderr).slice(-4000)}`);
}
