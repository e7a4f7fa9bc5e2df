import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqlite } from "../../../src/ledger/database/sqlite.ts";
import type { Ledger } from "../../../src/ledger/ledger.ts";
import { openSqlLedger } from "../../../src/ledger/sql-ledger.ts";
import type { TestLedger } from "../../contract/ledger.ts";

/** A ledger on SQLite in a folder of its own. */
export async function openTestLedger(now: () => Date): Promise<TestLedger & { readonly path: string }> {
  const folder = await mkdtemp(join(tmpdir(), "slotd-ledger-"));
  const path = join(folder, "slotd.db");
  const ledgers: Ledger[] = [];
  const again = async (): Promise<Ledger> => {
    const ledger = await openSqlLedger(await openSqlite(path), { now });
    ledgers.push(ledger);
    return ledger;
  };
  return {
    ledger: await again(),
    again,
    path,
    stop: async () => {
      for (const ledger of ledgers) await ledger.close();
      await rm(folder, { recursive: true });
    },
  };
}
