import { afterAll, beforeAll, expect, test } from "bun:test";
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { main } from "../../src/cli/main.ts";
import { openSqlite } from "../../src/ledger/database/sqlite.ts";
import { openSqlLedger } from "../../src/ledger/sql-ledger.ts";
import { fixedCredentials } from "../../src/store/credentials.ts";
import { PutError } from "../../src/store/object-store.ts";
import { s3Sink } from "../../src/store/s3/s3-sink.ts";
import { type Rgw, startRgw } from "../peers/servers/rgw.ts";
import { fakeIo } from "../unit/cli/fake-io.ts";

let rgw: Rgw;
let folder = "";
beforeAll(async () => {
  rgw = await startRgw();
  folder = mkdtempSync(join(tmpdir(), "slotd-import-rgw-"));
  const { bucketUrl, region, accessKeyId, secretAccessKey } = rgw;
  writeFileSync(
    join(folder, "slotd.toml"),
    `domains = ["example.org"]\nbackend = "s3"\nxmpp.secret = "x"\nledger.url = "sqlite:ledger.db"\ns3.bucket_url = "${bucketUrl}/in"\ns3.region = "${region}"\ns3.access_key_id = "${accessKeyId}"\ns3.secret_access_key = "${secretAccessKey}"\n`,
  );
  await (await openSqlLedger(await openSqlite(join(folder, "ledger.db")), { now: () => new Date() })).close();
  mkdirSync(join(folder, "old"));
}, 60_000);
afterAll(async () => {
  await rgw?.stop();
  if (folder !== "") rmSync(folder, { recursive: true, force: true });
});

async function run(...words: string[]) {
  const io = { ...fakeIo(folder), now: () => new Date() };
  const code = await main([...words, "--json"], io);
  if (io.out() === "") throw new Error(io.err());
  return { code, json: JSON.parse(io.out()) };
}
const doImport = () =>
  run(
    "import",
    "folder",
    "old",
    "--url",
    "https://old.example.org/up",
    "--expires-after",
    "30d",
    "--min-age",
    "0",
  );

test("files of a folder go into a bucket under their address, with their metadata, once", async () => {
  const large = randomBytes(700_000);
  writeFileSync(join(folder, "old/ü %.bin"), large);
  for (let i = 0; i < 60; i += 1) writeFileSync(join(folder, `old/f${i}.txt`), `file ${i}`);
  writeFileSync(join(folder, "old/empty"), "");
  expect(await doImport()).toMatchObject({ code: 0, json: { taken: { files: 62 }, left: {} } });
  const keys = await rgw.listKeys();
  expect(keys.filter((key) => /^in\/[0-9a-f]{43}\/file$/.test(key)).length).toBe(62);
  const { json } = await run("files", "--jid", "example.org");
  const { token, size, expires } = json.files.find(
    ({ filename }: { filename: string }) => filename === "ü %.bin",
  );
  expect([size, typeof expires]).toEqual([700_000, "string"]);
  const stored = await rgw.fetchObject(`in/${token}/file`);
  expect(createHash("sha256").update(stored.body).digest("hex")).toBe(
    createHash("sha256").update(large).digest("hex"),
  );
  // The second run recognises all by one HEAD each.
  expect(await doImport()).toMatchObject({ json: { taken: { files: 0 }, present: { files: 62 }, left: {} } });
  const list = readFileSync(join(folder, "slotd-import-folder.list"), "utf8").trimEnd().split("\n");
  expect(list.length).toBe(62);
}, 60_000);

test("what is deleted in slotd goes from the bucket, and does not come back", async () => {
  const { json } = await run("files", "--jid", "example.org");
  const [{ token }] = json.files;
  expect((await run("delete", token)).json.deleted).toBe(true);
  expect(await doImport()).toMatchObject({ json: { taken: { files: 0 }, left: { deleted: 1 } } });
  expect((await rgw.fetchObject(`in/${token}/file`)).status).toBe(404);
}, 60_000);

test("the store refuses content with another SHA-256 than was signed", async () => {
  const { bucketUrl, region } = rgw;
  const sink = s3Sink(
    { bucketUrl, region, credentials: fixedCredentials(rgw), addAcl: false },
    { now: () => new Date() },
  );
  const token = `${"ab".repeat(21)}c`;
  async function* body() {
    yield new Uint8Array(Buffer.from("other"));
  }
  const sha256 = createHash("sha256").update("right").digest("hex");
  const put = sink.put({ token, filename: "a", size: 5, contentType: "text/plain", sha256 }, body());
  const error = await put.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(PutError);
  expect(await sink.has(token, "a")).toBe(false);
}, 60_000);
