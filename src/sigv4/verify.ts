import { canonicalPath, canonicalRequest, type SignedHeader, UNSIGNED_PAYLOAD } from "./canonical-request.ts";
import { type MalformedQuery, type PresignedQuery, parsePresignedQuery } from "./presigned-query.ts";
import { canonicalQuery, type QueryParameter } from "./query.ts";
import { isSameSignature, signature } from "./signature.ts";
import { dayOf, type Seconds } from "./signing-date.ts";
import { deriveSigningKey, type SigningKey, type SigningKeys } from "./signing-key.ts";
import { stringToSign } from "./string-to-sign.ts";

/** How far ahead of `now` a signing date may be, for clocks that disagree. */
export const MAX_CLOCK_SKEW: Seconds = 900;

/** The most bytes that the values of signed headers may have together: each try hashes them. */
export const maxSignedHeaderBytes = 4096;

/** A request that claims to be presigned. */
export interface ClaimRequest {
  readonly method: string;
  /** The path of the request target, as it came; without a prefix that is to be tried later. */
  readonly rawPath: string;
  /** The query of the request target, as it came, without "?". */
  readonly rawQuery: string;
  /**
   * The value of a request header by its lowercase name; undefined when it was not sent. Never asked for
   * "host". It may give a declared value instead of the sent one: `query` gives the parameters that do not
   * begin with "X-Amz-", not yet verified. Whoever does that compares both after the signature has been
   * found right.
   */
  readonly header: (name: string, query: ReadonlyMap<string, string>) => string | undefined;
}

/** The same, and what it is held against. */
export interface VerifyRequest extends ClaimRequest {
  /** The hosts that may have been signed: one of them must match. */
  readonly hosts: readonly string[];
  /** The secret access key of an access key id; undefined when there is no such key. */
  readonly secretAccessKeyOf: (accessKeyId: string) => string | undefined;
  readonly region: string;
  /** "s3" when absent. */
  readonly service?: string;
  readonly now: Date;
}

/** What a request claims, read once; nothing of it is believed yet. */
export interface Claim {
  readonly method: string;
  /** Canonical. */
  readonly path: string;
  readonly query: PresignedQuery;
  /** Those of the signed headers but host. */
  readonly headers: ReadonlyMap<string, string>;
  /** The query in every form that may have been signed: as it came, and as it should have come. Each once. */
  readonly signedQueries: () => Iterable<string>;
}

/** What verification found. Only "ok" lets a request in; the other kinds are in the order they are looked for. */
export type Verification =
  | {
      readonly kind: "ok";
      readonly accessKeyId: string;
      /** Sorted, "host" among them. */
      readonly signedHeaders: readonly string[];
      /** The signed parameters whose names do not begin with "X-Amz-", in the order they came. */
      readonly query: readonly QueryParameter[];
      /** The last moment at which the URL is valid. */
      readonly expiry: Date;
    }
  /** `text` is a sentence about what is missing or ill-formed. It repeats no value. */
  | { readonly kind: "malformed"; readonly text: string }
  /** Signed for another region, service or day than this one's. */
  | { readonly kind: "wrong-scope" }
  | { readonly kind: "unknown-key" }
  | { readonly kind: "bad-signature" }
  /** Rightly signed, with a date more than `MAX_CLOCK_SKEW` ahead. */
  | { readonly kind: "not-yet-valid" }
  /** Rightly signed, too long ago. */
  | { readonly kind: "expired"; readonly expiry: Date };

/**
 * Reads what a presigned request claims. It takes a time and a memory that are bounded by `maxQuery` and
 * `maxSignedHeaderBytes`, and hashes nothing.
 */
export function readClaim(request: ClaimRequest): Claim | MalformedQuery {
  const query = parsePresignedQuery(request.rawQuery);
  if ("malformed" in query) return query;
  const path = canonicalPath(request.rawPath);
  if (path === undefined) return { malformed: "The path must begin with / and be percent-encoded UTF-8." };
  const headers = signedHeaderValues(request, query);
  if ("malformed" in headers) return headers;
  return { method: request.method, path, query, ...headers, signedQueries: signedQueriesOf(query) };
}

/** Whether the credential scope is that of this region and service, on the day of the signing date. */
export function isInScope({ query }: Claim, region: string, service = "s3"): boolean {
  const { scope, signingDate } = query;
  return scope.region === region && scope.service === service && scope.day === dayOf(signingDate);
}

/**
 * Whether the signature is right for this host, and this prefix before the path. Each form of the query is one hash and
 * one HMAC.
 *
 * @param prefix canonical.
 */
export function isSignedFor(
  { method, path, query, headers, signedQueries }: Claim,
  { host, prefix }: { readonly host: string; readonly prefix: string },
  signingKey: SigningKey,
): boolean {
  const signedHeaders: readonly SignedHeader[] = query.signedHeaders.map((name) => [
    name,
    headers.get(name) ?? host,
  ]);
  for (const signedQuery of signedQueries()) {
    const text = canonicalRequest({
      ...{ method, path: prefix + path, query: signedQuery },
      headers: signedHeaders,
      payloadHash: UNSIGNED_PAYLOAD,
    });
    const expected = signature(signingKey.key, stringToSign(query.signingDate, signingKey.scope, text));
    if (isSameSignature(expected, query.signature)) return true;
  }
  return false;
}

/** What a claim whose signature is right comes to by this time: "ok", "not-yet-valid" or "expired". */
export function verifyTime(
  { query }: Claim,
  now: Date,
): Extract<Verification, { readonly kind: "ok" | "not-yet-valid" | "expired" }> {
  const { accessKeyId, signedHeaders, extra, date, expires } = query;
  const expiry = new Date(date.getTime() + expires * 1000);
  if (date.getTime() - now.getTime() > MAX_CLOCK_SKEW * 1000) return { kind: "not-yet-valid" };
  if (now.getTime() > expiry.getTime()) return { kind: "expired", expiry };
  return { kind: "ok", accessKeyId, signedHeaders, query: extra, expiry };
}

/**
 * Verifies a presigned request. Nothing is said about time before the signature is found right, so that a
 * stranger learns nothing from trying.
 *
 * @param signingKeys a cache, for those who verify often.
 *
 * Source: AWS Signature Version 4, "Authenticating requests: using query parameters".
 */
export function verify(request: VerifyRequest, signingKeys: SigningKeys = deriveSigningKey): Verification {
  const claim = readClaim(request);
  if ("malformed" in claim) return { kind: "malformed", text: claim.malformed };
  if (!isInScope(claim, request.region, request.service)) return { kind: "wrong-scope" };
  const { accessKeyId, scope } = claim.query;
  const secretAccessKey = request.secretAccessKeyOf(accessKeyId);
  if (secretAccessKey === undefined) return { kind: "unknown-key" };
  const signingKey = signingKeys({ accessKeyId, secretAccessKey }, scope);
  const isRight = request.hosts.some((host) => isSignedFor(claim, { host, prefix: "" }, signingKey));
  return isRight ? verifyTime(claim, request.now) : { kind: "bad-signature" };
}

/** Mostly the query comes as it was signed, and need not be made canonical again. */
function signedQueriesOf({ signed, signedText }: PresignedQuery): () => Iterable<string> {
  let canonical: string | undefined;
  return function* () {
    if (signedText !== undefined) yield signedText;
    canonical ??= canonicalQuery(signed);
    if (canonical !== signedText) yield canonical;
  };
}

/** The values of the signed headers without host. */
function signedHeaderValues(
  request: ClaimRequest,
  query: PresignedQuery,
): Pick<Claim, "headers"> | MalformedQuery {
  const parameters = new Map(query.extra);
  const headers = new Map<string, string>();
  let bytes = 0;
  for (const name of query.signedHeaders) {
    if (name === "host") continue;
    const value = request.header(name, parameters);
    if (value === undefined) return { malformed: `The signed header ${name} is missing from the request.` };
    headers.set(name, value);
    bytes += value.length;
  }
  if (bytes <= maxSignedHeaderBytes) return { headers };
  return { malformed: `The signed headers must have at most ${maxSignedHeaderBytes} bytes together.` };
}
