/** Digits and letters that are not mistaken for each other, in speech or in writing. */
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

/**
 * Makes a reference: what a requester is told, and what the log's line has. 8 characters of 40 random bits: two of a
 * million requests share one with a chance of a third, and then differ in their time.
 *
 * @param randomBytes gives so many random bytes.
 */
export function newReference(randomBytes: (length: number) => Uint8Array): string {
  const bytes = randomBytes(8);
  let reference = "";
  for (let i = 0; i < bytes.length; i += 1) reference += alphabet[(bytes[i] ?? 0) % 32];
  return reference;
}
