import { uriDecode } from "../../sigv4/encode.ts";
import { parseBucketUrl } from "../object-url.ts";

/** Where a bucket itself is, as apart from the place in it that files are put under. */
export interface BucketRoot {
  readonly scheme: "http" | "https";
  /** As clients send it in the Host header. */
  readonly host: string;
  /** Encoded; "" for virtual-host style, "/bucket" for path style. */
  readonly path: string;
  /** The bucket's name. */
  readonly name: string;
  /** What every key begins with, decoded: "" or ending in "/". */
  readonly keyPrefix: string;
}

/**
 * Tells the bucket from the path prefix in a bucket URL.
 *
 * A URL does not say which style it is of. It is taken for virtual-host style when it has no path, or when its host
 * is a bucket before an endpoint of one of the large providers; otherwise the first segment is the bucket.
 *
 * @throws {TypeError} as `parseBucketUrl` does.
 */
export function bucketRoot(bucketUrl: string): BucketRoot {
  const { scheme, host, prefix } = parseBucketUrl(bucketUrl);
  const [, ...segments] = prefix.split("/");
  const label = virtualHost(host);
  if (label === undefined && segments.length > 0) {
    const [bucket = "", ...rest] = segments;
    return { scheme, host, path: `/${bucket}`, name: uriDecode(bucket) ?? bucket, keyPrefix: prefixOf(rest) };
  }
  const name = label ?? host.replace(/[.:].*$/, "");
  return { scheme, host, path: "", name, keyPrefix: prefixOf(segments) };
}

/** The bucket in front of an endpoint that is known to be one. */
function virtualHost(host: string): string | undefined {
  return endpoints.map((endpoint) => endpoint.exec(host)?.[1]).find((bucket) => bucket !== undefined);
}

const endpoints: readonly RegExp[] = [
  /^(.+)\.s3(?:[.-][a-z0-9-]+)*\.amazonaws\.com(?:\.cn)?$/,
  /^(.+)\.s3\.[a-z0-9-]+\.backblazeb2\.com$/,
  /^(.+)\.s3(?:\.[a-z0-9-]+)?\.wasabisys\.com$/,
  /^([^.]+)\.[a-z0-9]+\.digitaloceanspaces\.com$/,
  /^(.+)\.storage\.googleapis\.com$/,
  /^([^.]+)\.[0-9a-f]{32}(?:\.[a-z]+)?\.r2\.cloudflarestorage\.com$/,
];

function prefixOf(segments: readonly string[]): string {
  return segments.map((segment) => `${uriDecode(segment) ?? segment}/`).join("");
}
