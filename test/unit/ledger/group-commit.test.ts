import { expect, test } from "bun:test";
import type { Database, Session } from "../../../src/ledger/database/database.ts";
import { LedgerAwayError } from "../../../src/ledger/errors.ts";
import { GroupCommit } from "../../../src/ledger/group-commit.ts";

/** A database that somebody else has locked, until `unlock`. It holds nothing. */
function lockedDatabase() {
  let unlock: () => void = () => undefined;
  const unlocked = new Promise<void>((resolve) => {
    unlock = resolve;
  });
  const session: Session = { query: async () => [], bulk: async () => [] };
  let writes = 0;
  const write = async <T>(work: (session: Session) => Promise<T>): Promise<T> => {
    writes += 1;
    await unlocked;
    return work(session);
  };
  const database: Database = {
    ...session,
    ...{ write, writeSchema: write, snapshot: (work) => work(session), close: async () => undefined },
    dialect: { id: "INTEGER", inKeyOrder: "", texts: (value) => value },
  };
  return { database, unlock, writes: () => writes };
}

const entry = (result: number) => ({ needs: {}, post: () => result });

test("what waits too long behind a lock is refused as away, and never made", async () => {
  const { database, unlock, writes } = lockedDatabase();
  const changes = new GroupCommit(database, { patience: 30, mostWaiting: 5_000 });
  const made: number[] = [];
  const all = Array.from({ length: 3_000 }, (_, i) =>
    changes.make({ needs: {}, post: () => made.push(i) }).then(
      () => "made",
      (error: unknown) => (error instanceof LedgerAwayError ? "away" : "failed"),
    ),
  );
  // Those of the batch under way wait for the database itself, which has a limit of its own.
  const refused = await Promise.all(all.slice(512));
  expect(new Set(refused)).toEqual(new Set(["away"]));
  unlock();
  expect(new Set(await Promise.all(all.slice(0, 512)))).toEqual(new Set(["made"]));
  expect(await changes.make(entry(7))).toBe(7);
  expect(made.length).toBe(512);
  expect(writes()).toBe(2);
});

test("what comes while too many wait is refused at once, and the others are made", async () => {
  const { database, unlock } = lockedDatabase();
  const changes = new GroupCommit(database, { patience: 60_000, mostWaiting: 10 });
  const waiting = Array.from({ length: 10 }, (_, i) => changes.make(entry(i)));
  await expect(changes.make(entry(10))).rejects.toBeInstanceOf(LedgerAwayError);
  unlock();
  expect(await Promise.all(waiting)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(await changes.make(entry(11))).toBe(11);
});
