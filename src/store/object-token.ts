/*
 * A token is 16 to 192 lowercase hex digits. On S3, where nothing else is kept with an object that slotd could read
 * without asking for it, the token of an object that expires goes on with "-" and the seconds since 1970. Whoever
 * changes that has the address of an object that is not there.
 */

/** Adds the time at which an object expires to its token. */
export function datedToken(token: string, expiry: Date): string {
  return `${token}-${Math.floor(expiry.getTime() / 1000)}`;
}

/** Whether a text is a token, with or without a time. */
export function isToken(text: string): boolean {
  return /^[0-9a-f]{16,192}(-\d{1,12})?$/.test(text);
}

/** The time in a token; undefined when there is none. */
export function expiryOfToken(token: string): Date | undefined {
  const seconds = /-(\d{1,12})$/.exec(token)?.[1];
  return seconds === undefined ? undefined : new Date(Number(seconds) * 1000);
}

/**
 * Whether a token was made from an address (address/address-token.ts). Such a token has an odd number of digits, and
 * the object's own meta data have its filename: whatever follows in the path of a request does not count.
 */
export function isAddressToken(token: string): boolean {
  return token.length % 2 === 1 && /^[0-9a-f]{17,191}$/.test(token);
}
