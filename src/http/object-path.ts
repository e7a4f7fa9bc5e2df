import { uriDecode } from "../sigv4/encode.ts";
import type { Refusal } from "../slot/refusal.ts";
import { filenameProblem } from "../slot/slot-request.ts";
import { isToken } from "../store/object-token.ts";
import { parseBucketUrl } from "../store/object-url.ts";

/** The object that the path of a request names. */
export interface ObjectPath {
  readonly token: string;
  readonly filename: string;
  /** The raw path without the public prefix: `/<token>/<filename>` as it was sent. */
  readonly suffix: string;
}

/**
 * Reads `<prefix>/<token>/<filename>`, or the same without the prefix, as a proxy may forward it.
 *
 * Exactly two segments, strictly percent-encoded UTF-8, decoded once; a filename that could lead anywhere (dot
 * segments, slashes in disguise, control characters) is refused, and so is one over 255 bytes.
 *
 * @param prefixes the public path prefixes, encoded, each "" or beginning with "/" and not ending in one.
 */
export function readObjectPath(rawPath: string, prefixes: readonly string[]): ObjectPath | Refusal {
  const prefix = longest(prefixes.filter((candidate) => rawPath.startsWith(`${candidate}/`)));
  const suffix = rawPath.slice(prefix.length);
  const [, token, segment] = /^\/([^/]+)\/([^/]+)$/.exec(suffix) ?? [];
  if (token === undefined || segment === undefined || !isToken(token)) {
    return refusal(
      "The path is not that of a slot; expected /<token>/<filename>. Use the URL exactly as it was given.",
    );
  }
  const filename = uriDecode(segment);
  if (filename === undefined) {
    return refusal(
      "The filename in the path is not percent-encoded UTF-8. Use the URL exactly as it was given.",
    );
  }
  const problem = filenameProblem(filename);
  return problem === undefined ? { token, filename, suffix } : { kind: "bad-filename", text: problem };
}

/**
 * The path prefixes that requests for these buckets may have.
 *
 * @throws {TypeError} when a public URL is none.
 */
export function publicPrefixes(
  buckets: readonly { readonly publicUrls: readonly string[] }[],
): readonly string[] {
  const urls = buckets.flatMap((bucket) => bucket.publicUrls.map(parseBucketUrl));
  return [...new Set(["", ...urls.map((url) => url.prefix)])];
}

function longest(texts: readonly string[]): string {
  return texts.reduce((best, text) => (text.length > best.length ? text : best), "");
}

function refusal(text: string): Refusal {
  return { kind: "bad-request", text };
}
