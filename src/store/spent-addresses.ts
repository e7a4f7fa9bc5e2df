import type { Inventory } from "./inventory.ts";
import { isAddressToken } from "./object-token.ts";

/**
 * The port for what is remembered of addresses whose files were deleted: that they were. A URL that an XMPP server's
 * own module signed never expires, so that nothing else keeps such a file from being uploaded again.
 *
 * An address is remembered for good, by at most 100 bytes in which no name, host or person can be read. Every method
 * throws when what is remembered cannot be reached; then nothing must be uploaded to an address, nor deleted from one.
 */
export interface SpentAddresses {
  /**
   * Whether the file of an address token was deleted.
   *
   * @param generation of the secret that proves the upload: what was spent before it is free. 0 when absent.
   */
  has(token: string, generation?: number): Promise<boolean>;
  /** Remembers address tokens; durable when the promise resolves. */
  add(tokens: readonly string[]): Promise<void>;
  /**
   * The generation of a receiver's secret. One that is new in an address space, which has had another one, begins a
   * new generation; one that was there before has the one it had.
   *
   * @param mark tells secrets apart, and does not give them away.
   */
  generationOf(space: string, mark: string): Promise<number>;
}

/** The same inventory, which remembers the addresses of the objects that it removes, before it removes them. */
export function rememberingInventory(inventory: Inventory, spent: SpentAddresses): Inventory {
  return {
    list: () => inventory.list(),
    sizeOf: (object) => inventory.sizeOf(object),
    async remove(objects) {
      const addressed = objects.flatMap(({ token }) => (isAddressToken(token) ? [token] : []));
      if (addressed.length > 0) await spent.add(addressed);
      return inventory.remove(objects);
    },
  };
}
