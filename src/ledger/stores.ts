import type { Database, Session } from "./database.ts";
import type { LedgerFile } from "./ledger.ts";
import { readFile, selectFiles } from "./rows.ts";

/** What each domain's store was called when it was last written down. */
export async function readStoreIds(
  database: Database,
  domains: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const rows = await database.query(
    `SELECT domain, store_id FROM slotd_stores WHERE domain IN ${database.dialect.texts("$1")}`,
    [JSON.stringify(domains)],
  );
  return new Map(rows.map(({ domain, store_id }) => [String(domain), String(store_id)]));
}

/** Writes down what the store of these domains is called, in place of what was there. */
export async function writeStoreId(session: Session, domains: readonly string[], id: string): Promise<void> {
  for (const domain of domains) {
    await session.query("DELETE FROM slotd_stores WHERE domain = $1", [domain]);
    await session.query("INSERT INTO slotd_stores (domain, store_id) VALUES ($1, $2)", [domain, id]);
  }
}

/**
 * Complete files of a domain, of as many users as `limit` lets: of each account the newest, and then the oldest. An
 * account without complete files takes one look into an index.
 */
export async function sampleFiles(
  database: Database,
  domain: string,
  limit: number,
): Promise<readonly LedgerFile[]> {
  const ends = ["MAX", "MIN"].map(async (end) => {
    const ofAccount = `SELECT ${end}(g.id) FROM slotd_files g WHERE g.account = a.id AND g.state = 1`;
    const rows = await database.query(
      `${selectFiles.accountsFirst} a.domain = $1 AND a.jid <> '' AND a.files > 0 AND f.id = (${ofAccount}) LIMIT $2`,
      [domain, limit],
    );
    return rows.map(readFile);
  });
  const files = (await Promise.all(ends)).flat();
  return [...new Map(files.map((file) => [file.token, file])).values()].slice(0, limit);
}
