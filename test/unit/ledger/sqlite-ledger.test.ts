import { Database } from "bun:sqlite";
import { afterEach, expect, test } from "bun:test";
import { openSqlite } from "../../../src/ledger/database/sqlite.ts";
import { openSqlLedger } from "../../../src/ledger/sql-ledger.ts";
import { ledgerContract, noLimits } from "../../contract/ledger.ts";
import { ledgerClockContract } from "../../contract/ledger-clock.ts";
import { ledgerEvictContract } from "../../contract/ledger-evict.ts";
import { ledgerSpentContract } from "../../contract/ledger-spent.ts";
import { openTestLedger } from "./test-ledger.ts";

ledgerContract("SQLite", openTestLedger);
ledgerEvictContract("SQLite", openTestLedger);
ledgerClockContract("SQLite", openTestLedger);
ledgerSpentContract("SQLite", openTestLedger);

const now = () => new Date();
const wanted = {
  ...{ token: "0123456789abcdef", domain: "example.org", jid: "juliet@example.org", purpose: "message" },
  ...{ filename: "a.txt", size: 5, putUntil: new Date(), expires: undefined },
};

let stop: () => Promise<void> = () => Promise.resolve();
afterEach(() => stop());

async function open() {
  const opened = await openTestLedger(now);
  stop = opened.stop;
  return opened;
}

test("SQLite: a schema of a newer slotd is refused, and left as it is", async () => {
  const { path, ledger } = await open();
  await ledger.reserve(wanted, noLimits);
  const other = new Database(path);
  other.run("UPDATE slotd_schema SET version = 99");
  other.close();
  await expect(openSqlLedger(await openSqlite(path), { now })).rejects.toMatchObject({
    code: "ledger-schema",
    message: expect.stringContaining("schema 99"),
  });
  expect(await ledger.find(wanted.token)).toBeDefined();
});

test("SQLite: what was reserved is on disk when it is answered", async () => {
  const { path, ledger } = await open();
  await ledger.reserve(wanted, noLimits);
  const other = new Database(path, { readonly: true });
  expect(other.query("SELECT COUNT(*) AS n FROM slotd_files").get()).toEqual({ n: 1 });
  expect(other.query("PRAGMA journal_mode").get()).toEqual({ journal_mode: "wal" });
  other.close();
});

test("SQLite: a change waits for another process that is writing", async () => {
  const { path, ledger } = await open();
  const other = new Database(path);
  other.run("BEGIN IMMEDIATE");
  const reserved = ledger.reserve(wanted, noLimits);
  // Reading goes on meanwhile.
  expect(await ledger.find(wanted.token)).toBeUndefined();
  other.run("COMMIT");
  other.close();
  expect(await reserved).toEqual({ evicted: [] });
});

test("SQLite: the event loop is free while a change waits for another process that is writing", async () => {
  const { path, ledger } = await open();
  await ledger.reserve(wanted, noLimits);
  const other = new Database(path);
  other.run("BEGIN IMMEDIATE");
  const released = ledger.release(wanted.token);
  const began = performance.now();
  // SQLite's own waiting would let few of these turns pass between 100 ms and the next.
  for (let turn = 0; turn < 60; turn += 1) await new Promise((resolve) => setTimeout(resolve, 1));
  const took = performance.now() - began;
  other.run("COMMIT");
  other.close();
  expect(await released).toBe(true);
  expect(took).toBeLessThan(800);
});

test("SQLite: a change that cannot be made does not take others with it", async () => {
  const { ledger } = await open();
  const outcomes = await Promise.allSettled([
    ledger.reserve(wanted, noLimits),
    ledger.reserve({ ...wanted, token: "fedcba9876543210", size: Number.NaN }, noLimits),
    ledger.reserve({ ...wanted, token: "00000000ffffffff" }, noLimits),
  ]);
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(await ledger.audit()).toEqual([]);
  expect(await ledger.usage({})).toEqual([expect.objectContaining({ bytes: 10, files: 2 })]);
});

test("SQLite: sums that somebody else has changed are found and repaired", async () => {
  const { path, ledger } = await open();
  await ledger.reserve(wanted, noLimits);
  const other = new Database(path);
  other.run("UPDATE slotd_accounts SET bytes = bytes + 7 WHERE domain = 'example.org'");
  other.close();
  const reserved = { bytes: 5, files: 1 };
  const sums = {
    counted: { bytes: 12, files: 1, reserved },
    listed: { bytes: 5, files: 1, reserved },
  };
  expect(await ledger.audit()).toEqual([
    { account: "example.org message", ...sums },
    { account: "example.org juliet@example.org message", ...sums },
  ]);
  await ledger.repair();
  expect(await ledger.audit()).toEqual([]);
  const more = new Database(path);
  more.run("UPDATE slotd_accounts SET reserved_bytes = 0 WHERE jid = '' AND domain = ''");
  more.close();
  expect(await ledger.audit()).toEqual([
    {
      account: "total message",
      counted: { bytes: 5, files: 1, reserved: { bytes: 0, files: 1 } },
      listed: { bytes: 5, files: 1, reserved },
    },
  ]);
  await ledger.repair();
  expect(await ledger.audit()).toEqual([]);
});

test("SQLite: sums are put right once, beside changes and another one that puts them right", async () => {
  const { path, ledger, again } = await open();
  const other = await again();
  const user = (i: number) => ({ jid: `user-${i % 7}@example.org`, token: i.toString(16).padStart(16, "0") });
  for (let i = 0; i < 20; i += 1) await ledger.reserve({ ...wanted, ...user(i) }, noLimits);
  const stranger = new Database(path);
  stranger.run(
    "UPDATE slotd_accounts SET bytes = bytes + 7, reserved_files = reserved_files - 1 WHERE id % 2 = 0",
  );
  stranger.close();
  const changes = Array.from({ length: 20 }, async (_, i) => {
    await ledger.reserve({ ...wanted, ...user(i + 100) }, noLimits);
    await ledger.complete(user(i).token, 9, () => noLimits);
  });
  const [first, second] = await Promise.all([ledger.repair(), other.repair(), ...changes]);
  expect(first.length + second.length).toBeGreaterThan(0);
  expect(await ledger.audit()).toEqual([]);
});

test("SQLite: a file that is no database says so", async () => {
  const { path } = await open();
  await Bun.write(`${path}.txt`, "This is not a database, and slotd must not touch it.".repeat(100));
  await expect(openSqlite(`${path}.txt`)).rejects.toMatchObject({ code: "ledger-away" });
});
