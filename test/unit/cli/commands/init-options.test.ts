import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { main } from "../../../../src/cli/main.ts";
import { loadConfig } from "../../../../src/config/load.ts";
import { formatProblems } from "../../../../src/config/problem.ts";
import { fakeIo } from "../fake-io.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "slotd-init-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function init(...words: string[]) {
  const io = fakeIo(folder);
  return { code: await main(["init", ...words], io), out: io.out(), err: io.err() };
}
const written = () => readFileSync(join(folder, "slotd.toml"), "utf8");

describe("slotd init", () => {
  test("--disk-path says where the files are kept", async () => {
    expect((await init("--disk-path", "/srv/uploads")).code).toBe(0);
    expect(written()).toContain('path = "/srv/uploads"\n');
  });

  test("--s3 writes a bucket to be filled in, and no reverse proxy", async () => {
    const { code, out } = await init("--s3", "--domain", "example.net");
    expect([code, out.includes("reverse proxy"), out.includes("Fill in [s3]")]).toEqual([0, false, true]);
    const loaded = loadConfig({ file: "slotd.toml", env: {}, cwd: folder });
    // The one thing that is left is the file of the secret.
    const problems = loaded.ok ? "" : formatProblems(loaded.problems);
    expect(problems).toContain("s3.secret_access_key_file");
    expect(loaded.ok ? 0 : loaded.problems.length).toBe(1);
  });

  test.each(["nginx", "caddy", "haproxy"])("--proxy %s prints its lines, with every host", async (name) => {
    const { out } = await init("--proxy", name, "--domain", "a.example", "--domain", "b.example");
    const part = out.slice(out.indexOf(": the reverse proxy for the public URL"));
    for (const text of ["upload.a.example", "upload.b.example", "127.0.0.1:5080"])
      expect(part).toContain(text);
  });

  test("in a folder that hands its group on, the group may read the file", async () => {
    chmodSync(folder, 0o2750);
    await init();
    const { mode, gid } = statSync(join(folder, "slotd.toml"));
    expect([mode & 0o777, gid]).toEqual([0o640, statSync(folder).gid]);
  });

  test.each([
    [["--s3", "--disk-path", "x"], "--disk-path is for files on disk"],
    [["--s3", "--public-url", "https://x.example"], "--public-url is for files on disk"],
    [["--disk-path", ""], "expected --disk-path FOLDER to be a path"],
    [["--proxy", "ngnix"], 'got "ngnix"; did you mean "nginx"?'],
    [["--from", "x", "--s3"], "--s3 cannot be used with --from"],
  ])("refuses %j", async (words, message) => {
    const { code, err } = await init(...words);
    expect([code, err]).toEqual([2, expect.stringContaining(message)]);
  });
});
