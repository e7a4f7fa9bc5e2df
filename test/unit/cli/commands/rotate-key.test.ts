import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { main } from "../../../../src/cli/main.ts";
import { openSigningKeys } from "../../../../src/store/keys/signing-keys.ts";
import { fakeIo } from "../fake-io.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "slotd-rotate-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const config = (more: string): string =>
  `domains = ["a.example", "b.example"]\nxmpp.secret = "hush"\n${more}`;
const s3 =
  's3 = { bucket_url = "https://s3.example/b", region = "r", access_key_id = "K", secret_access_key = "S" }\n';

async function run(toml: string, ...words: string[]): Promise<{ code: number; out: string; err: string }> {
  writeFileSync(join(folder, "slotd.toml"), toml);
  const io = fakeIo(folder);
  const code = await main(["rotate-key", ...words], io);
  return { code, out: io.out(), err: io.err() };
}

const ids = (name: string): string[] =>
  JSON.parse(readFileSync(join(folder, name, "signing-keys.json"), "utf8")).keys.map(
    (key: { accessKeyId: string }) => key.accessKeyId,
  );

describe("slotd rotate-key", () => {
  test("puts a new key first in each folder, keeps the former, and prints no secret", async () => {
    const toml = config('backend = "disk"\n[domain."b.example"]\ndisk.path = "./other"\n');
    expect((await run(toml)).code).toBe(0);
    const [made] = ids("data");
    const { code, out } = await run(toml);
    expect([code, ids("data").length, ids("other").length]).toEqual([0, 3, 3]);
    expect(ids("data").indexOf(made ?? "")).toBe(1);
    expect(out).toContain(`signs from now on: ${ids("data")[0]}`);
    expect(out).toContain(`still verifies:    ${made}`);
    const secrets =
      readFileSync(join(folder, "data", "signing-keys.json"), "utf8").match(/[0-9a-f]{40}/g) ?? [];
    expect(secrets).toHaveLength(3);
    for (const secret of secrets) expect(out).not.toContain(secret);
    expect((await run(toml, "--domain", "B.example", "--forget")).code).toBe(0);
    expect([ids("data").length, ids("other").length]).toEqual([3, 1]);
  });

  test("says so when no key of slotd's own is in use, or the domain is not served", async () => {
    expect(await run(config(s3))).toMatchObject({
      code: 1,
      err: expect.stringContaining("no keys to rotate"),
    });
    const { code, err } = await run(config(s3), "--domain", "c.example");
    expect([code, err]).toEqual([
      2,
      'slotd: "c.example" is not a domain that the configuration serves; it serves a.example, b.example\n"slotd help rotate-key" shows its options.\n',
    ]);
  });

  test("many at once, and a slotd that makes its first key, lose no key that one of them reported", async () => {
    for (let round = 0; round < 2; round += 1) {
      rmSync(join(folder, "data"), { recursive: true, force: true });
      const toml = config('backend = "disk"\n');
      writeFileSync(join(folder, "slotd.toml"), toml);
      const served = mkdir(join(folder, "data"), { recursive: true }).then(() =>
        openSigningKeys(join(folder, "data"), (length) => randomBytes(length)),
      );
      const all = await Promise.all(Array.from({ length: 6 }, () => rotated()));
      const kept = ids("data");
      const first = (await served).at(-1)!.accessKeyId;
      expect(kept.toSorted()).toEqual([...all, first].toSorted());
    }
  });
});

/** What the command, in a process of its own, says to sign from now on. */
function rotated(): Promise<string> {
  return new Promise((resolve, reject) => {
    const command = [join(import.meta.dirname, "../../../../src/cli.ts"), "rotate-key"];
    execFile(process.execPath, command, { cwd: folder }, (error, out) => {
      if (error) reject(error);
      else resolve(/signs from now on: (\w+)/.exec(out)?.[1] ?? "");
    });
  });
}
