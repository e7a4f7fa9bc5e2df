import pg from "pg";
import { SourceError } from "../source.ts";
import type { Query } from "./slot-database.ts";
import { openStrangeDatabase } from "./strange-sqlite.ts";

/** A database that is open for queries. */
export interface OpenQuery {
  readonly query: Query;
  close(): Promise<void>;
}

/** How long an answer of PostgreSQL may take; milliseconds. */
const patience = 60_000;

/**
 * Opens the database of Prosody's SQL storage, for reading only.
 *
 * @param database the path of an SQLite file, or a postgres:// URL. The URL, which holds a password, is in no message.
 * @throws {SourceError} when it cannot be reached, or is not Prosody's.
 */
export async function openSlotDatabase(database: string): Promise<OpenQuery> {
  if (/^postgres(ql)?:\/\//.test(database)) return openPostgres(database);
  const { rows, close } = openStrangeDatabase(database, "prosodyarchive");
  return {
    query: async (sql, values) => rows(sql.replace(/\$(\d)/g, "?$1"), ...values),
    close: async () => close(),
  };
}

async function openPostgres(url: string): Promise<OpenQuery> {
  const client = new pg.Client({
    connectionString: url,
    application_name: "slotd import",
    connectionTimeoutMillis: 10_000,
    statement_timeout: patience,
    query_timeout: patience + 1_000,
  });
  // The loss of the connection is told by the next query. Unheard, it would end the process.
  client.on("error", () => undefined);
  const told = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new SourceError(`Prosody's PostgreSQL database cannot be read: ${reason}.`, error);
    }
  };
  await told(client.connect());
  try {
    await told(client.query("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY"));
  } catch (error) {
    await client.end();
    throw error;
  }
  return {
    query: async (sql, values) => (await told(client.query(sql, [...values]))).rows,
    close: () => client.end(),
  };
}
