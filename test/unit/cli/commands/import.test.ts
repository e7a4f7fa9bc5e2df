import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import {
  appendFileSync,
  chmodSync,
  chownSync,
  mkdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { main } from "../../../../src/cli/main.ts";
import { openScene, type Scene } from "../../admin/open-domains-fixture.ts";
import { fakeIo } from "../fake-io.ts";

let scene: Scene;
// A scene for each test: what one deletes is never imported again.
beforeEach(async () => {
  scene = await openScene();
  for (const [path, content] of Object.entries(tree)) {
    mkdirSync(join(scene.folder, "old", path, ".."), { recursive: true });
    writeFileSync(join(scene.folder, "old", path), content);
    utimesSync(join(scene.folder, "old", path), 1_700_000_000, 1_700_000_000);
  }
});
afterEach(() => scene.stop());

const tree = { "x/a b.txt": "hello", "y/c.png": "picture" };
const base = "https://old.example.org:5443/up";

async function run(...words: string[]) {
  const io = { ...fakeIo(scene.folder), now: () => new Date() };
  const code = await main(words, io);
  return { code, out: io.out(), err: io.err() };
}
const doImport = (...more: string[]) =>
  run("import", "folder", "old", "--url", base, "--expires-after", "never", ...more);
const textOf = (name: string) => readFileSync(join(scene.folder, name), "utf8");

describe("slotd import", () => {
  test("imports a folder, and prints sums, and the lines for slotd.toml and nginx", async () => {
    const { code, out } = await doImport();
    expect(code).toBe(0);
    expect(out).toStartWith("Took 2 files, 12 B.\n");
    expect(out).toContain(`[former.folder]\nkind = "folder"\nurls = ["${base}"]\ndomain = "example.org"\n`);
    expect(out).toContain("listen 5443 ssl;");
    expect(out).toContain("location /up/ {");
    const usage = JSON.parse((await run("usage", "--json")).out);
    expect(usage.accounts).toMatchObject([{ jid: "example.org", purpose: "message", files: 2, bytes: 12 }]);
    expect(await scene.ledger.audit()).toEqual([]);
  });

  test("writes list and report with mode 0600, and no URL of a file to standard output", async () => {
    writeFileSync(join(scene.folder, "slotd-import-folder.list"), "");
    chmodSync(join(scene.folder, "slotd-import-folder.list"), 0o644);
    const { out, err } = await doImport();
    expect(`${out}${err}`).not.toContain("c.png");
    const hash = createHash("sha256").update("picture").digest("hex");
    expect(textOf("slotd-import-folder.list")).toContain(`${hash} 7 ${base}/y/c.png\n`);
    expect(textOf("slotd-import-folder.list")).toContain(` 5 ${base}/x/a%20b.txt\n`);
    expect(textOf("slotd-import-folder.report")).toContain("# The run is complete.");
    for (const name of ["list", "report"])
      expect(statSync(join(scene.folder, `slotd-import-folder.${name}`)).mode & 0o777).toBe(0o600);
  });

  test("takes what is new the second time, and nothing that was deleted in slotd since", async () => {
    await doImport();
    const { files } = JSON.parse((await run("files", "--jid", "example.org", "--json")).out);
    const { token } = files.find(({ filename }: { filename: string }) => filename === "c.png");
    expect((await run("delete", token)).code).toBe(0);
    writeFileSync(join(scene.folder, "old/x/new"), "1");
    const { out } = await doImport("--min-age", "0", "--json");
    expect(JSON.parse(out)).toMatchObject({
      taken: { files: 1 },
      present: { files: 1 },
      left: { deleted: 1 },
    });
    expect(await scene.store.has(token)).toBe(false);
    // A line that a killed run has torn goes, and the list goes on.
    appendFileSync(join(scene.folder, "slotd-import-folder.list"), "0123 torn");
    await doImport("--min-age", "0");
    expect(textOf("slotd-import-folder.list")).not.toContain("torn");
  });

  test("purge removes the imported files of an owner like any other", async () => {
    await doImport();
    expect((await run("purge", "--jid", "example.org")).out).toContain("Deleted 2 files");
    expect(JSON.parse((await doImport("--json")).out)).toMatchObject({
      taken: { files: 0 },
      left: { deleted: 2 },
    });
  });

  test("a dry run writes the report only", async () => {
    const { out } = await doImport("--dry-run", "--json");
    expect(JSON.parse(out)).toMatchObject({ isDryRun: true, taken: { files: 2 } });
    expect(() => textOf("slotd-import-folder.list")).toThrow("ENOENT");
    expect((await scene.ledger.files({ limit: 10 })).length).toBe(0);
  });

  test.each([
    [["import"], "needs KIND and PATH, or --verify LIST"],
    [["import", "folder", "old"], "needs --url OLD_BASE"],
    [["import", "folder", "old", "--url", "old.example.org"], "expected --url URL to be the base"],
    [["import", "folder", "old", "--url", base, "--expires-after", "soon"], "expected --expires-after TIME"],
    [["import", "folder", "old", "--url", base, "--max-rate", "fast"], "expected --max-rate SIZE"],
    [["import", "folder", "old", "--url", base, "--domain", "b.example"], "not a domain"],
    [["import", "ejabbert", "old"], 'did you mean "ejabberd"?'],
    [["import", "folder", "old", "--verify", "list"], "--verify takes no KIND and no PATH"],
    [["import", "folder", "old", "--to", "http://127.0.0.1:1"], "--to is of use only with --verify"],
    [["import", "--verify", "list", "--dry-run"], "--dry-run is of use only without --verify"],
  ])("refuses %j", async (words, text) => {
    const { code, err } = await run(...words);
    expect([code, err]).toEqual([2, expect.stringContaining(text)]);
  });

  test.each([["data/objects"], ["data"], ["."]])(
    "refuses %s, which lies in disk.path or around it",
    async (path) => {
      const { code, err } = await run("import", "folder", path, "--url", base);
      expect([code, err]).toEqual([1, expect.stringContaining("lie in each other")]);
    },
  );

  // Only root may give files to another user, so there is no such case for anybody else. CI runs as root.
  if (process.getuid?.() === 0) {
    test("leaves files on disk to the owner of disk.path when root runs it", async () => {
      const data = join(scene.folder, "data");
      const nobody = 65_534;
      chownSync(data, nobody, nobody);
      try {
        await doImport();
        const [{ token } = { token: "" }] = await scene.ledger.files({ limit: 1 });
        const stat = statSync(join(data, "objects", token.slice(0, 2), token));
        expect([stat.uid, stat.gid, stat.mode & 0o777]).toEqual([nobody, nobody, 0o640]);
      } finally {
        chownSync(data, 0, 0);
      }
    });
  }
});

describe("slotd import --verify", () => {
  let server: Server;
  const seen: string[] = [];
  beforeAll(() => {
    server = createServer((request, response) => {
      seen.push(`${request.headers.host} ${request.url}`);
      const path = decodeURIComponent(request.url ?? "").replace("/up/", "");
      if (path === "x/a b.txt")
        response.writeHead(302, { Location: `http://127.0.0.1:${port()}/moved` }).end();
      else if (path === "/moved") response.end("hello");
      else if (path === "y/c.png") response.end(body);
      else response.writeHead(404).end();
    });
    server.listen(0, "127.0.0.1");
  });
  afterAll(() => void server.close());
  let body = "picture";
  const port = () => (server.address() as AddressInfo).port;
  const verify = (...more: string[]) =>
    run("import", "--verify", "slotd-import-folder.list", "--to", `http://127.0.0.1:${port()}`, ...more);

  test("asks for every URL with its own host, follows redirects and compares the bytes", async () => {
    await doImport();
    const { code, out } = await verify();
    expect([code, out]).toEqual([0, "2 URLs checked, 12 B: all respond with the listed content.\n"]);
    expect(seen).toContain("old.example.org:5443 /up/x/a%20b.txt");
  });

  test.each([
    ["another content", "PICTURE", "content"],
    ["another size", "pictures", "size"],
  ])("reports %s, and writes the URLs into a file only", async (_, wrong, kind) => {
    await doImport();
    body = wrong;
    const { code, out, err } = await verify("--json");
    body = "picture";
    expect([code, JSON.parse(out)]).toMatchObject([1, { checked: 2, wrong: 1, kinds: { [kind]: 1 } }]);
    expect(out + err).not.toContain("c.png");
    expect(textOf("slotd-import-folder.list.wrong")).toStartWith(`${kind}\t${base}/y/c.png\t`);
    expect(statSync(join(scene.folder, "slotd-import-folder.list.wrong")).mode & 0o777).toBe(0o600);
  });

  test("reports URLs that respond with another status, and hosts that do not respond", async () => {
    const line = (url: string) => `${"0".repeat(64)} 1 ${url}\n`;
    writeFileSync(
      join(scene.folder, "urls"),
      line("http://old.example.org/up/none") + line("http://old.example.org/x"),
    );
    const there = await run("import", "--verify", "urls", "--to", `http://127.0.0.1:${port()}`, "--json");
    expect(JSON.parse(there.out)).toMatchObject({ checked: 2, kinds: { status: 2 } });
    const nobody = await run("import", "--verify", "urls", "--to", "http://127.0.0.1:1", "--json");
    expect(JSON.parse(nobody.out)).toMatchObject({ checked: 2, kinds: { unreachable: 2 } });
  });

  test("names the line that is none", async () => {
    writeFileSync(join(scene.folder, "urls"), `${"0".repeat(64)} 1 http://a.example/b\nhttp://a.example/c\n`);
    const { code, err } = await run("import", "--verify", "urls", "--to", `http://127.0.0.1:${port()}`);
    expect([code, err]).toEqual([1, expect.stringContaining("urls, line 2: expected a SHA-256")]);
  });
});
