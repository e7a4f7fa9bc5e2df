import { uriDecode, uriEncode } from "../../sigv4/encode.ts";
import type { Bytes } from "../../slot/slot.ts";
import { filenameProblem, isMediaType } from "../../slot/slot-request.ts";
import type { AddressedObject } from "../addressed-objects.ts";
import type { ObjectMeta } from "../object-store.ts";
import { isAddressToken } from "../object-token.ts";

/** The filename, percent-encoded: headers are ASCII, and 255 bytes of it are 765 of the 2 KiB that S3 allows. */
const filenameHeader = "x-amz-meta-slotd-filename";
/** Seconds since 1970; absent for never. */
const expiresHeader = "x-amz-meta-slotd-expires";
/** Seconds since 1970; absent where it was uploaded when it was stored. */
const createdHeader = "x-amz-meta-slotd-created";

/**
 * The headers with which an object that an address names is stored; none for others, whose key says it all. Whoever
 * gets the object from the bucket itself gets an attachment: its type is what a stranger said.
 *
 * Source: RFC 6266 §4, RFC 8187 §3.2 for the disposition.
 */
export function metadataOf(meta: ObjectMeta): Record<string, string> {
  if (!isAddressToken(meta.token)) return {};
  const filename = uriEncode(meta.filename);
  return {
    "content-disposition": `attachment; filename*=UTF-8''${filename}`,
    [filenameHeader]: filename,
    ...(meta.expiry && { [expiresHeader]: secondsOf(meta.expiry) }),
    ...(meta.created && { [createdHeader]: secondsOf(meta.created) }),
  };
}

/**
 * Reads what `metadataOf` wrote, from the answer to a HEAD. Nothing of it is trusted: anyone who may write to the bucket
 * can have written it. What is not valid is as if it were not there, but an expiry, which has passed then.
 *
 * @param token of the object that was asked for.
 * @returns undefined when there is no filename or no size in it: it is no such object.
 */
export function readMetadata(token: string, headers: Headers): AddressedObject | undefined {
  const filename = uriDecode(headers.get(filenameHeader) ?? "");
  const size = readSize(headers.get("content-length"));
  if (filename === undefined || filenameProblem(filename) !== undefined || size === undefined)
    return undefined;
  const contentType = headers.get("content-type") ?? "";
  const expires = headers.get(expiresHeader);
  const created = readSeconds(headers.get(createdHeader)) ?? Date.parse(headers.get("last-modified") ?? "");
  return {
    ...{ token, filename, size },
    contentType: isMediaType(contentType) ? contentType : "application/octet-stream",
    expiry: expires === null ? undefined : new Date(readSeconds(expires) ?? 0),
    created: new Date(Number.isNaN(created) ? 0 : created),
  };
}

function secondsOf(date: Date): string {
  return String(Math.floor(date.getTime() / 1000));
}

/** Milliseconds. */
function readSeconds(text: string | null): number | undefined {
  return text !== null && /^\d{1,12}$/.test(text) ? Number(text) * 1000 : undefined;
}

function readSize(text: string | null): Bytes | undefined {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
