import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { StoreGuard } from "../../src/admin/store-guard.ts";
import { s3Client } from "../../src/store/s3/s3-client.ts";
import { s3Identity } from "../../src/store/s3/s3-identity.ts";
import { s3Inventory } from "../../src/store/s3/s3-inventory.ts";
import { noLimits, type TestLedger } from "../contract/ledger.ts";
import { freePorts } from "../peers/ports.ts";
import { makeFolder, removeFolder, runToEnd } from "../peers/process.ts";
import { type Rgw, startRgw } from "../peers/servers/rgw.ts";
import { signedFetch, signedFetchOk } from "../peers/servers/s3-store.ts";
import { slotdUnderTest } from "../peers/slotd.ts";
import { openTestLedger } from "../unit/ledger/test-ledger.ts";

const key = "slotd-store-identity.json";
const hour = 3_600_000;
let rgw: Rgw;
beforeAll(async () => {
  rgw = await startRgw();
}, 60_000);
afterAll(() => rgw.stop());

const makeBucket = (name: string) => signedFetchOk(rgw, { method: "PUT", path: `/${name}` });
const bucketUrl = (path: string) => `${rgw.endpoint}/${path}`;
const putObject = (path: string, body: string) =>
  signedFetchOk(rgw, { method: "PUT", path: `/${path}`, body });
const remove = (path: string) => signedFetchOk(rgw, { method: "DELETE", path: `/${path}` });
const read = async (path: string) => (await signedFetch(rgw, { method: "GET", path: `/${path}` })).text();

const policy = (name: string, text: object) =>
  signedFetchOk(rgw, { method: "PUT", path: `/${name}`, query: { policy: "" }, body: JSON.stringify(text) });

function clientFor(path: string, credentials: { accessKeyId: string; secretAccessKey: string } = rgw) {
  const now = () => new Date();
  return s3Client({ bucketUrl: bucketUrl(path), region: rgw.region, credentials: () => credentials, now });
}

function guardFor(path: string, ledger: TestLedger["ledger"], later = 0): StoreGuard {
  const client = clientFor(path);
  const identity = s3Identity(client, { now: () => new Date(Date.now() + later) });
  const store = { ledger, domains: ["example.org"], identity, inventory: s3Inventory(client, 5) };
  return new StoreGuard(store, {
    mayWrite: () => true,
    newId: () => randomBytes(16).toString("hex"),
    monotonic: () => performance.now(),
  });
}

async function withLedger(work: (ledger: TestLedger) => Promise<void>): Promise<void> {
  const opened = await openTestLedger(() => new Date());
  try {
    await work(opened);
  } finally {
    await opened.stop();
  }
}

/** A file in the ledger, and in the bucket. */
async function upload({ ledger }: Pick<TestLedger, "ledger">, path: string): Promise<string> {
  const token = randomBytes(16).toString("hex");
  const about = { domain: "example.org", jid: "juliet@example.org", purpose: "message", filename: "a.txt" };
  const putUntil = new Date(Date.now() + 60_000);
  await ledger.reserve({ ...about, token, size: 5, expires: undefined, putUntil }, noLimits);
  await putObject(`${path}/${token}/a.txt`, "hello");
  await ledger.complete(token, 5, () => noLimits);
  return token;
}

describe("the identity of a bucket", () => {
  test("is written once, is in no listing, and lies below the path of the bucket URL", async () => {
    await makeBucket("one");
    await withLedger(async ({ ledger }) => {
      const guards = [guardFor("one/in/here", ledger), guardFor("one/in/here", ledger)];
      await Promise.all(guards.map((guard) => guard.look()));
      await Promise.all(guards.map((guard) => guard.look()));
      const { id } = JSON.parse(await read(`one/in/here/${key}`));
      expect(await ledger.storeIds(["example.org"])).toEqual(new Map([["example.org", id]]));
      const token = await upload({ ledger }, "one/in/here");
      const listed = await Array.fromAsync(guards[0]!.inventoryFor("example.org").list());
      expect(listed.map((object) => object.token)).toEqual([token]);
    });
  });

  test("is kept young, so that no lifecycle rule finds it old, and written again when one did", async () => {
    await makeBucket("rules");
    await withLedger(async (opened) => {
      const { ledger } = opened;
      await upload(opened, "rules");
      await guardFor("rules", ledger).look();
      const first = await read(`rules/${key}`);
      const modified = async () =>
        Date.parse(
          (await signedFetch(rgw, { method: "HEAD", path: `/rules/${key}` })).headers.get("last-modified") ??
            "",
        );
      const before = await modified();
      while (Date.now() < before + 1_500) await guardFor("rules", ledger, 11 * hour).look();
      expect(await modified()).toBe(before);
      await guardFor("rules", ledger, 13 * hour).look();
      expect(await modified()).toBeGreaterThan(before);
      await remove(`rules/${key}`);
      await guardFor("rules", ledger).look();
      expect(await read(`rules/${key}`)).toBe(first);
    });
  });

  test("that is damaged is written anew", async () => {
    await makeBucket("damaged");
    await putObject(`damaged/${key}`, "<html>it works</html>");
    await withLedger(async ({ ledger }) => {
      await guardFor("damaged", ledger).look();
      expect(JSON.parse(await read(`damaged/${key}`))).toMatchObject({
        id: (await ledger.storeIds(["example.org"])).get("example.org"),
      });
    });
  });
});

describe("another bucket", () => {
  test("an emptied one, one of others, and one that is deleted: nothing is missing for good", async () => {
    for (const name of ["here", "others"]) await makeBucket(name);
    await withLedger(async (opened) => {
      const { ledger } = opened;
      const token = await upload(opened, "here");
      await guardFor("here", ledger).look();
      await withLedger(async (theirs) => {
        await upload(theirs, "others");
        await guardFor("others", theirs.ledger).look();
      });
      const other = guardFor("others", ledger);
      await other.look();
      expect([other.mayStore("example.org"), other.mayForget("example.org")]).toEqual([false, false]);
      expect(other.problem("example.org")).toContain("another identity");
      const deleted = guardFor("deleted", ledger);
      await expect(deleted.look()).rejects.toThrow("NoSuchBucket");
      expect(deleted.mayForget("example.org")).toBe(false);

      const guard = guardFor("here", ledger);
      await guard.look();
      await remove(`here/${token}/a.txt`);
      await remove(`here/${key}`);
      const inventory = guard.inventoryFor("example.org");
      const asked = inventory.sizeOf({ token, filename: "a.txt" });
      await expect(asked).rejects.toMatchObject({ code: "other-store" });
      expect(guard.mayStore("example.org")).toBe(false);
      await putObject(`here/${token}/a.txt`, "hello");
      await guard.look();
      expect(guard.mayStore("example.org")).toBe(true);
    });
  });
});

describe("a key that may only PUT", () => {
  test("is not refused; nobody is told that anything is gone", async () => {
    await makeBucket("blind");
    await policy("blind", {
      Version: "2012-10-17",
      Statement: [
        {
          ...{ Effect: "Deny", Principal: "*", Action: ["s3:GetObject", "s3:ListBucket"] },
          Resource: ["arn:aws:s3:::blind/*", "arn:aws:s3:::blind"],
        },
      ],
    });
    await withLedger(async (opened) => {
      const token = await upload(opened, "blind");
      const guard = guardFor("blind", opened.ledger);
      await guard.look();
      expect(guard.match?.verdicts.get("example.org")).toBe("unknown");
      expect(guard.mayStore("example.org")).toBe(true);
      const asked = guard.inventoryFor("example.org").sizeOf({ token, filename: "a.txt" });
      await expect(asked).rejects.toThrow("403");
    });
  });
});

describe("slotd on a bucket that is another one", () => {
  test("says so and forgets nothing, with every command", async () => {
    await makeBucket("right");
    await makeBucket("wrong");
    const folder = makeFolder("s3-away");
    const [port = 0] = await freePorts(1);
    await withLedger(async (opened) => {
      const { ledger, path } = opened as Awaited<ReturnType<typeof openTestLedger>>;
      const token = await upload(opened, "right");
      await guardFor("right", ledger).look();
      const config = (bucket: string) => `
domains = ["example.org"]
ledger.url = "sqlite:${path}"
[xmpp]
address = "127.0.0.1:${port}"
secret = "s"
[s3]
bucket_url = "${bucketUrl(bucket)}"
region = "${rgw.region}"
access_key_id = "${rgw.accessKeyId}"
secret_access_key = "${rgw.secretAccessKey}"
`;
      const file = join(folder, "slotd.toml");
      const command = (...words: string[]) =>
        runToEnd({ name: "command", command: [slotdUnderTest(), ...words, "--config", file] });
      writeFileSync(file, config("wrong"));
      for (const words of [["reconcile", "--fix"], ["sweep"], ["delete", token]]) {
        const { ok, output } = await command(...words);
        expect([words, ok, output]).toEqual([words, false, expect.stringContaining("Nothing was done.")]);
      }
      expect((await command("check")).output).toContain("of them in this store and found none");
      expect((await ledger.find(token))?.state).toBe("complete");
      writeFileSync(file, config("right"));
      expect(await command("reconcile", "--fix")).toMatchObject({ ok: true });
    });
    removeFolder(folder);
  }, 60_000);
});
