/** The methods that the HTTP server takes, as Allow and CORS say them. */
export const ALLOWED_METHODS = "GET, HEAD, OPTIONS, PUT";

/** Gives the headers that every answer to a request from this web origin has. */
export type HeadersForOrigin = (origin: string | undefined) => Readonly<Record<string, string>>;

const exposed =
  "Accept-Ranges, Content-Disposition, Content-Length, Content-Range, ETag, Last-Modified, Location, Retry-After, X-Request-Id";

/** What every answer has, to a good request and to a bad one, whoever asks. */
const safety = {
  "X-Content-Type-Options": "nosniff",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Resource-Policy": "cross-origin",
} as const;

/**
 * Makes the headers of every answer, errors included: web clients of the allowed origins may upload and download,
 * and may see why an upload was refused. No credentials are involved, so "*" is right where everyone may.
 *
 * @param origins "*", or origins such as "https://chat.example.org".
 *
 * Source: Fetch standard, "HTTP extensions" (CORS protocol).
 */
export function headersFor(origins: readonly string[]): HeadersForOrigin {
  const allow = (origin: string) => ({
    ...safety,
    "Access-Control-Allow-Origin": origin,
    "Access-Control-Expose-Headers": exposed,
  });
  if (origins.includes("*")) {
    const all = allow("*");
    return () => all;
  }
  // An answer that depends on the origin must not be given to another one by a cache.
  const vary = { Vary: "Origin" };
  const listed = new Map(origins.map((origin) => [origin, { ...allow(origin), ...vary }]));
  const others = { ...safety, ...vary };
  return (origin) => listed.get(origin ?? "") ?? others;
}

/**
 * What the answer to a preflight request has beside that. The first four headers are those that a slot may ask a
 * client to send.
 *
 * Source: XEP-0363 §4; Fetch standard, "CORS-preflight request".
 */
export const preflightHeaders = {
  "Access-Control-Allow-Methods": ALLOWED_METHODS,
  "Access-Control-Allow-Headers":
    "Authorization, Cookie, Expires, Content-Type, Range, If-Match, If-None-Match, If-Modified-Since, If-Unmodified-Since, If-Range",
  "Access-Control-Max-Age": "86400",
} as const;
