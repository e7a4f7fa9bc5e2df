const pattern = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.\d{1,9})?(?:Z|([+-])(\d{2}):(\d{2}))$/;

/**
 * Reads a date and time with its time zone. A fraction of a second is dropped.
 *
 * @returns undefined when it is none, such as the 30th of February or a time without a zone.
 *
 * Source: XEP-0082 §3.2.
 */
export function parseDateTime(text: string): Date | undefined {
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
  const zoneHours = Number(match[8] ?? 0);
  const zoneMinutes = Number(match[9] ?? 0);
  if (hour > 23 || minute > 59 || second > 59 || zoneHours > 23 || zoneMinutes > 59) return undefined;
  const local = new Date(Date.UTC(2000, month - 1, day, hour, minute, second));
  // Date.UTC takes the years 0 to 99 for those of the last century.
  local.setUTCFullYear(year, month - 1, day);
  if (local.getUTCMonth() !== month - 1 || local.getUTCDate() !== day) return undefined;
  const offset = (zoneHours * 60 + zoneMinutes) * (match[7] === "-" ? -1 : 1);
  return new Date(local.getTime() - offset * 60_000);
}

/**
 * Writes a date and time in UTC with whole seconds, rounded up: whoever waits for it has waited long enough.
 *
 * Source: XEP-0082 §3.2.
 */
export function formatDateTime(date: Date): string {
  const seconds = Math.ceil(date.getTime() / 1000);
  return new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
}
