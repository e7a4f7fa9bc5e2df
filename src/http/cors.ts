/** The methods that the HTTP server takes, as Allow and CORS say them. */
export const ALLOWED_METHODS = "GET, HEAD, OPTIONS, PUT";

/**
 * The CORS headers of every answer, errors included: web clients of any origin may upload and download, and may
 * see why an upload was refused. No credentials are involved, so "*" is right.
 *
 * Source: Fetch standard, "HTTP extensions" (CORS protocol).
 */
export const corsHeaders = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Expose-Headers":
    "Accept-Ranges, Content-Disposition, Content-Length, Content-Range, ETag, Last-Modified, Location, X-Request-Id",
} as const;

/**
 * What the answer to a preflight request has beside `corsHeaders`. The first three headers are those that a slot
 * may ask a client to send.
 *
 * Source: XEP-0363 §4; Fetch standard, "CORS-preflight request".
 */
export const preflightHeaders = {
  "Access-Control-Allow-Methods": ALLOWED_METHODS,
  "Access-Control-Allow-Headers":
    "Authorization, Cookie, Expires, Content-Type, Range, If-Match, If-None-Match, If-Modified-Since, If-Unmodified-Since, If-Range",
  "Access-Control-Max-Age": "86400",
} as const;
