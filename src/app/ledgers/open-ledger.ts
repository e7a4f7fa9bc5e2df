import type { LedgerLocation } from "../../config/values.ts";
import type { Database } from "../../ledger/database/database.ts";
import { openSqlite } from "../../ledger/database/sqlite.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import { openSqlLedger } from "../../ledger/sql-ledger.ts";
import type { Logger } from "../../ops/log.ts";

/**
 * Opens the ledger at a location; undefined where there is none. A PostgreSQL that is away is connected to as soon as
 * it is back.
 *
 * @throws {LedgerAwayError} when an SQLite file cannot be opened.
 * @throws {LedgerSchemaError} when a newer slotd has used the database.
 */
export async function openLedger(
  location: LedgerLocation,
  deps: { readonly now: () => Date; readonly log: Logger },
): Promise<Ledger | undefined> {
  if (location.kind === "none") return undefined;
  return openSqlLedger(await openDatabase(location, deps.log), deps);
}

async function openDatabase(
  location: Exclude<LedgerLocation, { readonly kind: "none" }>,
  log: Logger,
): Promise<Database> {
  if (location.kind === "sqlite") return openSqlite(location.path);
  const lost = (error: Error) => log.debug(`A connection to the ledger's database broke: ${error.message}.`);
  // Its client takes memory and time, which those who have no PostgreSQL need not spend.
  const { openPostgres } = await import("../../ledger/database/postgres.ts");
  return openPostgres(location.url, { lost });
}
