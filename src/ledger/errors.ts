/** The database cannot be reached, or takes no changes, at present; asking again later is right. */
export class LedgerAwayError extends Error {
  readonly code = "ledger-away";
  constructor(why: string, cause?: unknown) {
    super(`The ledger's database is unavailable: ${why}`, { cause });
    this.name = "LedgerAwayError";
  }
}

/** The database holds something that this slotd must not touch. */
export class LedgerSchemaError extends Error {
  readonly code = "ledger-schema";
  constructor(found: number, known: number) {
    super(
      `The ledger's database has schema ${found}, and this slotd supports schemas up to ${known}: a newer slotd has used it. ` +
        "Use that version, or set ledger.url to another database.",
    );
    this.name = "LedgerSchemaError";
  }
}

/** The database cannot hold every JID and filename. */
export class LedgerEncodingError extends Error {
  readonly code = "ledger-encoding";
  constructor(encoding: string) {
    super(
      `The ledger's database is encoded in ${encoding}, which cannot represent all JIDs and filenames; expected UTF8. ` +
        "Create one with CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0, and set ledger.url to it.",
    );
    this.name = "LedgerEncodingError";
  }
}
