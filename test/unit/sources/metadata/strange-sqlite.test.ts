import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { openStrangeDatabase } from "../../../../src/sources/metadata/strange-sqlite.ts";
import { freshFolder } from "../run-source.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = freshFolder();
  path = join(folder, "a database?#.sqlite");
});
afterEach(() => rmSync(folder, { recursive: true }));

function make(...statements: readonly string[]): DatabaseSync {
  const database = new DatabaseSync(path);
  for (const statement of statements) database.exec(statement);
  return database;
}

/** The one value that it has; what is in the folder while it is open is told to `see`. */
function read(see: (names: string[]) => void = () => undefined): unknown {
  const { rows, close } = openStrangeDatabase(path, "things");
  try {
    const [row] = rows("SELECT a FROM things");
    see(readdirSync(folder));
    return row?.a;
  } finally {
    close();
  }
}

describe("a database of a former service", () => {
  test.each(["DELETE", "WAL"])(
    "is read in the mode %s without a change to it or a file beside it",
    (mode) => {
      make(
        `PRAGMA journal_mode = ${mode}`,
        "CREATE TABLE things (a)",
        "INSERT INTO things VALUES (1)",
      ).close();
      const before = readFileSync(path);
      expect(read((names) => expect(names).toEqual(["a database?#.sqlite"]))).toBe(1);
      expect(readFileSync(path).equals(before)).toBe(true);
      expect(readdirSync(folder)).toEqual(["a database?#.sqlite"]);
    },
  );

  test.each(["DELETE", "WAL"])("is read in the mode %s while its service writes", (mode) => {
    const service = make(`PRAGMA journal_mode = ${mode}`, "CREATE TABLE things (a)");
    service.exec("INSERT INTO things VALUES (2)");
    const before = readdirSync(folder).sort();
    expect(read()).toBe(2);
    expect(readdirSync(folder).sort()).toEqual(before);
    service.exec("INSERT INTO things VALUES (3)");
    service.close();
  });

  test("cannot be written through it", () => {
    make("CREATE TABLE things (a)").close();
    const { rows, close } = openStrangeDatabase(path, "things");
    expect(() => rows("INSERT INTO things VALUES (1) RETURNING a")).toThrow("cannot be read");
    close();
  });

  test.each([
    [
      "a view that never ends",
      "CREATE VIEW things AS WITH RECURSIVE n(a) AS (SELECT 1 UNION ALL SELECT a FROM n) SELECT a FROM n",
    ],
    ["a virtual table", "CREATE VIRTUAL TABLE things USING fts5(a)"],
  ])("has no %s in place of its table", (_, statement) => {
    make(statement).close();
    expect(() => read()).toThrow("Expected a database with the table things");
  });

  test("is refused where a write was cut off", () => {
    make("PRAGMA journal_mode = WAL", "CREATE TABLE things (a)").close();
    writeFileSync(`${path}-wal`, "x");
    expect(() => read()).toThrow("was not closed in order");
    expect(readdirSync(folder).sort()).toEqual(["a database?#.sqlite", "a database?#.sqlite-wal"]);
  });

  test.each(["", "SQLite format 3\0", "x".repeat(10_000)])("is refused where the file is %p", (content) => {
    writeFileSync(path, content);
    expect(() => read()).toThrow(path);
  });
});
