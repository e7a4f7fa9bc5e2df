import type { Row, Session } from "./database.ts";
import type { Disagreement } from "./ledger.ts";

/** What the files of every account come to: of users by their own, of a domain and of the whole by all of theirs. */
const listed = `
  WITH files AS (
    SELECT account, SUM(size) AS bytes, COUNT(*) AS files,
        SUM(CASE WHEN state = 0 THEN size ELSE 0 END) AS reserved_bytes,
        SUM(CASE WHEN state = 0 THEN 1 ELSE 0 END) AS reserved_files
      FROM slotd_files WHERE state IN (0, 1) GROUP BY account),
  users AS (
    SELECT a.id, a.domain, a.purpose, COALESCE(f.bytes, 0) AS bytes, COALESCE(f.files, 0) AS files,
        COALESCE(f.reserved_bytes, 0) AS reserved_bytes, COALESCE(f.reserved_files, 0) AS reserved_files
      FROM slotd_accounts a LEFT JOIN files f ON f.account = a.id WHERE a.jid <> ''),
  sums AS (
    SELECT domain, purpose, SUM(bytes) AS bytes, SUM(files) AS files, SUM(reserved_bytes) AS reserved_bytes,
        SUM(reserved_files) AS reserved_files
      FROM users GROUP BY domain, purpose)
  SELECT id, bytes, files, reserved_bytes, reserved_files FROM users
  UNION ALL
  SELECT d.id, COALESCE(SUM(s.bytes), 0), COALESCE(SUM(s.files), 0), COALESCE(SUM(s.reserved_bytes), 0),
      COALESCE(SUM(s.reserved_files), 0)
    FROM slotd_accounts d
    LEFT JOIN sums s ON s.purpose = d.purpose AND (d.domain = '' OR s.domain = d.domain)
    WHERE d.jid = '' GROUP BY d.id`;

/** The condition on an account and what is listed of it, `l`. */
const differs = (account: string) =>
  `(${["bytes", "files", "reserved_bytes", "reserved_files"].map((sum) => `${account}.${sum} <> l.${sum}`).join(" OR ")})`;

/** The accounts whose sums are not those of their files. */
export async function auditSums(session: Session): Promise<Disagreement[]> {
  const rows = await session.query(
    `SELECT a.domain, a.jid, a.purpose, a.bytes, a.files, a.reserved_bytes, a.reserved_files,
        l.bytes AS listed_bytes, l.files AS listed_files, l.reserved_bytes AS listed_reserved_bytes,
        l.reserved_files AS listed_reserved_files
      FROM slotd_accounts a JOIN (${listed}) l ON l.id = a.id
      WHERE ${differs("a")} ORDER BY a.domain, a.jid, a.purpose`,
  );
  return rows.map(readDisagreement);
}

/** Makes every sum what its files come to. */
export async function mendSums(session: Session): Promise<void> {
  await session.query(
    `UPDATE slotd_accounts SET bytes = l.bytes, files = l.files, reserved_bytes = l.reserved_bytes,
        reserved_files = l.reserved_files
      FROM (${listed}) l WHERE l.id = slotd_accounts.id AND ${differs("slotd_accounts")}`,
  );
}

function readDisagreement(row: Row): Disagreement {
  const name = [row.domain === "" ? "total" : row.domain, row.jid, row.purpose];
  return {
    account: name.filter((part) => part !== "").join(" "),
    counted: {
      ...{ bytes: Number(row.bytes), files: Number(row.files) },
      reserved: { bytes: Number(row.reserved_bytes), files: Number(row.reserved_files) },
    },
    listed: {
      ...{ bytes: Number(row.listed_bytes), files: Number(row.listed_files) },
      reserved: { bytes: Number(row.listed_reserved_bytes), files: Number(row.listed_reserved_files) },
    },
  };
}
