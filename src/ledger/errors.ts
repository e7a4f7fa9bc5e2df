/** The database cannot be reached, or takes no changes, at present; asking again later is right. */
export class LedgerAwayError extends Error {
  readonly code = "ledger-away";
  constructor(why: string, cause?: unknown) {
    super(`The ledger's database is away: ${why}`, { cause });
    this.name = "LedgerAwayError";
  }
}

/** The database holds something that this slotd must not touch. */
export class LedgerSchemaError extends Error {
  readonly code = "ledger-schema";
  constructor(found: number, known: number) {
    super(
      `The ledger's database has schema ${found}, and this slotd knows schemas up to ${known}: a newer slotd has used it. ` +
        "Start that version, or name another database in ledger.url.",
    );
    this.name = "LedgerSchemaError";
  }
}

/** The database cannot hold every JID and filename. */
export class LedgerEncodingError extends Error {
  readonly code = "ledger-encoding";
  constructor(encoding: string) {
    super(
      `The ledger's database is encoded in ${encoding}, which lacks letters that JIDs and filenames have; expected UTF8. ` +
        "Make one with CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0, and name it in ledger.url.",
    );
    this.name = "LedgerEncodingError";
  }
}
