import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Ledger } from "../../../src/ledger/ledger.ts";
import { openSqlLedger } from "../../../src/ledger/sql-ledger.ts";
import { openSqlite } from "../../../src/ledger/sqlite.ts";
import { ledgerContract } from "../../contract/ledger.ts";

ledgerContract("SQLite", async (now) => {
  const folder = await mkdtemp(join(tmpdir(), "slotd-ledger-"));
  const ledgers: Ledger[] = [];
  const again = async (): Promise<Ledger> => {
    const ledger = await openSqlLedger(await openSqlite(join(folder, "slotd.db")), { now });
    ledgers.push(ledger);
    return ledger;
  };
  return {
    ledger: await again(),
    again,
    stop: async () => {
      for (const ledger of ledgers) await ledger.close();
      await rm(folder, { recursive: true });
    },
  };
});
