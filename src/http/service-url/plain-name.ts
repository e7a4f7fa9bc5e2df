/**
 * The filename as ejabberd itself would put it into a URL: every character but Unicode letters, digits and `_ . -` is
 * one `_`. Letters with combining accents are composed first, so that they stay letters.
 *
 * COMPAT(ejabberd up to 25.07): it percent-encodes the URLs that it is given, `%` too, and leaves only ASCII letters,
 * digits and `_ . - / :` as they are; later ones pass them on as they are. A URL of letters, digits and those
 * characters is the same URL after either.
 *
 * "." and ".." stay what they are, and a name that is too long stays so, for whoever reads it to refuse.
 */
export function plainName(filename: string): string {
  return filename.normalize("NFC").replace(/[^\p{L}\p{N}_.-]/gu, "_");
}

/**
 * A URL of slotd's whose filename is plain, as ejabberd has to be given it: its path is not percent-encoded. The query
 * stays as it is (see http/upload/encoded-query.ts).
 *
 * @throws {URIError} when its path is not percent-encoded UTF-8: slotd makes no such URL.
 */
export function plainUrl(url: string): string {
  const mark = url.indexOf("?");
  const end = mark < 0 ? url.length : mark;
  return decodeURIComponent(url.slice(0, end)) + url.slice(end);
}
