import { createHash } from "node:crypto";
import { uriDecode, uriEncode } from "../sigv4/encode.ts";
import { isAddressToken } from "./object-token.ts";

/** Where a bucket is, ready to be signed. */
export interface BucketUrl {
  readonly scheme: "http" | "https";
  /** As clients send it in the Host header: with the port, unless it is the default of the scheme. */
  readonly host: string;
  /** Encoded once; "" or beginning with "/", never ending in one. */
  readonly prefix: string;
}

/**
 * Reads the URL of a bucket, virtual-host or path style, with or without a trailing slash. Scheme, port and
 * path prefix are used as given; what the prefix leaves unencoded is encoded.
 *
 * @throws {TypeError} that says what is wrong, and does not repeat the URL, which may hold a password.
 */
export function parseBucketUrl(text: string): BucketUrl {
  const [, scheme = "", authority = "", path = "", rest = ""] =
    /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)([^?#]*)(.*)$/is.exec(text) ?? [];
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || authority === "" || /[\s\\\p{Cc}]/u.test(text)) {
    throw new TypeError("A bucket URL must be an absolute URL such as https://bucket.s3.example.com.");
  }
  if (!isHttpScheme(scheme.toLowerCase())) {
    throw new TypeError(`A bucket URL must begin with http:// or https://, not ${scheme}://.`);
  }
  if (authority.includes("@")) {
    throw new TypeError("A bucket URL must have no user name or password; keys are options of their own.");
  }
  if (rest !== "") {
    throw new TypeError("A bucket URL must have no query (?...) and no fragment (#...); remove it.");
  }
  return { scheme: url.protocol === "http:" ? "http" : "https", host: url.host, prefix: encodePrefix(path) };
}

/**
 * A short name for a bucket's host and prefix, eight hex digits. Whoever has to find out for which of many places a
 * URL was signed looks at the mark in it first; it proves nothing, and two places may have the same.
 */
export function placeMark({ host, prefix }: Pick<BucketUrl, "host" | "prefix">): string {
  return createHash("sha256").update(host).update(prefix).digest("hex").slice(0, 8);
}

/** The last segment of every object whose token was made from an address: its key depends on the address alone. */
export const ADDRESSED = "file";

/**
 * The path of an object: `/<prefix>/<token>/<filename>`, encoded once, in the URL and in the signature alike. An object
 * whose token was made from an address has a fixed last segment instead of its filename.
 *
 * @param token hex, which needs no encoding.
 */
export function objectPath(bucket: BucketUrl, token: string, filename: string): string {
  return `${bucket.prefix}/${token}/${isAddressToken(token) ? ADDRESSED : uriEncode(filename)}`;
}

/** The URL of whatever has this encoded path; without a query it is the GET URL of an object. */
export function urlOf(bucket: BucketUrl, path: string): string {
  return `${bucket.scheme}://${bucket.host}${path}`;
}

function isHttpScheme(scheme: string): boolean {
  return scheme === "http" || scheme === "https";
}

function encodePrefix(path: string): string {
  const segments = path.replace(/\/+$/, "").split("/").map(uriDecode);
  return segments.map(encodeSegment).join("/");
}

function encodeSegment(segment: string | undefined): string {
  if (segment === undefined) {
    throw new TypeError('The path of a bucket URL must be percent-encoded UTF-8; a "%" itself is %25.');
  }
  if (segment === "." || segment === "..") {
    throw new TypeError('The path of a bucket URL must have no "." or ".." segment; write it out.');
  }
  return uriEncode(segment);
}
