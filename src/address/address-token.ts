import { createHash } from "node:crypto";

/** 172 bits of a hash. The number is odd: slotd's own tokens are whole bytes, and nobody can request a slot for one. */
const digits = 43;

/**
 * The token of a file that slotd did not name: one that was imported, or uploaded to a slot of the XMPP server's own
 * module. It depends on the address alone, so the file is found without an index.
 *
 * @param space the canonical base of the address space (`AddressSpace.name`); addresses of two spaces never meet.
 * @param key as `addressKey` gives it.
 * @returns 43 lowercase hex digits.
 */
export function addressToken(space: string, key: string): string {
  const message = `slotd address 1\n${space}\n${key}`;
  return createHash("sha256").update(message, "utf8").digest("hex").slice(0, digits);
}
