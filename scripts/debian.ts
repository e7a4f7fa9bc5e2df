import { spawn, spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";

/** The Debian packages of each part that the tests and the demo start, without what those depend on. */
export const packagesOf = {
  prosody: ["prosody", "openssl"],
  modules: ["prosody-modules", "lua-dbi-sqlite3"],
  ejabberd: ["ejabberd", "openssl"],
  jabberd2: ["jabberd2", "openssl"],
  clients: ["go-sendxmpp", "python3-slixmpp", "python3-aiohttp"],
  rgw: ["radosgw", "ceph-mon", "ceph-osd", "ceph-common"],
  swift: ["swift-proxy", "swift-account", "swift-container", "swift-object", "memcached"],
  prometheus: ["prometheus"],
  systemd: ["systemd", "python3-seccomp"],
  nginx: ["nginx-light", "openssl"],
  wrk: ["wrk", "util-linux"],
  postgres: ["postgresql"],
  browser: ["chromium"],
  chaos: ["libfaketime", "util-linux"],
  caddy: ["caddy"],
  haproxy: ["haproxy", "openssl"],
  shells: ["zsh", "fish"],
  manuals: ["mandoc"],
  fail2ban: ["fail2ban"],
} as const satisfies Record<string, readonly PackageName[]>;

/** A part that is made of Debian packages. */
export type Part = keyof typeof packagesOf;

/** What is there when a package is: a command, a module of Debian's own Python, or a folder with something in it. */
const proofs = {
  prosody: { command: "prosody" },
  "prosody-modules": { folder: "/usr/lib/prosody/modules/mod_http_upload" },
  "lua-dbi-sqlite3": { folder: "/usr/share/doc/lua-dbi-sqlite3" },
  openssl: { command: "openssl" },
  ejabberd: { command: "ejabberdctl" },
  jabberd2: { command: "jabberd2-router" },
  "go-sendxmpp": { command: "go-sendxmpp" },
  "python3-slixmpp": { module: "slixmpp" },
  "python3-aiohttp": { module: "aiohttp" },
  radosgw: { command: "radosgw" },
  "ceph-mon": { command: "ceph-mon" },
  "ceph-osd": { command: "ceph-osd" },
  "ceph-common": { command: "ceph" },
  "swift-proxy": { command: "swift-proxy-server" },
  "swift-account": { command: "swift-account-server" },
  "swift-container": { command: "swift-container-server" },
  "swift-object": { command: "swift-object-server" },
  memcached: { command: "memcached" },
  prometheus: { command: "prometheus" },
  systemd: { command: "systemd-analyze" },
  "python3-seccomp": { module: "seccomp" },
  "nginx-light": { command: "nginx" },
  wrk: { command: "wrk" },
  chromium: { command: "chromium" },
  // Its programs are kept apart by version, outside of the PATH.
  postgresql: { folder: "/usr/lib/postgresql" },
  libfaketime: { folder: "/usr/share/doc/libfaketime" },
  "util-linux": { command: "prlimit" },
  caddy: { command: "caddy" },
  haproxy: { command: "haproxy" },
  zsh: { command: "zsh" },
  fish: { command: "fish" },
  mandoc: { command: "mandoc" },
  fail2ban: { command: "fail2ban-regex" },
  debootstrap: { command: "debootstrap" },
} as const satisfies Record<string, Proof>;

type Proof = { readonly command: string } | { readonly module: string } | { readonly folder: string };

/** A package that this project knows how to look for. */
export type PackageName = keyof typeof proofs;

function isCommand(name: string): boolean {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/sbin"];
  return folders.some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function isInstalled(name: PackageName): boolean {
  const proof = proofs[name];
  if ("command" in proof) return isCommand(proof.command);
  if ("folder" in proof) return existsSync(proof.folder) && readdirSync(proof.folder).length > 0;
  return spawnSync("/usr/bin/python3", ["-c", `import ${proof.module}`], { stdio: "ignore" }).status === 0;
}

/** Whether this is Debian or made from it. */
function isDebian(): boolean {
  if (!existsSync("/etc/os-release") || !isCommand("apt-get")) return false;
  return /^ID(_LIKE)?=.*\bdebian\b/m.test(readFileSync("/etc/os-release", "utf8"));
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

const installing = ["install", "-y", "--no-install-recommends"];

/** Runs apt-get; its output when it failed. Another apt-get may hold the lock for 300 s. */
function aptGet(...args: string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn("apt-get", ["-o", "DPkg::Lock::Timeout=300", ...args], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C.UTF-8" },
    });
    const output: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => output.push(chunk));
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code) => resolve(code === 0 ? undefined : Buffer.concat(output).toString()));
  });
}

/** Installs without starting any service. */
async function install(names: readonly PackageName[]): Promise<string | undefined> {
  // Debian asks this program before it starts a service; 101 means no. A container usually has one already.
  const policy = "/usr/sbin/policy-rc.d";
  const isOurs = !existsSync(policy);
  if (isOurs) writeFileSync(policy, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  const remove = () => {
    if (isOurs) rmSync(policy, { force: true });
  };
  const signals = ["SIGINT", "SIGTERM"] as const;
  const interrupted = () => {
    remove();
    process.exit(130);
  };
  for (const signal of signals) process.once(signal, interrupted);
  try {
    const stale = await aptGet("update");
    const problem = await aptGet(...installing, ...names);
    return problem === undefined ? undefined : `${stale ?? ""}${problem}`;
  } finally {
    for (const signal of signals) process.off(signal, interrupted);
    remove();
  }
}

/** Those of these packages that are not there. */
export function missingPackages(names: Iterable<PackageName>): PackageName[] {
  return [...new Set(names)].filter((name) => !isInstalled(name));
}

/** What to type to install these packages. */
export function installCommand(names: readonly PackageName[]): string {
  return [...(isRoot() ? [] : ["sudo"]), "apt-get", ...installing, ...names].join(" ");
}

/**
 * Makes sure of these Debian packages: as root on Debian it installs what is missing and says so in one line.
 * Elsewhere, or when apt-get fails, the result is a text that says what is missing and what to type; otherwise
 * it is undefined.
 */
export async function ensurePackages(names: Iterable<PackageName>): Promise<string | undefined> {
  let missing = missingPackages(names);
  let problem: string | undefined;
  if (missing.length > 0 && isRoot() && isDebian()) {
    console.error(`Installing the Debian packages ${missing.join(" ")} ...`);
    problem = await install(missing);
    missing = missingPackages(missing);
  }
  if (missing.length === 0) return undefined;
  const failure = problem === undefined ? "" : ` apt-get failed:\n${problem}`;
  return `Missing: ${missing.join(", ")}. On Debian, type: ${installCommand(missing)}${failure}`;
}
