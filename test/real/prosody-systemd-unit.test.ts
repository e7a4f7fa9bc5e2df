import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "../../scripts/executable.ts";
import { xmppClient } from "../peers/clients/xmpp-client.ts";
import { freePorts } from "../peers/ports.ts";
import { makeFolder, removeFolder, runToEnd } from "../peers/process.ts";
import { startProsody } from "../peers/servers/prosody.ts";
import type { XmppServer } from "../peers/servers/xmpp-server.ts";
import { type Slotd, slotdUnderTest, startSlotd } from "../peers/slotd.ts";

const deploy = join(import.meta.dirname, "../../deploy");
const unit = join(deploy, "slotd.service");
const text = readFileSync(unit, "utf8");

test("systemd finds the unit's exposure under 2.0", () => {
  const analyzed = spawnSync("systemd-analyze", ["security", "--offline=true", "--threshold=20", unit], {
    encoding: "utf8",
    env: { ...process.env, LC_ALL: "C.UTF-8", SYSTEMD_COLORS: "0" },
  });
  expect(analyzed.stdout + analyzed.stderr).toMatch(/Overall exposure level for slotd\.service: [01]\.\d/);
  expect(analyzed.status).toBe(0);
});

/** Runs a tool of systemd; its lines that are about slotd. */
function systemd(command: string, ...words: string[]): { status: number | null; lines: string[] } {
  const { status, stdout, stderr } = spawnSync(command, words, {
    encoding: "utf8",
    env: { ...process.env, LC_ALL: "C.UTF-8" },
  });
  return { status, lines: (stdout + stderr).split("\n").filter((line) => line.includes("slotd")) };
}

test("systemd understands every line of the unit", () => {
  // What the unit names and is not installed here (its program, the user) is left out.
  const { lines } = systemd("systemd-analyze", "verify", "--man=no", unit);
  expect(lines.filter((line) => /Unknown|Failed to parse|Invalid/i.test(line))).toEqual([]);
});

test("systemd makes the user and the folders", () => {
  const root = makeFolder("root");
  mkdirSync(join(root, "etc"));
  expect(systemd("systemd-sysusers", `--root=${root}`, join(deploy, "slotd.sysusers.conf")).status).toBe(0);
  expect(readFileSync(join(root, "etc/passwd"), "utf8")).toMatch(
    /^slotd:.*:\/var\/lib\/slotd:\/usr\/sbin\/nologin$/m,
  );
  const made = systemd("systemd-tmpfiles", "--create", `--root=${root}`, join(deploy, "slotd.tmpfiles.conf"));
  expect(made).toEqual({ status: 0, lines: [] });
  for (const path of ["etc/slotd", "var/lib/slotd", "run/slotd"])
    expect(statSync(join(root, path)).mode & 0o777).toBe(0o750);
  removeFolder(root);
});

test("the unit asks for the time that uploads may take, and for a socket where slotd looks for it", () => {
  expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(text)?.[1])).toBeGreaterThan(30);
  expect(text).toMatch(/^RuntimeDirectory=slotd$/m);
  expect(text).toContain("--socket /run/slotd/slotd.sock");
});

describe("under the unit's filter of system calls", () => {
  const host = "upload.example.test";
  let folder: string;
  let prosody: XmppServer;
  let slotd: Slotd;

  beforeAll(async () => {
    folder = makeFolder("systemd");
    build(join(folder, "slotd"));
    const filter = join(import.meta.dirname, "../peers/like-systemd.py");
    const command = `exec /usr/bin/python3 '${filter}' '${unit}' '${join(folder, "slotd")}' "$@"`;
    writeFileSync(join(folder, "filtered"), `#!/bin/sh\n${command}\n`);
    chmodSync(join(folder, "filtered"), 0o755);
    process.env.TEST_SLOTD = join(folder, "filtered");
    prosody = await startProsody({ components: { [host]: "secret" } });
    const [port] = await freePorts(1);
    slotd = await startSlotd({
      config: `
domains = ["example.test"]
backend = "disk"

[xmpp]
address = "127.0.0.1:${prosody.componentPort}"
secret = "secret"

[http]
listen = "127.0.0.1:${port}"
`,
    });
  }, 90_000);
  afterAll(async () => {
    await slotd?.stop();
    await prosody?.stop();
    delete process.env.TEST_SLOTD;
    removeFolder(folder);
  }, 30_000);

  test("the filter is in force", async () => {
    const status = readFileSync(`/proc/${slotd.process.pid}/status`, "utf8");
    expect(status).toMatch(/^Seccomp:\s+2$/m);
  });

  test("files are taken and served, a reload is carried out, and the end is orderly", async () => {
    const alice = await xmppClient({
      port: prosody.c2sPort,
      domain: "example.test",
      user: "alice",
      password: "pw-alice",
    });
    const request = "<request xmlns='urn:xmpp:http:upload:0' filename='a.bin' size='1000000'/>";
    const given = (await alice.iq("get", host, request)).getChild("slot", "urn:xmpp:http:upload:0");
    await alice.close();
    const body = Buffer.alloc(1_000_000, 7);
    const put = await fetch(given?.getChild("put")?.attrs.url ?? "", { method: "PUT", body });
    expect(put.status).toBe(201);
    const got = await fetch(given?.getChild("get")?.attrs.url ?? "");
    expect(Buffer.from(await got.arrayBuffer()).equals(body)).toBe(true);
    const reloaded = await runToEnd({
      name: "reload",
      command: [slotdUnderTest(), "reload", "--socket", join(slotd.folder, "slotd.sock")],
    });
    expect(reloaded).toEqual({ ok: true, output: "The configuration was reloaded.\n" });
    slotd.process.signal("SIGTERM");
    expect(await slotd.process.ended).toBe(0);
  }, 30_000);
});
