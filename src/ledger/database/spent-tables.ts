import type { Dialect } from "./database.ts";

/**
 * The tables of the spent addresses: in a ledger, or in a file of their own.
 *
 * An address is the first 104 bits of a hash, in two numbers; nothing else is known of it. `generation` is that of the
 * newest secret when it was spent: a secret of a later one makes it free. A row takes at most 100 bytes, its index
 * included.
 */
export function spentTables({ inKeyOrder }: Dialect): readonly string[] {
  return [
    `CREATE TABLE slotd_spent (
       high BIGINT NOT NULL, low BIGINT NOT NULL, generation INTEGER NOT NULL, PRIMARY KEY (high, low)) ${inKeyOrder}`,
    `CREATE TABLE slotd_secrets (
       space TEXT NOT NULL, mark TEXT NOT NULL, generation INTEGER NOT NULL, PRIMARY KEY (space, mark))`,
  ];
}
