import type { Row, Session } from "./database.ts";
import type { Disagreement } from "./ledger.ts";

/** What the files of every account come to: of users by their own, of a domain and of the whole by all of theirs. */
const listed = `
  SELECT u.id, COALESCE(s.bytes, 0) AS bytes, COALESCE(s.files, 0) AS files
    FROM slotd_accounts u
    LEFT JOIN (SELECT account, SUM(size) AS bytes, COUNT(*) AS files FROM slotd_files WHERE state IN (0, 1) GROUP BY account) s
      ON s.account = u.id
    WHERE u.jid <> ''
  UNION ALL
  SELECT d.id, COALESCE(SUM(f.size), 0), COUNT(f.id)
    FROM slotd_accounts d
    LEFT JOIN slotd_accounts a ON (d.domain = '' OR a.domain = d.domain) AND a.jid <> ''
    LEFT JOIN slotd_files f ON f.account = a.id AND f.state IN (0, 1)
    WHERE d.jid = ''
    GROUP BY d.id`;

/** The accounts whose sums are not those of their files. */
export async function auditSums(session: Session): Promise<Disagreement[]> {
  const rows = await session.query(
    `SELECT a.domain, a.jid, a.purpose, a.bytes, a.files, l.bytes AS listed_bytes, l.files AS listed_files
      FROM slotd_accounts a JOIN (${listed}) l ON l.id = a.id
      WHERE a.bytes <> l.bytes OR a.files <> l.files ORDER BY a.domain, a.jid, a.purpose`,
  );
  return rows.map(readDisagreement);
}

/** Makes every sum what its files come to. */
export async function mendSums(session: Session): Promise<void> {
  await session.query(
    `UPDATE slotd_accounts SET bytes = l.bytes, files = l.files FROM (${listed}) l
      WHERE l.id = slotd_accounts.id AND (slotd_accounts.bytes <> l.bytes OR slotd_accounts.files <> l.files)`,
  );
}

function readDisagreement(row: Row): Disagreement {
  const name = [row.domain, row.jid, row.purpose].filter((part) => part !== "").join(" ");
  return {
    account: name === "" ? "total" : name,
    counted: { bytes: Number(row.bytes), files: Number(row.files) },
    listed: { bytes: Number(row.listed_bytes), files: Number(row.listed_files) },
  };
}
