const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const time = "(\\d{2}):(\\d{2}):(\\d{2})";
const imfFixdate = new RegExp(`^[A-Z][a-z]{2}, (\\d{2}) ([A-Z][a-z]{2}) (\\d{4}) ${time} GMT$`);
const rfc850Date = new RegExp(`^[A-Z][a-z]{5,8}, (\\d{2})-([A-Z][a-z]{2})-(\\d{2}) ${time} GMT$`);
const asctimeDate = new RegExp(`^[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([ \\d]\\d) ${time} (\\d{4})$`);

/**
 * Reads an HTTP date in its present form and in both old ones, to the second; undefined when it is none.
 *
 * @param now tells which century a year of two digits is in.
 *
 * Source: RFC 9110 §5.6.7.
 */
export function parseHttpDate(text: string, now: Date): Date | undefined {
  const fixed = imfFixdate.exec(text);
  if (fixed) return dateOf(fixed[3], fixed[2], fixed[1], fixed.slice(4));
  const asctime = asctimeDate.exec(text);
  if (asctime) return dateOf(asctime[6], asctime[1], asctime[2], asctime.slice(3, 6));
  const rfc850 = rfc850Date.exec(text);
  return rfc850 ? dateOf(fullYear(Number(rfc850[3]), now), rfc850[2], rfc850[1], rfc850.slice(4)) : undefined;
}

/** Writes an HTTP date; parts of a second are dropped. */
export function formatHttpDate(date: Date): string {
  return date.toUTCString();
}

function dateOf(
  year: string | number | undefined,
  month: string | undefined,
  day: string | undefined,
  [hour, minute, second]: readonly string[],
): Date | undefined {
  const index = months.indexOf(month ?? "");
  if (index < 0) return undefined;
  const date = new Date(
    Date.UTC(Number(year), index, Number(day), Number(hour), Number(minute), Number(second)),
  );
  const isReal = date.getUTCDate() === Number(day) && date.getUTCHours() === Number(hour);
  return isReal ? date : undefined;
}

/** A date that looks more than 50 years in the future is the most recent past year with these digits. */
function fullYear(digits: number, now: Date): number {
  const year = now.getUTCFullYear() - (now.getUTCFullYear() % 100) + digits;
  return year > now.getUTCFullYear() + 50 ? year - 100 : year;
}
