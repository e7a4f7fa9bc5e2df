import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { openPostgres } from "../../src/ledger/database/postgres.ts";
import { LedgerAwayError } from "../../src/ledger/errors.ts";
import type { Ledger, Reservation } from "../../src/ledger/ledger.ts";
import { openSqlLedger } from "../../src/ledger/sql-ledger.ts";
import { ledgerContract, noLimits, type TestLedger } from "../contract/ledger.ts";
import { ledgerClockContract } from "../contract/ledger-clock.ts";
import { ledgerEvictContract } from "../contract/ledger-evict.ts";
import { ledgerSpentContract } from "../contract/ledger-spent.ts";
import { waitUntil } from "../peers/process.ts";
import { type Postgres, startPostgres } from "../peers/servers/postgres.ts";

let postgres: Postgres;
let count = 0;

beforeAll(async () => {
  postgres = await startPostgres();
}, 60_000);
afterAll(() => postgres?.stop());

async function open(now: () => Date): Promise<TestLedger> {
  count += 1;
  const url = await postgres.makeDatabase(`ledger-${count}`);
  const ledgers: Ledger[] = [];
  const again = async (): Promise<Ledger> => {
    const ledger = await openSqlLedger(openPostgres(url, { lost: () => undefined }), { now });
    ledgers.push(ledger);
    return ledger;
  };
  return {
    ledger: await again(),
    again,
    stop: async () => {
      for (const ledger of ledgers) await ledger.close();
    },
  };
}

ledgerContract("PostgreSQL", open);
ledgerEvictContract("PostgreSQL", open);
ledgerClockContract("PostgreSQL", open);
ledgerSpentContract("PostgreSQL", open);

describe("PostgreSQL away", () => {
  const now = () => new Date();
  const slot = (token: string): Reservation => ({
    ...{ token, domain: "example.org", jid: "juliet@example.org", purpose: "message" },
    ...{ filename: "a.txt", size: 5, putUntil: now(), expires: undefined },
  });
  let away: Postgres;
  let ledger: Ledger;

  beforeAll(async () => {
    away = await startPostgres();
    ledger = await openSqlLedger(openPostgres(await away.makeDatabase("away"), { lost: () => undefined }), {
      now,
    });
  }, 60_000);
  afterAll(async () => {
    await ledger?.close();
    await away?.stop();
  });

  test("killed: refused at once as away, and reconnected by itself when it is back", async () => {
    expect(await ledger.reserve(slot("00000000000000a1"), noLimits)).toEqual({ evicted: [] });
    await away.kill9();
    const began = performance.now();
    const refused = ledger.reserve(slot("00000000000000a2"), noLimits);
    await expect(refused).rejects.toMatchObject({ code: "ledger-away" });
    await expect(ledger.usage({})).rejects.toMatchObject({ code: "ledger-away" });
    expect(await ledger.isReachable()).toBe(false);
    expect(performance.now() - began).toBeLessThan(2_000);
    await away.restart();
    expect(await ledger.reserve(slot("00000000000000a3"), noLimits)).toEqual({ evicted: [] });
    expect(await ledger.find("00000000000000a1")).toBeDefined();
    expect(await ledger.find("00000000000000a2")).toBeUndefined();
    expect(await ledger.audit()).toEqual([]);
  }, 60_000);

  test("connections cut by an administrator: nothing is lost, and the next change succeeds", async () => {
    await away.psql(
      "postgres",
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'slotd'",
    );
    const again = async (): Promise<void> => {
      await ledger.reserve(slot("00000000000000b1"), noLimits).catch(ignoreAway);
    };
    await again();
    await again();
    expect((await ledger.find("00000000000000b1"))?.state).toBe("reserved");
    expect(await ledger.audit()).toEqual([]);
  }, 60_000);

  test("frozen: given up after a bounded time, and nothing is counted twice when it thaws", async () => {
    away.freeze();
    const began = performance.now();
    await expect(ledger.reserve(slot("00000000000000c1"), noLimits)).rejects.toMatchObject({
      code: "ledger-away",
    });
    expect(performance.now() - began).toBeLessThan(12_000);
    away.thaw();
    await waitUntil("PostgreSQL to answer", () => ledger.isReachable());
    await ledger.reserve(slot("00000000000000c1"), noLimits);
    await ledger.reserve(slot("00000000000000c1"), noLimits);
    expect(await ledger.audit()).toEqual([]);
    expect(await ledger.usage({})).toEqual([expect.objectContaining({ files: 4 })]);
  }, 60_000);

  test("at the start: slotd starts all the same, and makes the schema when it is back", async () => {
    const url = await away.makeDatabase("late");
    await away.kill9();
    const late = await openSqlLedger(openPostgres(url, { lost: () => undefined }), { now });
    await expect(late.reserve(slot("00000000000000d1"), noLimits)).rejects.toMatchObject({
      code: "ledger-away",
    });
    await away.restart();
    expect(await late.reserve(slot("00000000000000d1"), noLimits)).toEqual({ evicted: [] });
    await late.close();
  }, 60_000);

  test("a wrong password is said, without telling it", async () => {
    const url = (await away.makeDatabase("closed")).replace(/:[^:@/]+@/, ":secret-guess@");
    const closed = await openSqlLedger(openPostgres(url, { lost: () => undefined }), { now });
    const error = await closed.usage({}).catch((reason: unknown) => reason);
    expect(String(error)).toContain("password authentication failed");
    expect(String(error)).not.toContain("secret-guess");
    await closed.close();
  });

  test("an encoding that lacks letters is refused at the start, with what to do", async () => {
    await away.psql("postgres", "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
    const url = (await away.makeDatabase("latin-beside")).replace(/latin-beside$/, "latin");
    const open = openSqlLedger(openPostgres(url, { lost: () => undefined }), { now });
    await expect(open).rejects.toMatchObject({
      code: "ledger-encoding",
      message: expect.stringMatching(/encoded in LATIN1.*ENCODING 'UTF8'/),
    });
  });

  test("defaults of the database do not matter: serializable and read-only transactions", async () => {
    const url = await away.makeDatabase("strict");
    await away.psql("strict", "ALTER DATABASE strict SET default_transaction_isolation = 'serializable'");
    await away.psql("strict", "ALTER DATABASE strict SET default_transaction_read_only = on");
    const open = () => openSqlLedger(openPostgres(url, { lost: () => undefined }), { now });
    const ledgers = [await open(), await open()] as const;
    const token = (i: number) => i.toString(16).padStart(16, "0");
    const outcomes = await Promise.allSettled(
      Array.from({ length: 200 }, async (_, i) => {
        await ledgers[i % 2 === 0 ? 0 : 1].reserve(slot(token(i)), noLimits);
        await ledgers[i % 2 === 0 ? 1 : 0].complete(token(i), 5, () => noLimits);
        return ledgers[0].find(token(i));
      }),
    );
    expect(outcomes.filter(({ status }) => status === "rejected")).toEqual([]);
    expect(await ledgers[0].audit()).toEqual([]);
    expect(await ledgers[0].usage({})).toEqual([expect.objectContaining({ files: 200 })]);
    for (const ledger of ledgers) await ledger.close();
  }, 30_000);

  test("a lock that somebody else holds: refused in a few seconds, however many ask", async () => {
    const url = await away.makeDatabase("held");
    const ledger = await openSqlLedger(openPostgres(url, { lost: () => undefined }), { now });
    await ledger.reserve(slot("00000000000000e0"), noLimits);
    const holding = away.psql("held", "BEGIN; SELECT 1 FROM slotd_accounts FOR UPDATE; SELECT pg_sleep(8)");
    await waitUntil("the lock to be held", async () => {
      const held =
        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(8)%' AND wait_event = 'PgSleep'";
      return (await away.psql("postgres", held)) === "1";
    });
    const began = performance.now();
    const codes = await Promise.all(
      Array.from({ length: 3_000 }, (_, i) =>
        ledger.reserve(slot((i + 4096).toString(16).padStart(16, "0")), noLimits).then(
          () => "reserved",
          (error: unknown) => (error instanceof LedgerAwayError ? error.code : String(error)),
        ),
      ),
    );
    expect(performance.now() - began).toBeLessThan(7_000);
    expect(new Set(codes)).toEqual(new Set(["ledger-away"]));
    await holding.catch(() => undefined);
    expect(await ledger.reserve(slot("00000000000000e1"), noLimits)).toEqual({ evicted: [] });
    await ledger.close();
  }, 60_000);

  test("a schema of a newer slotd is refused", async () => {
    const url = await away.makeDatabase("newer");
    const open = () => openSqlLedger(openPostgres(url, { lost: () => undefined }), { now });
    await (await open()).close();
    await away.psql("newer", "UPDATE slotd_schema SET version = 99");
    await expect(open()).rejects.toMatchObject({ code: "ledger-schema" });
  });
});

function ignoreAway(error: unknown): void {
  if (!(error instanceof LedgerAwayError)) throw error;
}
