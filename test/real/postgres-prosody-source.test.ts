import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Postgres, startPostgres } from "../peers/servers/postgres.ts";
import { filesOf, freshFolder, keyOf, runSource, skipsOf } from "../unit/sources/run-source.ts";

const slots = 1_203;

let postgres: Postgres;
let url: string;
let data: string;

/** Source: Prosody 0.12, mod_storage_sql with PostgreSQL. */
const schema = `
  CREATE TABLE "prosodyarchive" ("sort_id" SERIAL PRIMARY KEY, "host" TEXT NOT NULL, "user" TEXT NOT NULL,
    "store" TEXT NOT NULL, "key" TEXT NOT NULL, "when" INTEGER NOT NULL, "with" TEXT NOT NULL, "type" TEXT NOT NULL,
    "value" TEXT NOT NULL);
  CREATE UNIQUE INDEX "prosodyarchive_index" ON "prosodyarchive" ("host", "user", "store", "key");`;

beforeAll(async () => {
  postgres = await startPostgres();
  url = await postgres.makeDatabase("prosody");
  const insert = `INSERT INTO prosodyarchive ("host", "user", "store", "key", "when", "with", "type", "value")`;
  await postgres.psql(
    "prosody",
    `${schema}
     ${insert} SELECT 'share.example.org', '', 'uploads', 'slot' || i, 1795545153, 'zoë@example.org', 'xml',
       '<request xmlns=''urn:xmpp:http:upload:0'' filename=''a &amp; é.jpg'' content-type=''image/jpeg'' size=''1''/>'
       FROM generate_series(1, ${slots}) AS i;
     ${insert} VALUES ('other.example.org', '', 'uploads', 'theirs', 1, 'a@b', 'xml', '<request/>'),
       ('share.example.org', '', 'uploads', 'huge', 1, 'a@b', 'xml', repeat('x', 100000000))`,
  );
  data = freshFolder();
  const files = join(data, "share%2eexample%2eorg", "http_file_share");
  mkdirSync(files, { recursive: true });
  writeFileSync(join(files, "slot7.bin"), "x");
}, 60_000);
afterAll(async () => {
  if (data !== undefined) rmSync(data, { recursive: true });
  await postgres?.stop();
});

describe("Prosody's SQL storage in PostgreSQL", () => {
  test("has the slots of the component, page by page, without what is too long to be one", async () => {
    const items = await runSource("prosody", data, { database: url });
    expect(filesOf(items)).toMatchObject([
      {
        ...{ owner: "zoë@example.org", filename: "a & é.jpg", contentType: "image/jpeg" },
        ...{ address: { path: "slot7/a & é.jpg" }, uploaded: new Date(1_795_545_153_000) },
      },
    ]);
    const keys = items.map((item) => (item.kind === "skip" ? "" : keyOf("prosody", item)));
    expect(new Set(keys).size).toBe(slots + 1);
    expect(skipsOf(items)).toEqual(["prosodyarchive: malformed-metadata"]);
  });

  test.each<readonly [string, () => string]>([
    ["no such database", () => url.replace(/prosody$/, "none")],
    ["another password", () => url.replace("p%40ss", "wrong")],
    ["nobody there", () => url.replace(/:\d+\//, ":1/")],
    ["no table", () => url.replace(/prosody$/, "postgres")],
  ])("is refused without its password where there is %s", async (_, database) => {
    const failure = await runSource("prosody", data, { database: database() }).catch(
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({ code: "bad-source" });
    expect(String(failure)).toContain("PostgreSQL database cannot be read");
    expect(String(failure)).not.toContain("rd@127");
  });
});
