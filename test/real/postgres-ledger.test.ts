import { afterAll, beforeAll } from "bun:test";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { openPostgres } from "../../src/ledger/postgres.ts";
import { openSqlLedger } from "../../src/ledger/sql-ledger.ts";
import { ledgerContract } from "../contract/ledger.ts";
import { type Postgres, startPostgres } from "../peers/postgres.ts";

let postgres: Postgres;
let count = 0;

beforeAll(async () => {
  postgres = await startPostgres();
}, 60_000);
afterAll(() => postgres?.stop());

ledgerContract("PostgreSQL", async (now) => {
  count += 1;
  const url = await postgres.makeDatabase(`ledger-${count}`);
  const ledgers: Ledger[] = [];
  const again = async (): Promise<Ledger> => {
    const ledger = await openSqlLedger(openPostgres(url, { lost: () => undefined }), { now });
    ledgers.push(ledger);
    return ledger;
  };
  return {
    ledger: await again(),
    again,
    stop: async () => {
      for (const ledger of ledgers) await ledger.close();
    },
  };
});
