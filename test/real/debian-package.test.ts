import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import packageJson from "../../package.json" with { type: "json" };
import { buildDeb, conffiles } from "../../scripts/package/deb.ts";
import { makeFolder, removeFolder } from "../peers/process.ts";

// `npm run test:deb` installs the real package in a whole Debian; here the executable is a stand-in of one line.
const version = packageJson.version;
let folder: string;
let deb: string;
let newer: string;

beforeAll(() => {
  folder = makeFolder("deb");
  const executable = join(folder, "slotd");
  writeFileSync(executable, `#!/bin/sh\necho slotd ${version}\n`);
  const options = { executable, folder, compression: "none" } as const;
  deb = buildDeb({ ...options, version });
  newer = buildDeb({ ...options, version: `${version}+1` });
});
afterAll(() => removeFolder(folder));

const run = (command: string, ...words: string[]) => execFileSync(command, words, { encoding: "utf8" });

describe("the package", () => {
  test("says who it is and what it needs", () => {
    const info = run("dpkg-deb", "--field", deb);
    expect(info).toContain(`Package: slotd\nVersion: ${version}\nArchitecture: `);
    expect(info).toMatch(/^Depends: libc6 .*systemd/m);
    expect(info).toMatch(/^Installed-Size: \d+$/m);
    expect(info).toMatch(/^Maintainer: .+ <.+@.+>$/m);
  });

  test("has every file where Debian wants it, for root, and none that others may write", () => {
    const lines = run("dpkg-deb", "--contents", deb).trim().split("\n");
    const paths = lines.map((line) => line.split(/\s+/)[5]);
    for (const path of [
      ...["bin/slotd", "lib/systemd/system/slotd.service", "lib/sysusers.d/slotd.conf"],
      ...["lib/tmpfiles.d/slotd.conf", "share/man/man1/slotd.1.gz", "share/man/man5/slotd.toml.5.gz"],
      ...["share/bash-completion/completions/slotd", "share/zsh/vendor-completions/_slotd"],
      ...["share/fish/vendor_completions.d/slotd.fish", "share/doc/slotd/copyright"],
      ...["share/doc/slotd/changelog.gz", "share/doc/slotd/operations.md", "share/doc/slotd/licences.md"],
    ])
      expect(paths).toContain(`./usr/${path}`);
    expect(paths).toContain("./etc/slotd/");
    expect(paths.filter((path) => /\/(usr\/local|usr\/sbin|node_modules|test)\//.test(path ?? ""))).toEqual(
      [],
    );
    for (const line of lines) expect(line).toMatch(/^(drwxr-xr-x|-rw-r--r--|-rwxr-xr-x) root\/root /);
  });

  test("has its unit start what it has installed, and point at its own manual", () => {
    const unit = run(
      "sh",
      "-c",
      `dpkg-deb --fsys-tarfile ${deb} | tar -xO ./usr/lib/systemd/system/slotd.service`,
    );
    expect(unit).not.toContain("/usr/local");
    expect(unit).toContain("ExecStart=/usr/bin/slotd serve --config /etc/slotd/slotd.toml\n");
    expect(unit).toContain("Documentation=man:slotd(1) man:slotd.toml(5)\n");
  });

  test("is the same, byte for byte, when it is built again", () => {
    const before = readFileSync(deb);
    const options = { executable: join(folder, "slotd"), folder, compression: "none" } as const;
    expect(readFileSync(buildDeb({ ...options, version })).equals(before)).toBe(true);
  });
});

// Only root may give files to others.
describe.skipIf(process.getuid?.() !== 0)("dpkg, in a folder of its own,", () => {
  let root: string;
  beforeAll(() => {
    root = join(folder, "root");
    for (const path of ["var/lib/dpkg/info", "var/lib/dpkg/updates", "etc", "bin"])
      mkdirSync(join(root, path), { recursive: true });
    for (const path of ["status", "available"]) writeFileSync(join(root, "var/lib/dpkg", path), "");
    chmodSync(root, 0o755);
  });

  function dpkg(...words: string[]): string {
    const flags = ["--force-depends", "--force-script-chrootless", "--force-confdef", "--force-confold"];
    const { status, stdout, stderr } = spawnSync("dpkg", [`--root=${root}`, ...flags, ...words], {
      encoding: "utf8",
      env: { ...process.env, LC_ALL: "C.UTF-8", DPKG_ROOT: root },
    });
    expect([status, stderr.replace(/^dpkg: (slotd|warning).*\n( .*\n)*/gm, "")]).toEqual([
      0,
      expect.any(String),
    ]);
    return stdout + stderr;
  }
  const mode = (path: string) => statSync(join(root, path)).mode & 0o7777;
  const has = (path: string) => existsSync(join(root, path));

  test("installs it: user, folders, the unit enabled, and what to do next", () => {
    expect(dpkg("--install", deb)).toContain(
      "slotd init --domain example.org --config /etc/slotd/slotd.toml",
    );
    const passwd = readFileSync(join(root, "etc/passwd"), "utf8");
    const [, , uid, gid] = /^slotd:.*$/m.exec(passwd)?.[0].split(":") ?? [];
    expect([mode("etc/slotd"), mode("var/lib/slotd")]).toEqual([0o2750, 0o750]);
    expect(statSync(join(root, "etc/slotd"))).toMatchObject({ uid: 0, gid: Number(gid) });
    expect(statSync(join(root, "var/lib/slotd"))).toMatchObject({ uid: Number(uid), gid: Number(gid) });
    expect(run("systemctl", `--root=${root}`, "is-enabled", "slotd.service")).toBe("enabled\n");
  });

  test("upgrades it and keeps what the operator has written", () => {
    writeFileSync(join(root, "etc/slotd/slotd.toml"), "mine\n", { mode: 0o640 });
    writeFileSync(join(root, conffiles[0]), "SLOTD_LOG_LEVEL=debug\n");
    expect(dpkg("--install", newer)).not.toContain("slotd init");
    expect(readFileSync(join(root, "etc/slotd/slotd.toml"), "utf8")).toBe("mine\n");
    expect(readFileSync(join(root, conffiles[0]), "utf8")).toBe("SLOTD_LOG_LEVEL=debug\n");
  });

  test("removes it and keeps the configuration", () => {
    dpkg("--remove", "slotd");
    expect([has("usr/bin/slotd"), has("etc/slotd/slotd.toml"), has(conffiles[0])]).toEqual([
      false,
      true,
      true,
    ]);
  });

  test("purges it and keeps users' files", () => {
    writeFileSync(join(root, "var/lib/slotd/a-file"), "");
    expect(dpkg("--purge", "slotd")).toContain("Users' files are still in /var/lib/slotd");
    expect([has("etc/slotd"), ...conffiles.map(has), has("var/lib/slotd/a-file")]).toEqual([
      ...[false, false, false],
      true,
    ]);
  });
});
