import { uriDecode, uriEncode } from "./encode.ts";
import { isPrintableAscii } from "./query.ts";

/** The payload hash of a URL that is signed before anyone has seen the body. */
export const UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD";

/** One signed header: its name in lowercase and its value as sent. */
export type SignedHeader = readonly [name: string, value: string];

/** The parts of a request that a signature covers. */
export interface CanonicalRequest {
  /** As in the request line: methods are case-sensitive. */
  readonly method: string;
  /** Encoded once, beginning with "/". */
  readonly path: string;
  /** As `canonicalQuery` makes it, without X-Amz-Signature. */
  readonly query: string;
  /** Sorted by name, each name once, "host" among them. */
  readonly headers: readonly SignedHeader[];
  /** Lowercase hex SHA-256 of the body, or `UNSIGNED_PAYLOAD`. */
  readonly payloadHash: string;
}

/**
 * Writes the canonical request.
 *
 * Source: AWS Signature Version 4, "Create a canonical request".
 */
export function canonicalRequest(request: CanonicalRequest): string {
  const { method, path, query, headers, payloadHash } = request;
  let lines = "";
  for (const [name, value] of headers) lines += `${name}:${canonicalHeaderValue(value)}\n`;
  return `${method}\n${path}\n${query}\n${lines}\n${signedHeaderNames(headers, ";")}\n${payloadHash}`;
}

/** The names of signed headers as X-Amz-SignedHeaders lists them; `separator` may be a semicolon that is encoded. */
export function signedHeaderNames(headers: readonly SignedHeader[], separator: ";" | "%3B"): string {
  let names = "";
  for (const [name] of headers) names += names === "" ? name : separator + name;
  return names;
}

/** A header value as it is signed: trimmed, and every run of white space one space. */
export function canonicalHeaderValue(value: string): string {
  if (!/[ \t\r\n]/.test(value)) return value;
  return value.replace(/[ \t\r\n]+/g, " ").replace(/^ | $/g, "");
}

/**
 * The canonical path of a request: each segment of the raw path is decoded once and encoded once, so that
 * a client which writes `~` as `%7E` or `%28` as `(` means the same object. An encoded "/" stays encoded,
 * and nothing is normalised. Undefined when the path has no "/" in front, is not ASCII, or is not
 * percent-encoded UTF-8.
 */
export function canonicalPath(rawPath: string): string | undefined {
  if (!rawPath.startsWith("/") || !isPrintableAscii(rawPath)) return undefined;
  const segments: string[] = [];
  for (const segment of rawPath.split("/")) {
    const decoded = uriDecode(segment);
    if (decoded === undefined) return undefined;
    segments.push(uriEncode(decoded));
  }
  return segments.join("/");
}
