import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { linkSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { filesOf, freshFolder, runSource, skipsOf } from "./run-source.ts";

let folder: string;
beforeEach(() => {
  folder = freshFolder();
});
afterEach(() => rmSync(folder, { recursive: true }));

function put(path: string): void {
  mkdirSync(join(folder, path, ".."), { recursive: true });
  writeFileSync(join(folder, path), "x");
}

/** Rows of path, type, JID, time, deleted. */
function database(path: string, rows: readonly (readonly [string, string, string, string, number])[]): void {
  mkdirSync(join(path, ".."), { recursive: true });
  const sqlite = new DatabaseSync(path);
  sqlite.exec(`CREATE TABLE file_metadata (id INTEGER PRIMARY KEY AUTOINCREMENT, file_path TEXT NOT NULL UNIQUE,
    content_type TEXT NOT NULL, uploader_jid TEXT NOT NULL, upload_time DATETIME NOT NULL, deleted INTEGER NOT NULL)`);
  const insert = sqlite.prepare(
    "INSERT INTO file_metadata (file_path, content_type, uploader_jid, upload_time, deleted) VALUES (?,?,?,?,?)",
  );
  sqlite.exec("BEGIN");
  for (const row of rows) insert.run(...row);
  sqlite.exec("COMMIT");
  sqlite.close();
}

const read = () => runSource("hmac-file-server", folder);

describe("hmac-file-server", () => {
  test("keeps a file under the whole path, with v3 under the last segment", async () => {
    put("UUID/a.txt");
    put("v3.jpg");
    const files = filesOf(await read());
    expect(files).toMatchObject([
      { address: { path: "UUID/a.txt" }, contentType: "text/plain; charset=utf-8", isTypeGuessed: true },
      { address: { path: "v3.jpg" }, contentType: "image/jpeg" },
    ]);
  });

  test("says of files named by a hash that no URL led to them, and passes over its own", async () => {
    const hash = "a".repeat(64);
    put(`${hash}.jpg`);
    put("UUID/a.jpg");
    put("UUID/a.jpg.thumb.jpg");
    put(".metadata/files.json");
    mkdirSync(join(folder, "dedup_store", hash), { recursive: true });
    linkSync(join(folder, "UUID/a.jpg"), join(folder, "dedup_store", hash, "a.jpg"));
    mkdirSync(join(folder, hash));
    linkSync(join(folder, "UUID/a.jpg"), join(folder, hash, "a.jpg"));
    const items = await read();
    expect(filesOf(items).map(({ place }) => place)).toEqual(["UUID/a.jpg"]);
    expect(skipsOf(items)).toEqual([
      ".metadata: junk",
      "UUID/a.jpg.thumb.jpg: junk",
      `${hash}.jpg: not-reachable`,
      `${hash}: junk`,
      "dedup_store: junk",
    ]);
  });

  test("has more in its database, also when the folder was moved since", async () => {
    put("UUID/a.bin");
    put("other/b.bin");
    const time = "2026-11-24 06:00:01.123456789 +0000 UTC";
    database(join(folder, ".metadata/files.db"), [
      ["/srv/old place/UUID/gone.bin", "a/b", "", time, 0],
      ["/srv/old place/UUID/a.bin", "image/png", "alice@example.org", time, 0],
      ["/srv/old place/UUID/deleted.bin", "a/b", "", time, 1],
      ["/elsewhere/c.bin", "a/b", "", time, 0],
    ]);
    const items = await read();
    expect(filesOf(items)).toMatchObject([
      {
        ...{ place: "UUID/a.bin", owner: "alice@example.org", contentType: "image/png", isTypeGuessed: true },
        uploaded: new Date("2026-11-24T06:00:01Z"),
      },
      { place: "other/b.bin", owner: undefined, contentType: "application/octet-stream" },
    ]);
    expect(skipsOf(items)).toEqual([
      ".metadata: junk",
      "/elsewhere/c.bin: metadata-without-file",
      "UUID/gone.bin: metadata-without-file",
    ]);
  });

  test("leads nowhere else by what its database says", async () => {
    put("UUID/a.bin");
    const paths = ["../../etc/passwd", "/x/../etc/passwd", "", "/", "a\0b", "x".repeat(5_000)];
    database(
      join(folder, ".metadata/files.db"),
      paths.map((path) => [path, "x", "x/y/z", "never", 0] as const),
    );
    const items = await read();
    expect(filesOf(items)).toMatchObject([{ place: "UUID/a.bin", owner: undefined }]);
  });

  test("is read page by page", async () => {
    put("UUID/a.bin");
    const other = freshFolder();
    database(
      join(other, "files.db"),
      Array.from({ length: 1_203 }, (_, i) => [`/srv/UUID/${i}`, "a/b", "", "", 0] as const),
    );
    const items = await runSource("hmac-file-server", folder, { database: join(other, "files.db") });
    expect(skipsOf(items)).toHaveLength(1_203);
    rmSync(other, { recursive: true });
  });

  test("refuses a database that is none of it", async () => {
    const path = join(folder, ".metadata/files.db");
    mkdirSync(join(folder, ".metadata"));
    new DatabaseSync(path).exec("CREATE TABLE a (b)");
    await expect(read()).rejects.toThrow("table file_metadata");
  });
});
