import { dayOf } from "./accounts.ts";
import type { BulkStatement, Database, Row, Session, Value } from "./database/database.ts";
import type { GroupCommit } from "./group-commit.ts";
import type { Pruned } from "./ledger.ts";

/** How many rows of a table are looked at in one go; what they need is done in one transaction of some milliseconds. */
const pageSize = 1_000;

/** How long a bucket has to be full; milliseconds. The clocks of several slotd may differ. */
const fullFor = 3_600_000;

/**
 * How long a user must not have asked for a slot; days. A PUT URL is valid for 7 at most, and the store is asked once
 * more a day after that: all that is left of an older reservation is due.
 */
const idleFor = 10;

/** What is due of an account that is idle may have been put off by this much; milliseconds. */
const putOff = 120_000;

/** How many overdue files are looked through for those of accounts; with more of them, accounts stay for now. */
const mostOverdue = 5_000;

/**
 * Removes rows that say nothing any more. Each call goes a page further through each table, and begins again at the
 * end: what it costs does not depend on how many rows there are.
 */
export class Pruning {
  readonly #database: Database;
  readonly #changes: GroupCommit;
  #afterRate: readonly Value[] = ["", ""];
  #afterAccount = 0;

  constructor(database: Database, changes: GroupCommit) {
    this.#database = database;
    this.#changes = changes;
  }

  async next(now: Date): Promise<Pruned> {
    return { rates: await this.#rates(now), accounts: await this.#accounts(now) };
  }

  /** A rate whose bucket is full is as one that was never used. */
  async #rates(now: Date): Promise<number> {
    const rows = await this.#database.query(
      `SELECT domain, name, full_at FROM slotd_rates WHERE (domain, name) > ($1, $2)
        ORDER BY domain, name LIMIT ${pageSize}`,
      this.#afterRate,
    );
    const last = rows.length < pageSize ? undefined : rows.at(-1);
    this.#afterRate = [last?.domain ?? "", last?.name ?? ""];
    const before = now.getTime() - fullFor;
    const full = rows.filter(({ full_at }) => Number(full_at) <= before);
    if (full.length === 0) return 0;
    const values = full.map(({ domain = "", name = "" }) => [domain, name, before]);
    return this.#changes.alone(async (session) => (await session.bulk(deleteRates, values)).length);
  }

  /** An account that holds nothing and has not been used for long is as one that never was. */
  async #accounts(now: Date): Promise<number> {
    const rows = await this.#database.query(
      `SELECT a.id, p.id AS part, a.files, a.day FROM slotd_accounts a
        JOIN slotd_accounts p ON p.domain = a.domain AND p.jid = '' AND p.purpose = a.purpose
        WHERE a.id > $1 AND a.jid <> '' ORDER BY a.id LIMIT ${pageSize}`,
      [this.#afterAccount],
    );
    this.#afterAccount = rows.length < pageSize ? 0 : Number(rows.at(-1)?.id);
    const lastDay = dayOf(now) - idleFor;
    const idle = rows.filter(({ files, day }) => Number(files) === 0 && Number(day) < lastDay);
    if (idle.length === 0) return 0;
    return this.#changes.alone((session) => deleteIdle(session, idle, lastDay, now));
  }
}

async function deleteIdle(
  session: Session,
  idle: readonly Row[],
  lastDay: number,
  now: Date,
): Promise<number> {
  const kept = new Set<number>();
  for (const part of new Set(idle.map((row) => Number(row.part)))) {
    for (const state of [2, 3]) {
      const rows = await session.query(
        `SELECT f.account FROM slotd_files f WHERE f.part = $1 AND f.state = ${state} AND f.due_at <= $2
          LIMIT ${mostOverdue}`,
        [part, now.getTime() + putOff],
      );
      if (rows.length === mostOverdue) return 0;
      for (const { account } of rows) kept.add(Number(account));
    }
  }
  const free = idle.filter(({ id }) => !kept.has(Number(id))).map(({ id }) => [Number(id), lastDay]);
  return (await session.bulk(deleteAccounts, free)).length;
}

const deleteRates: BulkStatement = {
  input: { domain: "text", name: "text", before: "bigint" },
  sql: `DELETE FROM slotd_rates WHERE EXISTS (SELECT 1 FROM input WHERE input.domain = slotd_rates.domain
    AND input.name = slotd_rates.name AND slotd_rates.full_at <= input.before) RETURNING name`,
  single: "DELETE FROM slotd_rates WHERE domain = $1 AND name = $2 AND full_at <= $3 RETURNING name",
};

const isIdle = `bytes = 0 AND files = 0 AND reserved_bytes = 0 AND reserved_files = 0
  AND NOT EXISTS (SELECT 1 FROM slotd_files f WHERE f.account = slotd_accounts.id AND f.state = 1)`;

const deleteAccounts: BulkStatement = {
  input: { id: "bigint", last_day: "bigint" },
  sql: `DELETE FROM slotd_accounts WHERE id IN (SELECT id FROM input) AND day < (SELECT MIN(last_day) FROM input)
    AND ${isIdle} RETURNING id`,
  single: `DELETE FROM slotd_accounts WHERE id = $1 AND day < $2 AND ${isIdle} RETURNING id`,
};
