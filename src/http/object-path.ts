import { uriDecode } from "../sigv4/encode.ts";
import type { Refusal } from "../slot/refusal.ts";
import { filenameProblem } from "../slot/slot-request.ts";
import { isAddressToken, isToken } from "../store/object-token.ts";
import { parseBucketUrl } from "../store/object-url.ts";

/** The object that the path of a request names. */
export interface ObjectPath {
  readonly token: string;
  readonly filename: string;
  /** The public prefix that stood before it; "" too when a proxy has taken it off. */
  readonly prefix: string;
  /** The raw path without the public prefix: `/<token>/<filename>` as it was sent. */
  readonly suffix: string;
}

/**
 * Reads `<prefix>/<token>/<filename>`, or the same without the prefix, as a proxy may forward it.
 *
 * Exactly two segments, strictly percent-encoded UTF-8, decoded once; a filename that could lead anywhere (dot
 * segments, slashes in disguise, control characters) is refused, and so is one over 255 bytes. So is a token that was
 * made from an address: its object is reached by that alone. It takes a time that grows with the path alone.
 *
 * @param prefixes as `publicPrefixes` gives them.
 */
export function readObjectPath(rawPath: string, prefixes: ReadonlySet<string>): ObjectPath | Refusal {
  const { prefix, token, segment } = splitPath(rawPath);
  if (segment === "" || !prefixes.has(prefix) || !isToken(token) || isAddressToken(token)) {
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
  if (problem !== undefined) return { kind: "bad-filename", text: problem };
  return { token, filename, prefix, suffix: rawPath.slice(prefix.length) };
}

/** The last two segments of a path, and what stands before them; all "" when there are not so many. */
export function splitPath(rawPath: string): {
  readonly prefix: string;
  readonly token: string;
  readonly segment: string;
} {
  const last = rawPath.lastIndexOf("/");
  const before = last > 0 ? rawPath.lastIndexOf("/", last - 1) : -1;
  if (before < 0) return { prefix: "", token: "", segment: "" };
  return {
    prefix: rawPath.slice(0, before),
    token: rawPath.slice(before + 1, last),
    segment: rawPath.slice(last + 1),
  };
}

/**
 * The path prefixes that requests for these buckets may have, encoded, each "" or beginning with "/" and not ending
 * in one.
 *
 * @throws {TypeError} when a public URL is none.
 */
export function publicPrefixes(
  buckets: readonly { readonly publicUrls: readonly string[] }[],
): ReadonlySet<string> {
  const urls = buckets.flatMap((bucket) => bucket.publicUrls.map(parseBucketUrl));
  return new Set(["", ...urls.map((url) => url.prefix)]);
}

function refusal(text: string): Refusal {
  return { kind: "bad-request", text };
}
