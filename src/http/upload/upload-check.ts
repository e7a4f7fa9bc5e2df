import { canonicalHeaderValue } from "../../sigv4/canonical-request.ts";
import { isInScope, isSignedFor, readClaim, type Verification, verifyTime } from "../../sigv4/verify.ts";
import { sizesInWords } from "../../slot/plain-words.ts";
import type { Refusal } from "../../slot/refusal.ts";
import type { Bytes } from "../../slot/slot.ts";
import { isMediaType } from "../../slot/slot-request.ts";
import type { ObjectMeta } from "../../store/object-store.ts";
import { DECLARED_LENGTH, DECLARED_TYPE, EXPIRES_AT, IS_RESERVED, PLACE } from "../../store/s3/s3-bucket.ts";
import type { HttpBucket } from "../http-bucket.ts";
import type { AddressedObject, AddressRecord, UploadBucket } from "../http-receiver.ts";
import { type ObjectPath, publicPrefixes, readObjectPath } from "../object-path.ts";
import { PlaceIndex, placesOf } from "../places.ts";
import { contentLength, type RequestHead } from "../request-head.ts";
import { KnownKeys, placesToTry, type SignedPlace } from "./known-keys.ts";
import { lengthRequired } from "./upload-refusals.ts";

/** An upload that may begin: its head is right in everything that can be known before the body. */
export interface AdmittedUpload {
  readonly bucket: UploadBucket;
  /** Every bucket that the same URL opens, this one among them: mostly it alone. */
  readonly rivals: readonly UploadBucket[];
  readonly object: ObjectMeta;
  /** Whether its slot stands in a ledger, as the signed query says. */
  readonly isReserved: boolean;
  /** Present where the slot is not slotd's: nothing was known of the file before. */
  readonly address?: AddressedUpload;
}

/** An upload to an address that another server gave away. */
export interface AddressedUpload {
  readonly record: AddressRecord;
  readonly object: AddressedObject;
  /** The path by which clients get the file. */
  readonly location: string;
  /** Under these tokens the same path may have a file of a former service. */
  readonly others: readonly string[];
}

/** Judges the head of a PUT request. */
export type UploadCheck = (head: RequestHead, now: Date) => AdmittedUpload | Refusal;

/**
 * Makes the check of an upload's head for these buckets. It looks, in this order, at the path, the announced
 * length, the signature, the length and type as declared, and the size allowed; at no byte of the body and at no
 * object.
 *
 * The signature is checked with the declared size and type that the signed query repeats, so that a genuine URL
 * used with another file is told what was expected, and not that its signature is wrong.
 *
 * Source: XEP-0363 §4 and §5; AWS Signature Version 4, query parameters.
 */
export function uploadCheck(buckets: readonly HttpBucket[]): UploadCheck {
  const places = new PlaceIndex(placesOf(buckets));
  const prefixes = publicPrefixes(buckets);
  const keys = new KnownKeys(buckets);
  return (head, now) => {
    const path = readObjectPath(head.rawPath, prefixes);
    if ("kind" in path) return path;
    const size = contentLength(head);
    if (size === undefined || head.header("transfer-encoding") !== undefined) return lengthRequired;
    const found = findPlace(keys, places, head, path, now);
    if ("text" in found) return found;
    const { buckets: opened, declared } = found;
    const [bucket] = opened;
    const expiry = expiryIn(declared);
    if (expiry === "malformed") return malformed(`${EXPIRES_AT} must be seconds since 1970.`);
    if (expiry !== undefined && now.getTime() >= expiry.getTime()) return signatureRefusals.expired;
    return (
      declaredProblem(declared, size, head.header("content-type")) ??
      sizeProblem(size, bucket.maxFileSize()) ?? {
        bucket,
        rivals: opened,
        object: { token: path.token, filename: path.filename, size, contentType: typeToKeep(head), expiry },
        isReserved: declared.get(IS_RESERVED) === "1",
      }
    );
  };
}

/** What the signed query says that the slot is for; no entry where it says nothing. */
type Declared = ReadonlyMap<string, string>;

/**
 * The place that the URL was signed for, or the refusal of where verification came furthest. The request is read once,
 * its key is looked up, and the signature is tried for a few places at most, however many there are.
 */
function findPlace(
  keys: KnownKeys,
  places: PlaceIndex<HttpBucket>,
  head: RequestHead,
  path: ObjectPath,
  now: Date,
): (Pick<SignedPlace, "buckets"> & { readonly declared: Declared }) | Refusal {
  const claim = readClaim({
    method: head.method,
    rawPath: path.suffix,
    rawQuery: head.rawQuery,
    header: (name, query) => (isDeclared(name) ? query.get(name) : undefined) ?? head.header(name),
  });
  if ("malformed" in claim) return malformed(claim.malformed);
  const { accessKeyId, scope } = claim.query;
  if (!keys.hasRegion(scope.region) || !isInScope(claim, scope.region))
    return signatureRefusals["wrong-scope"];
  const key = keys.find(scope.region, accessKeyId);
  if (key === undefined) return signatureRefusals["unknown-key"];
  const declared: Declared = new Map(claim.query.extra);
  const isKnownHost = places.at(head.host).length > 0;
  const request = { host: head.host, isKnownHost, prefix: path.prefix, mark: declared.get(PLACE) };
  for (const { host, place } of placesToTry(key, request)) {
    const signingKey = key.signingKeys({ accessKeyId, secretAccessKey: place.secretAccessKey }, scope);
    if (!isSignedFor(claim, { host, prefix: place.prefix }, signingKey)) continue;
    const { kind } = verifyTime(claim, now);
    return kind === "ok" ? { buckets: place.buckets, declared } : signatureRefusals[kind];
  }
  return signatureRefusals["bad-signature"];
}

function isDeclared(name: string): boolean {
  return name === DECLARED_LENGTH || name === DECLARED_TYPE;
}

function expiryIn(declared: Declared): Date | "malformed" | undefined {
  const seconds = declared.get(EXPIRES_AT);
  if (seconds === undefined) return undefined;
  return /^\d{1,12}$/.test(seconds) ? new Date(Number(seconds) * 1000) : "malformed";
}

function declaredProblem(declared: Declared, size: Bytes, sentType = ""): Refusal | undefined {
  const length = declared.get(DECLARED_LENGTH);
  if (length !== undefined && length !== String(size)) {
    return {
      kind: "wrong-length",
      text: `The slot is for ${length} bytes; the request announces ${size}. Request a slot of the right size.`,
    };
  }
  const type = declared.get(DECLARED_TYPE);
  const sent = canonicalHeaderValue(sentType);
  if (type === undefined || sent === canonicalHeaderValue(type)) return undefined;
  const came = sent === "" ? "has no Content-Type" : `has ${printable(sent)}`;
  return {
    kind: "wrong-type",
    text: `The slot is for the type ${type}; the request ${came}. Send the Content-Type that the slot was requested with.`,
  };
}

function sizeProblem(size: Bytes, maxFileSize: Bytes | undefined): Refusal | undefined {
  if (maxFileSize === undefined || size <= maxFileSize) return undefined;
  const [has, limit] = sizesInWords(size, maxFileSize);
  const text = `The file has ${has}; at most ${limit} are allowed.`;
  return { kind: "too-large", text, maxFileSize };
}

function typeToKeep(head: RequestHead): string {
  const type = head.header("content-type") ?? "";
  return isMediaType(type) ? type : "application/octet-stream";
}

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?").slice(0, 255);
}

function malformed(why: string): Refusal {
  return {
    kind: "bad-signature",
    text: `The URL is not one of a slot. ${why} Use the PUT URL exactly as it was given.`,
  };
}

const signatureRefusals = {
  "unknown-key": {
    kind: "bad-signature",
    text: "The URL is signed with a key that is not known here. Request a new slot.",
  },
  "wrong-scope": {
    kind: "bad-signature",
    text: "The URL is signed for another service, region or day. Request a new slot.",
  },
  "bad-signature": {
    kind: "bad-signature",
    text: "The signature of the URL is wrong. Use the PUT URL exactly as it was given.",
  },
  "not-yet-valid": {
    kind: "bad-signature",
    text: "The URL is not valid yet: the clock of the server that signed it is ahead.",
  },
  expired: { kind: "expired", text: "The slot has expired. Request a new one and upload at once." },
} as const satisfies Record<Exclude<Verification["kind"], "ok" | "malformed">, Refusal>;
