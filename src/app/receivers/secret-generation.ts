import { scrypt } from "node:crypto";
import type { SpentAddresses } from "../../store/spent-addresses.ts";

/**
 * Gives the generation of a receiver's secret, which is looked up, or noted, when it is first asked for: the ledger may
 * be away when slotd starts. What fails is tried again the next time.
 */
export function secretGeneration(
  space: string,
  secret: string,
  spent: Pick<SpentAddresses, "generationOf">,
): () => Promise<number> {
  let known: Promise<number> | undefined;
  return () => {
    known ??= markOf(space, secret)
      .then((mark) => spent.generationOf(space, mark))
      .catch((error: unknown) => {
        known = undefined;
        throw error;
      });
    return known;
  };
}

/** What tells secrets apart. Whoever reads it and guesses has to spend 16 MiB and 50 ms on each guess. */
function markOf(space: string, secret: string): Promise<string> {
  return new Promise((resolve, reject) => {
    scrypt(secret, `slotd receiver ${space}`, 16, { N: 16_384, r: 8, p: 1 }, (error, key) => {
      // COMPAT(Bun 1.4): without an error it is undefined, and not null.
      if (error) reject(error);
      else resolve(key.toString("hex"));
    });
  });
}
