import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { freePorts, isPortOpen } from "../peers/ports.ts";
import { isRoot, makeFolder, removeFolder, waitUntil } from "../peers/process.ts";
import { type Slotd, slotdUnderTest, startSlotd, withoutXmpp } from "../peers/slotd.ts";

const MIB = 1024 * 1024;

// Mounting needs root.
describe.skipIf(!isRoot())("a small disk of its own", () => {
  let folder: string;
  let disk: string;
  let slotd: Slotd;

  beforeAll(async () => {
    folder = makeFolder("mount");
    disk = join(folder, "data");
    mkdirSync(disk);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", disk]);
    const [port = 0, noServer = 0] = await freePorts(2);
    slotd = await startSlotd({
      components: 0,
      config: `
domains = ["example.org"]
backend = "disk"
max_file_size = "infinity"
${withoutXmpp(noServer)}
[http]
listen = "127.0.0.1:${port}"
[disk]
path = "${disk}"
reserve = 0
[ledger]
url = "none"
`,
    });
    await waitUntil("the HTTP server", () => isPortOpen(port));
  });
  afterAll(async () => {
    await slotd?.stop();
    execFileSync("umount", ["-l", disk]);
    removeFolder(folder);
  });

  const upload = async (
    size: number,
  ): Promise<{ status: number; text: string; getUrl: string; body: Buffer }> => {
    const args = ["slot", "--domain", "example.org", "--filename", "a.bin", "--size", `${size}`];
    const config = join(slotd.folder, "slotd.toml");
    const output = execFileSync(slotdUnderTest(), [...args, "--config", config], { encoding: "utf8" });
    const [, putUrl = "", getUrl = ""] = /^PutURL: (.*)\nGetURL: (.*)\n/.exec(output) ?? [];
    const body = randomBytes(size);
    const response = await fetch(putUrl, { method: "PUT", body: new Uint8Array(body) });
    return { status: response.status, text: await response.text(), getUrl, body };
  };
  const isServed = async ({ getUrl, body }: { getUrl: string; body: Buffer }): Promise<boolean> =>
    Buffer.from(await (await fetch(getUrl)).arrayBuffer()).equals(body);

  test("that is full answers 507, goes on serving, keeps nothing of the upload, and takes the next that fits", async () => {
    const first = await upload(MIB);
    expect(first.status).toBe(201);
    const tooMuch = await upload(8 * MIB);
    expect(tooMuch.status).toBe(507);
    expect(tooMuch.text).toContain("no space");
    expect(readdirSync(join(disk, "incoming"))).toEqual([]);
    expect(await isServed(first)).toBe(true);
    const next = await upload(MIB);
    expect(next.status).toBe(201);
    expect(await isServed(next)).toBe(true);
  });

  test("that takes no writes answers 503, goes on serving, and takes uploads again afterwards", async () => {
    const before = await upload(1_000);
    // Only the folder of uploads: slotd has its lock on the rest, which the system will not make read-only then.
    const incoming = join(disk, "incoming");
    execFileSync("mount", ["--bind", incoming, incoming]);
    execFileSync("mount", ["-o", "remount,bind,ro", incoming]);
    try {
      const refused = await upload(1_000);
      expect(refused.status).toBe(503);
      expect(await isServed(before)).toBe(true);
    } finally {
      execFileSync("umount", [incoming]);
    }
    const after = await upload(1_000);
    expect(after.status).toBe(201);
    expect(await isServed(after)).toBe(true);
  });
});
