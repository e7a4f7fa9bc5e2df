import type { Session } from "./database/database.ts";
import type { LedgerFile } from "./ledger.ts";
import { findFiles, readFile } from "./rows.ts";

/** A slot that was given so much later than now was given by a clock that was wrong; milliseconds. */
const wrongClock = 5 * 60_000;

/** Nothing puts off the question to the store for longer, not even the longest PUT URL (7 days); milliseconds. */
const longestWait = 8 * 86_400_000;

/** How many reserved files are looked at in one go. */
const pageSize = 200;

const atStart = [-1, ""] as const;

/**
 * Finds the reserved files about which the store would be asked far too late, for they were written down by a clock
 * that was ahead: until then they would hold their owner's quota.
 *
 * Each call looks at one page of the reserved files, by their index, and goes on after it the next time: the cost does
 * not grow with their number, only the time until all were looked at.
 */
export class MisdatedReservations {
  #after: readonly [key: number, token: string] = atStart;

  /** Those of the next page. */
  async next(reader: Session, now: Date): Promise<readonly LedgerFile[]> {
    const rows = await reader.query(
      `SELECT f.token_key, f.token, f.reserved_at, f.due_at FROM slotd_files f
        WHERE f.state = 0 AND (f.token_key, f.token) > ($1, $2) ORDER BY f.token_key, f.token LIMIT ${pageSize}`,
      this.#after,
    );
    const last = rows.length < pageSize ? undefined : rows.at(-1);
    this.#after = last === undefined ? atStart : [Number(last.token_key), String(last.token)];
    const misdated = rows.filter(
      ({ reserved_at, due_at }) =>
        Number(due_at) > now.getTime() &&
        (Number(reserved_at) > now.getTime() + wrongClock || Number(due_at) > now.getTime() + longestWait),
    );
    const found = await reader.bulk(
      findFiles,
      misdated.map(({ token_key, token }) => [token_key ?? null, token ?? null]),
    );
    return found.map(readFile).filter(({ state }) => state === "reserved");
  }
}
