import { createHash } from "node:crypto";
import { uriDecode } from "../sigv4/encode.ts";

/**
 * Which part of a path decides which file it names, by the rule of the service that made the URL:
 *
 * - "path": all of it (most services). share.php names its files by the SHA-256 of this path.
 * - "altered-path": all of it, with each character outside letters, digits and `/ _ . -` read as `_` (ngx_http_upload).
 * - "first-segment": the first segment; whatever follows is decoration (Prosody's mod_http_file_share).
 * - "segment-before-last": the last segment is decoration, and must be there (Openfire).
 */
export type AddressRule = "path" | "altered-path" | "first-segment" | "segment-before-last";

/** What a path names. */
export interface Address {
  /** Equal for every spelling of one address, and for no other address. Input of `addressToken`. */
  readonly key: string;
  /** The last segment, decoded once; "" when the path ends with a slash, or when it is not a filename. */
  readonly lastSegment: string;
}

/**
 * Reads what follows a public base in the path of a request.
 *
 * Percent-encodings of either case are decoded once, "+" is a plus, and nothing is normalised. A path with a segment
 * `.` or `..`, a NUL, or encodings that are not UTF-8 names nothing. The time grows with the length of the path alone.
 *
 * @param rest the raw path after the base, with or without its leading slash.
 * @returns undefined when the rule finds no address in it.
 */
export function readAddress(rule: AddressRule, rest: string): Address | undefined {
  const decoded = uriDecode(rest.startsWith("/") ? rest.slice(1) : rest);
  return decoded === undefined ? undefined : readDecodedAddress(rule, decoded);
}

/** The same for a path that was decoded, without its leading slash. */
export function readDecodedAddress(rule: AddressRule, decoded: string): Address | undefined {
  if (decoded.includes("\0")) return undefined;
  const segments = decoded.split("/");
  if (segments.some((segment) => segment === "." || segment === "..")) return undefined;
  const key = addressKey(rule, decoded);
  return key === undefined ? undefined : { key, lastSegment: segments.at(-1) ?? "" };
}

/**
 * The key of an address by its decoded path, as an import knows it.
 *
 * @returns undefined when the rule finds no address in it.
 */
export function addressKey(rule: AddressRule, decodedPath: string): string | undefined {
  const segments = decodedPath.split("/");
  switch (rule) {
    case "path":
      return decodedPath === "" || decodedPath.endsWith("/") ? undefined : keyOfPathHash(sha256(decodedPath));
    case "altered-path":
      return addressKey("path", decodedPath.replace(/[^\p{L}\p{N}/_.-]/gu, "_"));
    case "first-segment": {
      // Prosody answers also for a doubled slash after the prefix.
      const first = segments.find((segment) => segment !== "");
      return first === undefined ? undefined : `slot ${first}`;
    }
    case "segment-before-last": {
      const id = segments.at(-2) ?? "";
      return id === "" || segments.at(-1) === "" ? undefined : `id ${id}`;
    }
  }
}

/** The key of the rule "path" where only the hash of the path is known. @param sha256 64 lowercase hex digits. */
export function keyOfPathHash(sha256: string): string {
  return `path ${sha256}`;
}

function sha256(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex");
}
