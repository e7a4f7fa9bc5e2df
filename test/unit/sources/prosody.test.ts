import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { SourceOptions } from "../../../src/sources/source.ts";
import { type Plain, record } from "./metadata/write-list.ts";
import { filesOf, freshFolder, keyOf, runSource, sha256Of, skipsOf } from "./run-source.ts";

let data: string;
beforeEach(() => {
  data = freshFolder();
});
afterEach(() => rmSync(data, { recursive: true }));

const component = "share%2eexample%2eorg";
const when = 1_795_545_153;

function put(path: string, content: string | Buffer = "x"): void {
  mkdirSync(join(data, path, ".."), { recursive: true });
  writeFileSync(join(data, path), content);
}

const bin = (name: string, folder = component): string => `${folder}/http_file_share/${name}`;

/** A slot as Prosody writes it down. */
function slot(
  key: string,
  attributes: Record<string, string> = {},
  more: Record<string, Plain> = {},
): string {
  const attr = { filename: "a.jpg", size: "1", xmlns: "urn:xmpp:http:upload:0", ...attributes };
  return record({ attr, with: "alice@example.org", when, key, name: "request", ...more });
}

function list(...records: string[]): void {
  put(`${component}/uploads.list`, records.join(""));
}

const read = (options: Partial<SourceOptions> = {}) => runSource("prosody", data, options);

describe("Prosody's mod_http_file_share", () => {
  test("knows owner, name, declared type and time of a slot, of old and new lengths", async () => {
    const slots = ["65SUirHO8ryF-dquklcrmVvA", "0123456789abcdef", "0b0f9dd6-6f3d-4f1c-9f0a-0f6f3e1d2c4b"];
    put(bin("65SUirHO8ryF%2ddquklcrmVvA.bin"));
    put(bin("0123456789abcdef.bin"));
    put(bin("0b0f9dd6%2d6f3d%2d4f1c%2d9f0a%2d0f6f3e1d2c4b.bin"));
    list(...slots.map((key) => slot(key, { filename: "très cool.jpg", "content-type": "image/jpeg" })));
    const files = filesOf(await read());
    expect(files.map((file) => keyOf("prosody", file)).sort()).toEqual(
      slots.map((key) => `slot ${key}`).sort(),
    );
    for (const file of files) {
      expect(file).toMatchObject({
        ...{
          filename: "très cool.jpg",
          contentType: "image/jpeg",
          isTypeGuessed: false,
          isNameAltered: false,
        },
        ...{ owner: "alice@example.org", size: 1, uploaded: new Date(when * 1000) },
      });
      expect(await sha256Of(file)).toStartWith("2d711642b726b044");
    }
  });

  test("guesses no type for a slot without one, such as those of the old module", async () => {
    put(bin("DIR.bin"));
    list(slot("DIR"));
    expect(await read()).toMatchObject([{ kind: "file", contentType: undefined, isTypeGuessed: false }]);
  });

  test("answers a slot that was taken over from the old module under both of its URLs", async () => {
    put(bin("DIR.bin"));
    list(slot("DIR", { filename: "old.jpg" }));
    const [file] = filesOf(await read());
    // /upload/DIR/old.jpg and /file_share/DIR/old.jpg: the first segment behind either base.
    expect(file?.address).toEqual({ path: "DIR/old.jpg" });
  });

  test("reports a slot without a file as gone, an unfinished upload, and a file without a slot", async () => {
    put(bin("unfinished.bin~"));
    put(bin("lost.bin"));
    put(bin("README"));
    put(bin("NotCanonical%2D.bin"));
    mkdirSync(join(data, bin("folder.bin")));
    list(slot("unused"), slot("unfinished"), slot("folder"));
    const items = await read();
    const issued = new Date(when * 1000);
    expect(items.filter(({ kind }) => kind === "gone")).toEqual([
      { kind: "gone", address: { path: "unused/a.jpg" }, place: bin("unused.bin"), issued },
      { kind: "gone", address: { path: "unfinished/a.jpg" }, place: bin("unfinished.bin"), issued },
    ]);
    expect(skipsOf(items)).toEqual([
      `${bin("NotCanonical%2D.bin")}: junk`,
      `${bin("README")}: junk`,
      `${bin("folder.bin")}: metadata-without-file`,
      `${bin("folder.bin")}: not-reachable`,
      `${bin("lost.bin")}: file-without-metadata`,
      `${bin("unfinished.bin~")}: unfinished`,
    ]);
  });

  test("takes each slot once, and says when it is there twice", async () => {
    put(bin("twice.bin"));
    list(slot("twice", { filename: "first" }), slot("twice", { filename: "second" }));
    const items = await read();
    expect(filesOf(items).map(({ filename }) => filename)).toEqual(["first"]);
    expect(skipsOf(items)).toEqual([`${bin("twice.bin")}: malformed-metadata`]);
  });

  test("goes on behind a record that is damaged, and behind one that is no slot", async () => {
    put(bin("good.bin"));
    list(
      'item({ ["key"] = "torn',
      slot("good"),
      record({ key: "no attributes" }),
      slot(""),
      slot("a/b"),
      slot(".."),
    );
    const items = await read();
    expect(filesOf(items)).toHaveLength(1);
    expect(skipsOf(items)).toEqual(
      Array.from({ length: 5 }, () => `${component}/uploads.list: malformed-metadata`),
    );
  });

  test("leads nowhere else by what its metadata say", async () => {
    put("secret.bin", "secret");
    put(`${component}/secret.bin`, "secret");
    put(bin("x.bin"));
    const keys = ["../secret", "..%2fsecret", "%2e%2e", "/etc/passwd", "a\0b", "x".repeat(256), "..\\secret"];
    list(
      ...keys.map((key) => slot(key)),
      slot("x", { filename: "../../etc/passwd" }, { with: "../root@example.org/x" }),
    );
    const items = await read();
    expect(filesOf(items)).toMatchObject([{ place: bin("x.bin"), address: { path: "x" } }]);
    const places = items.flatMap((item) => (item.kind === "gone" ? [item.place] : []));
    expect(places).toEqual([bin("%2e%2e%252fsecret.bin"), bin("%252e%252e.bin"), bin("%2e%2e%5csecret.bin")]);
  });

  test("takes no owner, type or time that is none", async () => {
    put(bin("a.bin"));
    list(slot("a", { "content-type": "text\r\nx: y" }, { with: "example.org", when: 1e300 }));
    const [file] = filesOf(await read());
    expect(file).toMatchObject({ owner: undefined, contentType: undefined });
    expect(file?.uploaded.getTime()).toBeGreaterThan(0);
  });

  test("follows no link in place of its folders, its list or a file", async () => {
    put("elsewhere/real.bin");
    put(bin("a.bin"));
    symlinkSync(join(data, "elsewhere/real.bin"), join(data, bin("link.bin")));
    symlinkSync(join(data, "elsewhere"), join(data, "linked%2eexample%2eorg"));
    list(slot("a"), slot("link"));
    const items = await read();
    expect(filesOf(items).map(({ place }) => place)).toEqual([bin("a.bin")]);
    expect(skipsOf(items)).toEqual([
      `${bin("link.bin")}: metadata-without-file`,
      `${bin("link.bin")}: not-a-regular-file`,
    ]);
  });

  test("needs the name of one of several components", async () => {
    put(bin("a.bin"));
    put(bin("b.bin", "other%2eexample%2eorg"));
    list(slot("a"));
    put("other%2eexample%2eorg/uploads.list", slot("b"));
    await expect(read()).rejects.toThrow("Several components have files");
    expect(filesOf(await read({ component: "other.example.org" }))).toMatchObject([
      { address: { path: "b/a.jpg" } },
    ]);
    await expect(read({ component: "third.example.org" })).rejects.toThrow("third.example.org has none");
  });

  test("needs a folder of Prosody's, and metadata", async () => {
    await expect(read()).rejects.toThrow("Expected Prosody's data folder");
    put(bin("a.bin"));
    await expect(read()).rejects.toThrow("Expected uploads.list or a database");
  });
});

describe("Prosody's slots for files in another service", () => {
  const store = (): string => join(data, "store");

  test("tell owners, types and times of the files at SLOT/NAME", async () => {
    put(`${component}/uploads.list`, slot("S1", { "content-type": "image/webp" }) + slot("S2"));
    for (const path of ["S1/a.bin", "S2/b.jpg", "S3/c.jpg"]) put(`store/${path}`);
    const files = filesOf(await runSource("prosody-filer", store(), { prosodyData: data }));
    expect(files).toMatchObject([
      {
        owner: "alice@example.org",
        contentType: "image/webp",
        isTypeGuessed: false,
        uploaded: new Date(when * 1000),
      },
      { owner: "alice@example.org", contentType: "image/jpeg", isTypeGuessed: true },
      { owner: undefined, contentType: "image/jpeg", isTypeGuessed: true },
    ]);
    if (files[0] !== undefined) expect(await sha256Of(files[0])).toStartWith("2d711642b726b044");
  });

  test("are not there without a list or a database", async () => {
    put("store/S1/a.bin");
    const reading = runSource("prosody-filer", store(), { prosodyData: data });
    await expect(reading).rejects.toThrow("a component has uploads.list");
  });
});

describe("Prosody's SQL storage", () => {
  /** Source: Prosody 0.12, mod_storage_sql. */
  const schema = `
    CREATE TABLE "prosodyarchive" ("sort_id" INTEGER PRIMARY KEY AUTOINCREMENT, "host" TEXT NOT NULL,
      "user" TEXT NOT NULL, "store" TEXT NOT NULL, "key" TEXT NOT NULL, "when" INTEGER NOT NULL, "with" TEXT NOT NULL,
      "type" TEXT NOT NULL, "value" MEDIUMTEXT NOT NULL);
    CREATE UNIQUE INDEX "prosodyarchive_index" ON "prosodyarchive" ("host", "user", "store", "key")`;

  function database(
    rows: readonly (readonly (string | number | Uint8Array)[])[],
    path = "prosody.sqlite",
  ): void {
    const sqlite = new DatabaseSync(join(data, path));
    sqlite.exec(schema);
    const insert = sqlite.prepare(
      'INSERT INTO prosodyarchive ("host", "user", "store", "key", "when", "with", "type", "value") VALUES (?,?,?,?,?,?,?,?)',
    );
    sqlite.exec("BEGIN");
    for (const row of rows) insert.run(...row);
    sqlite.exec("COMMIT");
    sqlite.close();
  }

  const request = (attributes: string): string => `<request xmlns='urn:xmpp:http:upload:0' ${attributes}/>`;
  const row = (key: string, value: string, changed: readonly string[] = []): (string | number)[] => {
    const [host = "share.example.org", user = "", store = "uploads"] = changed;
    return [host, user, store, key, when, "zoë@example.org", "xml", value];
  };

  test("has the slots of the component among other hosts and stores", async () => {
    put(bin("mine.bin"));
    database([
      row(
        "mine",
        request(
          "size='1' content-type='text/plain; charset=utf-8' filename='a &amp; &quot;b&#233;&quot;.txt'",
        ),
      ),
      row("theirs", request("filename='b'"), ["other.example.org"]),
      row("archived", request("filename='c'"), ["share.example.org", "zoë"]),
      row("message", "<message/>", ["share.example.org", "", "muc_log"]),
      row("unused", request("filename='d'")),
    ]);
    const items = await read();
    expect(filesOf(items)).toMatchObject([
      {
        ...{ filename: 'a & "bé".txt', contentType: "text/plain; charset=utf-8", owner: "zoë@example.org" },
        ...{ address: { path: 'mine/a & "bé".txt' }, uploaded: new Date(when * 1000) },
      },
    ]);
    expect(items.slice(1)).toMatchObject([{ kind: "gone", address: { path: "unused/d" } }]);
  });

  test("is read page by page, and elsewhere when it is told so", async () => {
    const keys = Array.from({ length: 1_203 }, (_, i) => `slot${i}`);
    mkdirSync(join(data, component, "http_file_share"), { recursive: true });
    database(
      keys.map((key) => row(key, request("filename='a'"))),
      "moved.sqlite",
    );
    const items = await read({ database: join(data, "moved.sqlite") });
    expect(new Set(items.map((item) => item.kind !== "skip" && keyOf("prosody", item))).size).toBe(1_203);
    expect(items).toHaveLength(1_203);
  });

  test("joins the list of the internal storage after a change of storage", async () => {
    put(bin("old.bin"));
    put(bin("new.bin"));
    list(slot("old"));
    database([row("new", request("filename='b'"))]);
    expect(filesOf(await read()).map(({ filename }) => filename)).toEqual(["b", "a.jpg"]);
  });

  test.each<readonly [string, string | number | Uint8Array]>([
    ["no XML", "<request"],
    ["another element", "<iq><request filename='x'/></iq>"],
    ["an entity of its own", "<!DOCTYPE r [<!ENTITY a 'b'>]><request filename='&a;'/>"],
    ["over 64 KiB", request(`filename='${"x".repeat(65_536)}'`)],
    ["a number", 5],
    ["bytes", new Uint8Array([1, 2])],
  ])("reports a row that is no slot: %s", async (_, value) => {
    put(bin("good.bin"));
    database([
      ["share.example.org", "", "uploads", "bad", when, "a@b", "xml", value],
      row("good", request("filename='a'")),
    ]);
    const items = await read();
    expect(filesOf(items)).toHaveLength(1);
    expect(skipsOf(items)).toEqual(["prosodyarchive: malformed-metadata"]);
  });

  test.each<readonly [string, () => void]>([
    ["is no database", () => put("prosody.sqlite", "SELECT")],
    [
      "is damaged",
      () => put("prosody.sqlite", Buffer.concat([Buffer.from("SQLite format 3\0"), Buffer.alloc(4_000, 7)])),
    ],
    ["has no such table", () => new DatabaseSync(join(data, "prosody.sqlite")).exec("CREATE TABLE a (b)")],
    [
      "has a view in its place",
      () => new DatabaseSync(join(data, "prosody.sqlite")).exec("CREATE VIEW prosodyarchive AS SELECT 1"),
    ],
    [
      "was not closed in order",
      () => {
        database([]);
        const sqlite = new DatabaseSync(join(data, "prosody.sqlite"));
        sqlite.exec("PRAGMA journal_mode = WAL");
        sqlite.close();
        put("prosody.sqlite-wal", "x");
      },
    ],
  ])("is refused by its path when it %s", async (_, make) => {
    put(bin("a.bin"));
    make();
    const failure = await read().catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "bad-source" });
    expect(String(failure)).toContain("prosody.sqlite");
  });
});
