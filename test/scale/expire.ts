import type { Database } from "../../src/ledger/database/database.ts";
import { waitUntil } from "../peers/process.ts";

/** Rows in one transaction: slotd waits for no longer than it does for another slotd. */
const together = 500;

/** Lets the time of so many files of a domain have come, those that would have expired first. */
export async function expireSome(database: Database, domain: string, files: number): Promise<void> {
  const now = Date.now();
  for (let left = files; left > 0; left -= together) {
    await database.write((session) =>
      session.query(
        `UPDATE slotd_files SET due_at = $1, expires_at = $1 WHERE id IN (SELECT f.id FROM slotd_files f
          WHERE f.part = (SELECT a.id FROM slotd_accounts a WHERE a.domain = $2 AND a.jid = '' AND a.purpose = 'message')
          AND f.state = 1 AND f.due_at > $3 ORDER BY f.due_at LIMIT $4)`,
        [now, domain, now, Math.min(left, together)],
      ),
    );
  }
}

/** Waits until the files of a domain whose time had come have been removed. */
export async function untilSwept(database: Database, domain: string): Promise<void> {
  await waitUntil(
    `the expired files of ${domain} to be removed`,
    async () => {
      const rows = await database.query(
        `SELECT f.id FROM slotd_files f
          WHERE f.part = (SELECT a.id FROM slotd_accounts a WHERE a.domain = $1 AND a.jid = '' AND a.purpose = 'message')
          AND f.state IN (1, 3) AND f.due_at <= $2 LIMIT 1`,
        [domain, Date.now()],
      );
      return rows.length === 0;
    },
    300_000,
  );
}
