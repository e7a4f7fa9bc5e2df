import { uriDecode, uriEncode } from "../../sigv4/encode.ts";
import type { ObjectMeta } from "../object-store.ts";

/*
 * The metadata of an object whose token was made from an address. Its key says nothing of it, so it carries its filename,
 * times and SHA-256 itself, in ASCII: S3 signs metadata as headers.
 *
 *   x-amz-meta-slotd-filename   percent-encoded as one path segment
 *   x-amz-meta-slotd-created    when it was uploaded, seconds since 1970
 *   x-amz-meta-slotd-expires    when it expires, seconds since 1970; absent: never
 *   x-amz-meta-slotd-sha256     64 lowercase hex digits; absent where it was not known before the upload
 */

const names = {
  filename: "x-amz-meta-slotd-filename",
  created: "x-amz-meta-slotd-created",
  expires: "x-amz-meta-slotd-expires",
  sha256: "x-amz-meta-slotd-sha256",
} as const;

/** What an object's own metadata say of it; what is absent or not well-formed is undefined. */
export interface KeptMetadata {
  readonly filename: string | undefined;
  readonly created: Date | undefined;
  readonly expiry: Date | undefined;
  readonly sha256: string | undefined;
}

/** The headers, beside Content-Type, with which an object is put so that it carries its metadata; lowercase names. */
export function metadataHeaders(
  { filename, created, expiry, sha256, disposition }: ObjectMeta,
  now: Date,
): Record<string, string> {
  return {
    [names.filename]: uriEncode(filename),
    [names.created]: secondsOf(created ?? now),
    ...(expiry !== undefined && { [names.expires]: secondsOf(expiry) }),
    ...(sha256 !== undefined && { [names.sha256]: sha256 }),
    ...(disposition !== undefined && { "content-disposition": disposition }),
  };
}

/** Reads them from the answer to a HEAD. */
export function readMetadata(headers: { get(name: string): string | null }): KeptMetadata {
  const sha256 = headers.get(names.sha256) ?? "";
  return {
    filename: uriDecode(headers.get(names.filename) ?? "") || undefined,
    created: dateOf(headers.get(names.created)),
    expiry: dateOf(headers.get(names.expires)),
    sha256: /^[0-9a-f]{64}$/.test(sha256) ? sha256 : undefined,
  };
}

function secondsOf(date: Date): string {
  return String(Math.floor(date.getTime() / 1000));
}

function dateOf(text: string | null): Date | undefined {
  return text !== null && /^\d{1,12}$/.test(text) ? new Date(Number(text) * 1000) : undefined;
}
