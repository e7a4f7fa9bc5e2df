import pg from "pg";
import { LedgerAwayError, LedgerEncodingError } from "../errors.ts";
import type { BulkStatement, Database, Dialect, Row, Session, Value } from "./database.ts";

/** How long a connection, and an answer, may take until the database counts as away; milliseconds. */
const patience = 5_000;

/** How long a change waits for others that are writing; milliseconds. */
const lockPatience = 4_000;

/** What a transaction needs is stated in it: the defaults of a database or a role may be others. */
const begin = {
  write: "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
  snapshot: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
};

/** Connections that read. The one that writes comes beside them. */
const readers = 3;

export interface PostgresEvents {
  /** A connection broke while nobody waited for it. */
  readonly lost: (error: Error) => void;
}

/**
 * The PostgreSQL database of this URL (`postgres://user:password@host:port/name`, with the parameters that libpq
 * knows for TLS). It is connected to when it is needed, and again after every loss.
 *
 * Its tables are made in the first schema of the search path.
 */
export function openPostgres(url: string, events: PostgresEvents): Database {
  return new PostgresDatabase(url, events);
}

const int8 = 20;

class PostgresDatabase implements Database {
  readonly dialect: Dialect = {
    id: "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
    inKeyOrder: "",
    texts: (value) => `(SELECT json_array_elements_text(${value}::json))`,
  };
  readonly #readers: pg.Pool;
  readonly #writers: pg.Pool;
  readonly #reader: Session;

  constructor(url: string, { lost }: PostgresEvents) {
    const common: pg.PoolConfig = {
      connectionString: url,
      application_name: "slotd",
      connectionTimeoutMillis: patience,
      // The server gives up first, so that nothing is carried out later for which nobody waits.
      statement_timeout: patience - 500,
      lock_timeout: lockPatience,
      idle_in_transaction_session_timeout: 2 * patience,
      query_timeout: patience,
      keepAlive: true,
      idleTimeoutMillis: 60_000,
      types: { getTypeParser },
    };
    this.#readers = new pg.Pool({ ...common, max: readers, onConnect: readCommitted });
    this.#writers = new pg.Pool({ ...common, max: 1 });
    // Unheard, the loss of an idle connection would end the process.
    for (const pool of [this.#readers, this.#writers]) pool.on("error", lost);
    this.#reader = sessionOf(this.#readers);
  }

  query(sql: string, values?: readonly Value[]): Promise<readonly Row[]> {
    return this.#reader.query(sql, values);
  }

  bulk(statement: BulkStatement, input: readonly (readonly Value[])[]): Promise<readonly Row[]> {
    return this.#reader.bulk(statement, input);
  }

  write<T>(work: (session: Session) => Promise<T>): Promise<T> {
    // The account of the whole is part of every change: whoever has its row is alone.
    const lock = "SELECT id FROM slotd_accounts WHERE domain = '' AND jid = '' AND purpose = '' FOR UPDATE";
    return transaction(this.#writers, [begin.write, lock], work);
  }

  writeSchema<T>(work: (session: Session) => Promise<T>): Promise<T> {
    // Any number will do, as long as every slotd takes the same: "slot".
    const lock = "SELECT pg_advisory_xact_lock(1936486260)";
    return transaction(this.#writers, [begin.write, lock], async (session) => {
      await refuseOtherEncodings(session);
      return work(session);
    });
  }

  snapshot<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return transaction(this.#readers, [begin.snapshot], work);
  }

  async close(): Promise<void> {
    await Promise.all([this.#readers.end(), this.#writers.end()]);
  }
}

/** A single statement is a transaction, too: it has the level that this service is written for, whatever the default. */
async function readCommitted(client: pg.ClientBase): Promise<void> {
  await client.query("SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED");
}

async function transaction<T>(
  pool: pg.Pool,
  begin: readonly string[],
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const client = await pool.connect().catch(throwAway);
  let broken: Error | undefined;
  const note = (error: Error): void => {
    broken = error;
  };
  client.on("error", note);
  try {
    const session = sessionOf(client);
    for (const statement of begin) await session.query(statement);
    const result = await work(session);
    await session.query("COMMIT");
    return result;
  } catch (error) {
    if (error instanceof LedgerAwayError) broken = error;
    else await client.query("ROLLBACK").catch(note);
    throw error;
  } finally {
    client.off("error", note);
    // A connection of which it is not known how it stands is closed; the next change gets a new one.
    client.release(broken);
  }
}

/**
 * JIDs and filenames have every letter there is, and an encoding that lacks some would refuse their slots one by one.
 */
async function refuseOtherEncodings(session: Session): Promise<void> {
  const [row] = await session.query("SELECT current_setting('server_encoding') AS encoding");
  const encoding = String(row?.encoding);
  // SQL_ASCII keeps the bytes that it is sent, which are those of UTF-8.
  if (encoding !== "UTF8" && encoding !== "SQL_ASCII") throw new LedgerEncodingError(encoding);
}

function sessionOf(client: pg.Pool | pg.PoolClient): Session {
  const query = async (text: string, values: readonly unknown[]): Promise<readonly Row[]> => {
    try {
      return (await client.query<Row>(text, [...values])).rows;
    } catch (error) {
      throw awayIfAway(error);
    }
  };
  return {
    query: (sql, values = []) => query(sql, values),
    async bulk({ input, sql }, rows) {
      if (rows.length === 0) return [];
      const columns = Object.entries(input);
      const arrays = columns.map(([, type], i) => `$${i + 1}::${type}[]`).join(", ");
      const names = columns.map(([name]) => name).join(", ");
      return query(
        `WITH input (${names}) AS (SELECT * FROM unnest(${arrays})) ${sql}`,
        columns.map((_, i) => rows.map((row) => row[i] ?? null)),
      );
    },
  };
}

/** 64-bit numbers come as numbers, not as texts: all of ours are within 2^53. */
function getTypeParser(...[type, format]: Parameters<typeof pg.types.getTypeParser>) {
  return type === int8 ? Number : pg.types.getTypeParser(type, format);
}

function throwAway(error: unknown): never {
  throw awayIfAway(error);
}

/** Classes of SQLSTATE that say something of our statement and not of the database. Source: PostgreSQL, Appendix A. */
const oursToFix = /^(0A|21|22|23|26|42(?!501))/;

function awayIfAway(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof LedgerAwayError) return error;
  const isOurs = error instanceof pg.DatabaseError && oursToFix.test(error.code ?? "");
  return isOurs ? error : new LedgerAwayError(`PostgreSQL: ${error.message}.`, error);
}
