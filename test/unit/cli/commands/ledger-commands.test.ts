import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { main } from "../../../../src/cli/main.ts";
import { plain, sizeText, table } from "../../../../src/cli/table.ts";
import { noLimits } from "../../../../src/ledger/ledger.ts";
import { openScene, type Scene } from "../../admin/open-domains-fixture.ts";
import { fakeIo } from "../fake-io.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await openScene('quota.user = "1KiB"\nquota.user_files = 7\n');
});
afterEach(() => scene.clear());
afterAll(() => scene.stop());

async function run(words: readonly string[], isTerminal = false) {
  const io = { ...fakeIo(scene.folder), isTerminal, now: () => new Date() };
  const code = await main(words, io);
  return { code, out: io.out(), err: io.err() };
}

const json = async (...words: string[]) => JSON.parse((await run([...words, "--json"])).out);

describe("slotd usage", () => {
  test("prints who holds how much, and the sum", async () => {
    await scene.upload();
    await scene.upload({ purpose: "profile" });
    await scene.upload({ jid: "bob@example.org" });
    const { code, out } = await run(["usage"]);
    expect(code).toBe(0);
    expect(out).toMatch(/^JID +DOMAIN +PURPOSE +FILES +SIZE +FILES TODAY +SIZE TODAY\n/);
    expect(out).toMatch(/^alice@example.org +example.org +message +1 +32 B/m);
    expect(out).toMatch(/^alice@example.org +example.org +profile +1 +32 B/m);
    expect(out).toMatch(/^total +3 +96 B\n$/m);
    expect((await run(["usage", "--jid", "Bob@Example.org"])).out).not.toContain("alice");
    expect(await json("usage", "--jid", "bob@example.org")).toMatchObject({
      accounts: [{ jid: "bob@example.org", purpose: "message", files: 1, bytes: 32 }],
      total: { files: 1, bytes: 32 },
    });
    expect(await run(["usage", "--domain", "other.example"])).toMatchObject({ code: 2, out: "" });
  });

  test("says how much of its quota a JID holds", async () => {
    await scene.upload();
    await scene.upload({ purpose: "profile" });
    expect((await run(["usage", "--jid", "alice@example.org"])).out).toEndWith(
      "\nquota.user at example.org: 64 B of 1.00 KiB, 2 of 7 files\n",
    );
    expect((await json("usage", "--jid", "alice@example.org")).quotas).toEqual([
      { domain: "example.org", used: { bytes: 64, files: 2 }, allowed: { bytes: 1024, files: 7 } },
    ]);
  });

  test("wants a bare JID", async () => {
    const { code, err } = await run(["usage", "--jid", "alice@example.org/phone"]);
    expect([code, err]).toEqual([2, expect.stringContaining("expected --jid JID to be a bare JID")]);
  });
});

describe("slotd files", () => {
  test("lists the files of a JID, of one purpose where that is asked for", async () => {
    const expires = new Date("2040-01-02T03:04:05Z");
    const token = await scene.upload({ filename: "très\u202ecool.jpg", expires });
    const profile = await scene.upload({ purpose: "profile" });
    const { out } = await run(["files", "--jid", "alice@example.org"]);
    expect(out).toContain(`complete  32 B  2040-01-02T03:04:05Z  ${token}  très\uFFFDcool.jpg`);
    expect(out).toContain(profile);
    const { files } = await json("files", "--jid", "alice@example.org", "--purpose", "profile");
    expect(files).toMatchObject([{ token: profile, purpose: "profile", state: "complete", size: 32 }]);
    expect((await run(["files", "--jid", "alice@example.org", "--purpose", "x"])).code).toBe(2);
  });
});

describe("slotd delete", () => {
  test.each([
    ["the token", (token: string) => token],
    ["the GET URL", (token: string) => `https://up.example.org/a/b/${token}/a.txt`],
    ["the GET URL with more", (token: string) => `http://127.0.0.1:5080/${token}/a.txt?x=1#y`],
  ])("takes %s", async (_, operandOf) => {
    const token = await scene.upload();
    expect(await run(["delete", operandOf(token)])).toEqual({
      ...{ code: 0, err: "" },
      out: 'Deleted "a.txt" of 32 B, uploaded by alice@example.org.\n',
    });
    expect(await scene.store.has(token)).toBe(false);
    expect(await run(["delete", operandOf(token)])).toMatchObject({ code: 1, out: "" });
  });

  test("says so in JSON too", async () => {
    const token = await scene.upload();
    expect(await json("delete", token)).toMatchObject({ deleted: true, token, jid: "alice@example.org" });
    expect(await json("delete", token)).toEqual({ deleted: false, reason: "not-found" });
  });

  test.each(["", "xyz", "https://example.org/", "0123456789abcde", "../0123456789abcdef"])(
    "refuses %j",
    async (operand) => {
      expect((await run(["delete", operand])).code).toBe(2);
    },
  );

  test("wants one operand", async () => {
    expect((await run(["delete"])).err).toContain('"slotd delete" needs URL|TOKEN');
    const two = [randomBytes(16).toString("hex"), randomBytes(16).toString("hex")];
    expect((await run(["delete", ...two])).err).toContain("takes one URL|TOKEN");
    expect((await run(["help", "delete"])).out).toContain("Usage: slotd delete URL|TOKEN [--json]");
  });
});

describe("slotd purge", () => {
  test("deletes every file of a JID and shows on a terminal how far it is", async () => {
    const tokens = [await scene.upload(), await scene.upload()];
    const bobs = await scene.upload({ jid: "bob@example.org" });
    expect(await run(["purge", "--jid", "alice@example.org"], true)).toEqual({
      code: 0,
      out: "Deleted 2 files of alice@example.org, 64 B.\n",
      err: "\r\x1b[K2 files deleted\r\x1b[K",
    });
    for (const token of tokens) expect(await scene.store.has(token)).toBe(false);
    expect(await scene.store.has(bobs)).toBe(true);
    expect(await json("purge", "--jid", "alice@example.org")).toMatchObject({ files: 0, isWhole: true });
  });
});

describe("slotd purge, interrupted", () => {
  test("stops between two batches, and the next one deletes the rest", async () => {
    const reserved = Array.from({ length: 600 }, () => scene.reserve());
    const completed = (await Promise.all(reserved)).map((token) =>
      scene.ledger.complete(token, 32, () => noLimits),
    );
    await Promise.all(completed);
    const io = fakeIo(scene.folder);
    const pressCtrlC = (text: string) => {
      if (text.includes("files deleted")) process.emit("SIGINT");
      io.stderr(text);
    };
    const terminal = { ...io, isTerminal: true, now: () => new Date(), stderr: pressCtrlC };
    expect(await main(["purge", "--jid", "alice@example.org"], terminal)).toBe(1);
    expect(io.out()).toBe("Deleted 500 files of alice@example.org, 15.6 KiB.\n");
    expect(io.err()).toEndWith("slotd: interrupted; run it again to delete the rest.\n");
    expect((await json("usage")).total.files).toBe(100);
    expect(await json("purge", "--jid", "alice@example.org")).toMatchObject({ files: 100, isWhole: true });
    expect((await json("reconcile")).differences).toEqual([]);
  });
});

describe("slotd sweep", () => {
  test("counts what has expired, and then deletes it and no other", async () => {
    const past = new Date(Date.now() - 1000);
    const expired = [await scene.upload({ expires: past }), await scene.upload({ expires: past })];
    const stays = await scene.upload({ expires: new Date(Date.now() + 3_600_000) });
    expect(await run(["sweep", "--dry-run"])).toEqual({
      ...{ code: 0, err: "" },
      out: "Would delete 2 expired files, 64 B.\n",
    });
    expect(await scene.store.has(expired[0]!)).toBe(true);
    expect(await json("sweep")).toEqual({ files: 2, bytes: 64, left: 0, isWhole: true, isDryRun: false });
    for (const token of expired) expect(await scene.store.has(token)).toBe(false);
    expect(await scene.store.has(stays)).toBe(true);
    expect(await run(["sweep"])).toEqual({ code: 0, out: "Deleted 0 expired files, 0 B.\n", err: "" });
  });

  test("takes uploads along that no slotd has told the ledger of: their slots are still reserved", async () => {
    const past = { putUntil: new Date(Date.now() - 60_000), expires: new Date(Date.now() - 1000) };
    const [unsaid, unused] = [await scene.reserve(past), await scene.reserve(past)];
    const stays = await scene.reserve({ ...past, expires: new Date(Date.now() + 3_600_000) });
    for (const token of [unsaid, stays]) await scene.put(token);
    expect((await run(["sweep", "--dry-run"])).out).toBe("Would delete 1 expired file, 32 B.\n");
    expect(await scene.store.has(unsaid)).toBe(true);
    expect(await json("sweep")).toMatchObject({ files: 1, bytes: 32, left: 0 });
    expect(await scene.store.has(unsaid)).toBe(false);
    expect(await scene.store.has(stays)).toBe(true);
    const states = [unused, stays].map(async (token) => (await scene.ledger.find(token))?.state);
    expect(await Promise.all(states)).toEqual(["abandoned", "complete"]);
    expect(await scene.ledger.audit()).toEqual([]);
  });
});

describe("slotd reconcile", () => {
  test("ends with 0 where both agree, and with 1 and the differences where not", async () => {
    await scene.upload();
    expect(await run(["reconcile"])).toEqual({
      ...{ code: 0, err: "" },
      out: "1 file compared: ledger and store agree.\n",
    });
    const token = randomBytes(16).toString("hex");
    await scene.put(token);
    expect(await run(["reconcile"])).toEqual({
      code: 1,
      out: `unknown to the ledger: ${token}/a.txt, 32 B\n2 files compared: 1 difference, 0 repaired.\n`,
      err: 'slotd: "slotd reconcile --fix" repairs them.\n',
    });
    expect(await json("reconcile", "--fix")).toMatchObject({
      ...{ looked: 2, left: 0, isWhole: true },
      differences: [{ kind: "unknown", object: { token, size: 32 }, repair: "repaired" }],
    });
    expect((await run(["reconcile"])).code).toBe(0);
  });

  test("deletes what is unknown only when it may advice", async () => {
    expect((await run(["reconcile", "--delete-unknown"])).code).toBe(2);
    expect((await run(["reconcile", "--forget-many"])).code).toBe(2);
    expect((await run(["reconcile", "--fix", "--delete-many"])).code).toBe(2);
  });

  test("says why it does not forget many missing files, and what to do", async () => {
    for (let i = 0; i < 11; i += 1) {
      await scene.ledger.complete(await scene.reserve(), 32, () => noLimits);
    }
    const { code, out, err } = await run(["reconcile", "--fix"]);
    expect([code, out]).toEqual([1, expect.stringContaining("11 differences, 0 repaired")]);
    expect(err).toBe(
      "slotd: 11 of 11 files of the ledger are missing in the store, too many for --fix alone: the ledger forgot none. Check that the store is complete. If the files are lost, add --forget-many.\n",
    );
    expect((await run(["reconcile", "--fix", "--forget-many"])).code).toBe(0);
  });
});

describe("a command on a ledger", () => {
  test("that is not there is refused, and makes none", async () => {
    const folder = mkdtempSync(join(tmpdir(), "slotd-none-"));
    const toml = 'domains = ["example.org"]\nbackend = "disk"\nxmpp.secret = "x"\n';
    writeFileSync(join(folder, "slotd.toml"), toml);
    const io = fakeIo(folder);
    expect(await main(["usage"], io)).toBe(1);
    expect(io.err()).toBe(
      `slotd: There is no ledger for example.org at ${folder}/data/slotd.db yet; slotd creates it when it starts.\n`,
    );
    writeFileSync(join(folder, "slotd.toml"), `${toml}ledger.url = "none"`);
    const other = fakeIo(folder);
    expect(await main(["usage"], other)).toBe(1);
    expect(other.err()).toContain('ledger.url is "none"');
    rmSync(folder, { recursive: true });
  });
});

test.each([
  [0, "0 B"],
  [1023, "1023 B"],
  [1024, "1.00 KiB"],
  [10 * 1024 ** 2, "10.0 MiB"],
  [999 * 1024 ** 3, "999 GiB"],
  [2 ** 53 - 1, "8.00 PiB"],
])("%d bytes are %s", (bytes, text) => expect(sizeText(bytes)).toBe(text));

test("a table is aligned, and nothing in it steers the terminal", () => {
  expect(
    table(
      ["<NAME", "N"],
      [
        ["é", "10"],
        [plain("a\x1b[1m\u202eb"), "7"],
      ],
    ),
  ).toBe("NAME      N\né        10\na\uFFFD[1m\uFFFDb   7\n");
});
