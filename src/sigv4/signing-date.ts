/** A number of whole seconds. */
export type Seconds = number;

/**
 * Writes a date as X-Amz-Date: `YYYYMMDDThhmmssZ` in UTC; the fraction of a second is dropped.
 *
 * @throws {RangeError} for an invalid date and outside the years 1000 to 9999.
 */
export function formatSigningDate(date: Date): string {
  const year = date.getUTCFullYear();
  if (!(year >= 1000 && year <= 9999)) throw new RangeError("A signing date needs a year from 1000 to 9999.");
  const day = year * 10000 + (date.getUTCMonth() + 1) * 100 + date.getUTCDate();
  const time = date.getUTCHours() * 10000 + date.getUTCMinutes() * 100 + date.getUTCSeconds();
  // The million keeps the zeros in front, at half the cost of padStart.
  return `${day}T${String(1_000_000 + time).slice(1)}Z`;
}

/** Reads an X-Amz-Date; undefined when it is not of that form or names no real moment. */
export function parseSigningDate(text: string): Date | undefined {
  const iso = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (!iso) return undefined;
  const date = new Date(`${iso[1]}-${iso[2]}-${iso[3]}T${iso[4]}:${iso[5]}:${iso[6]}Z`);
  // A date like 30 February may roll over into March.
  return date.getUTCFullYear() >= 1000 && formatSigningDate(date) === text ? date : undefined;
}

/** The day of a signing date, as credential scopes name it: `YYYYMMDD`. */
export function dayOf(signingDate: string): string {
  return signingDate.slice(0, 8);
}
