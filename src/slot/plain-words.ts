import type { Bytes } from "./slot.ts";

const units = ["KiB", "MiB", "GiB", "TiB", "PiB"] as const;

/** A number of bytes as people read it: "5 bytes", "1.5 KiB", "10 MiB"; three digits at most, rounded. */
export function sizeInWords(bytes: Bytes): string {
  if (bytes < 1024) return bytes === 1 ? "1 byte" : `${bytes} bytes`;
  let value = bytes / 1024;
  let unit = 0;
  for (; value >= 999.5 && unit < units.length - 1; unit += 1) value /= 1024;
  return `${Number(value.toPrecision(3))} ${units[unit]}`;
}

/**
 * Two sizes of which one is too large for the other, as people read them: with their bytes where rounding would hide
 * which is the larger one.
 */
export function sizesInWords(size: Bytes, limit: Bytes): readonly [size: string, limit: string] {
  const words = [sizeInWords(size), sizeInWords(limit)] as const;
  if (words[0] !== words[1] || Math.max(size, limit) < 1024) return words;
  return [`${words[0]} (${size} bytes)`, `${words[1]} (${limit} bytes)`];
}

const [minute, hour, day] = [60, 3_600, 86_400];

/** How long from now on, rounded up; and from two hours on also at what time of day, from a day on with the date. */
export function timeInWords(when: Date, now: Date): string {
  const seconds = Math.max(1, Math.ceil((when.getTime() - now.getTime()) / 1000));
  if (seconds <= 90) return `in ${count(seconds, "second")}`;
  if (seconds <= 90 * minute) return `in ${count(Math.ceil(seconds / minute), "minute")}`;
  // A time that is told may not come before the one that is meant.
  const told = new Date(Math.ceil(when.getTime() / (minute * 1000)) * minute * 1000).toISOString();
  const time = `at ${told.slice(11, 16)} UTC`;
  if (seconds < day) return `in ${count(Math.ceil(seconds / hour), "hour")}, ${time}`;
  return `in ${count(Math.ceil(seconds / day), "day")}, on ${told.slice(0, 10)} ${time}`;
}

function count(number: number, what: string): string {
  return number === 1 ? `1 ${what}` : `${number} ${what}s`;
}
