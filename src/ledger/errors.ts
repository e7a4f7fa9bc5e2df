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
