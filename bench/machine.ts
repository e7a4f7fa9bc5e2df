import { execFileSync } from "node:child_process";
import { cpus, release, totalmem } from "node:os";

/** What the figures were measured on. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly versions: Readonly<Record<string, string>>;
}

function packageVersion(name: string): readonly [string, ...string[]] {
  return ["dpkg-query", "-W", "-f", "\u0024{Version}", name];
}

const commands: Readonly<Record<string, readonly [string, ...string[]]>> = {
  node: ["node", "--version"],
  ...Object.fromEntries(["prosody", "ejabberd", "wrk"].map((name) => [name, packageVersion(name)])),
  // Whichever nginx it is, this goes with it.
  nginx: packageVersion("nginx-common"),
};

/** Describes this machine and the software on it. */
export function describeMachine(): Machine {
  const versions: Record<string, string> = { bun: process.versions.bun ?? "none" };
  for (const [name, [command, ...args]] of Object.entries(commands)) {
    try {
      versions[name] = execFileSync(command, args, { encoding: "utf8", stdio: "pipe" }).trim();
    } catch {
      // What is not installed is not measured either.
    }
  }
  const all = cpus();
  return {
    cpu: all[0]?.model ?? "unknown",
    cores: all.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    versions,
  };
}
