/** What a column can hold here. Numbers are whole and within 2^53. */
export type Value = string | number | null;

export type Row = Readonly<Record<string, Value>>;

/**
 * A statement that is carried out for many rows of input at once. Its SQL reads them from a table `input` with the
 * columns named here.
 */
export interface BulkStatement {
  readonly input: Readonly<Record<string, "text" | "bigint">>;
  readonly sql: string;
  /** The same for one row, with `$1`, `$2`, ... for its columns, for a database that is quicker row by row. */
  readonly single?: string;
}

/** Statements with `$1`, `$2`, ... for their values, in SQL that SQLite and PostgreSQL both read. */
export interface Session {
  query(sql: string, values?: readonly Value[]): Promise<readonly Row[]>;
  /** @returns the rows of all, in no particular order. Does nothing without input. */
  bulk(statement: BulkStatement, input: readonly (readonly Value[])[]): Promise<readonly Row[]>;
}

/**
 * The inner port: what the ledger needs of a database. The SQL itself is written once, in this folder; an adapter
 * knows how to reach its database, how to bind values, and what of an error means that the database is away.
 */
export interface Database extends Session {
  /** What a migration writes where the two differ. */
  readonly dialect: Dialect;
  /**
   * Carries out `work` in a transaction, alone: no other `write` on this database, of whatever process, is under way
   * meanwhile. Durable when the promise resolves, nothing changed when it rejects (but see LedgerAwayError).
   * `query` and `bulk` of the database itself see nothing of it until then. One `write` at a time is called.
   *
   * @throws {LedgerAwayError} when others hold the lock for longer than a few seconds.
   */
  write<T>(work: (session: Session) => Promise<T>): Promise<T>;
  /** The same, before there are tables: two processes that start at once come one after the other. */
  writeSchema<T>(work: (session: Session) => Promise<T>): Promise<T>;
  /**
   * Reads in one state of the database, as it was committed at the first statement, on a connection of its own. It
   * takes no lock that a `write` waits for; many small statements are better than a large one, for what limits a
   * statement's time is in force, and SQLite blocks this process meanwhile.
   */
  snapshot<T>(work: (session: Session) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export interface Dialect {
  /** The column type of a whole number that the database counts up by itself. */
  readonly id: string;
  /** What ends the statement that makes a table whose rows lie in the order of its key, where that can be said. */
  readonly inKeyOrder: string;
  /** An expression for the list of texts that a JSON array of texts in a value holds, for `IN`. */
  texts(value: string): string;
}
