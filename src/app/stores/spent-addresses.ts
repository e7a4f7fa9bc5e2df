import { join } from "node:path";
import type { Ledger } from "../../ledger/ledger.ts";
import { SpentFile } from "../../ledger/spent-file.ts";
import type { SpentAddresses } from "../../store/spent-addresses.ts";

/** The spent addresses of a data folder: a file in it, so that they go where the files go. */
export function spentIn(folder: string): SpentFile {
  return new SpentFile(join(folder, "spent-addresses.db"));
}

/** The spent addresses of a bucket, which are in the ledger. */
export function spentInLedger(ledger: Ledger): SpentAddresses {
  return {
    has: (token, generation) => ledger.isSpent(token, generation),
    add: (tokens) => ledger.addSpent(tokens),
    generationOf: (space, mark) => ledger.secretGeneration(space, mark),
  };
}
