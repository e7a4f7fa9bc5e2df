/**
 * Percent-encodes text once, as UTF-8: letters, digits, `-`, `.`, `_` and `~` stay, every other byte becomes
 * `%XX` with uppercase digits, "/" included. This is the encoding of one path segment, of a query name and
 * of a query value. A lone surrogate has no UTF-8 form and is encoded as U+FFFD.
 *
 * Source: AWS Signature Version 4, UriEncode().
 */
export function uriEncode(text: string): string {
  // Most file names are of these alone, and this is a fifth of the cost.
  if (unreserved.test(text)) return text;
  return encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    (character) => leftOver[character] ?? "",
  );
}

/** As `uriEncode`, but "/" stays: the encoding of a whole path, which S3 encodes once and never normalises. */
export function uriEncodePath(path: string): string {
  return uriEncode(path).replaceAll("%2F", "/");
}

/** Undoes percent-encoding once ("+" stays "+"); undefined when a "%" sequence is broken or is not UTF-8. */
export function uriDecode(encoded: string): string | undefined {
  if (!encoded.includes("%")) return encoded;
  try {
    return decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
}

const unreserved = /^[A-Za-z0-9._~-]*$/;

/** What `encodeURIComponent` leaves and AWS does not. */
const leftOver: Readonly<Record<string, string>> = {
  "!": "%21",
  "'": "%27",
  "(": "%28",
  ")": "%29",
  "*": "%2A",
};
