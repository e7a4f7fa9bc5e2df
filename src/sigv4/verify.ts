import { canonicalPath, canonicalRequest, UNSIGNED_PAYLOAD } from "./canonical-request.ts";
import { type PresignedQuery, parsePresignedQuery } from "./presigned-query.ts";
import { canonicalQuery, type QueryParameter } from "./query.ts";
import { isSameSignature, signature } from "./signature.ts";
import { dayOf, type Seconds } from "./signing-date.ts";
import { deriveSigningKey, type SigningKey, type SigningKeys } from "./signing-key.ts";
import { stringToSign } from "./string-to-sign.ts";

/** How far ahead of `now` a signing date may be, for clocks that disagree. */
export const MAX_CLOCK_SKEW: Seconds = 900;

/** A request that claims to be presigned, and what it is held against. */
export interface VerifyRequest {
  readonly method: string;
  /** The path of the request target, as it came. */
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
  /** The hosts that may have been signed: one of them must match. */
  readonly hosts: readonly string[];
  /** The secret access key of an access key id; undefined when there is no such key. */
  readonly secretAccessKeyOf: (accessKeyId: string) => string | undefined;
  readonly region: string;
  /** "s3" when absent. */
  readonly service?: string;
  readonly now: Date;
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
 * Verifies a presigned request. Nothing is said about time before the signature is found right, so that a
 * stranger learns nothing from trying.
 *
 * @param signingKeys a cache, for those who verify often.
 *
 * Source: AWS Signature Version 4, "Authenticating requests: using query parameters".
 */
export function verify(request: VerifyRequest, signingKeys: SigningKeys = deriveSigningKey): Verification {
  const query = parsePresignedQuery(request.rawQuery);
  if ("malformed" in query) return { kind: "malformed", text: query.malformed };
  const path = canonicalPath(request.rawPath);
  if (path === undefined) {
    return { kind: "malformed", text: "The path must begin with / and be percent-encoded UTF-8." };
  }
  const headers = signedHeaderValues(request, query);
  if (typeof headers === "string") {
    return { kind: "malformed", text: `The signed header ${headers} is missing from the request.` };
  }
  if (!isInScope(request, query)) return { kind: "wrong-scope" };
  const secretAccessKey = request.secretAccessKeyOf(query.accessKeyId);
  if (secretAccessKey === undefined) return { kind: "unknown-key" };
  const signingKey = signingKeys({ accessKeyId: query.accessKeyId, secretAccessKey }, query.scope);
  const isRight = (signedQuery: string) =>
    expectedSignatures(request, query, signedQuery, path, headers, signingKey).some((one) =>
      isSameSignature(one, query.signature),
    );
  // Mostly the query comes as it was signed, and need not be made canonical again.
  const isAsSigned = query.signedText !== undefined && isRight(query.signedText);
  if (!isAsSigned && !isRight(canonicalQuery(query.signed))) return { kind: "bad-signature" };
  return verifyTime(query, request.now);
}

/** The values of the signed headers without host, or the name of one that the request lacks. */
function signedHeaderValues(
  request: VerifyRequest,
  query: PresignedQuery,
): ReadonlyMap<string, string> | string {
  const parameters = new Map(query.extra);
  const values = new Map<string, string>();
  for (const name of query.signedHeaders) {
    if (name === "host") continue;
    const value = request.header(name, parameters);
    if (value === undefined) return name;
    values.set(name, value);
  }
  return values;
}

function isInScope(request: VerifyRequest, query: PresignedQuery): boolean {
  const { day, region, service } = query.scope;
  const isForHere = region === request.region && service === (request.service ?? "s3");
  return isForHere && day === dayOf(query.signingDate);
}

/** The signatures that would be right, one for each host. */
function expectedSignatures(
  request: VerifyRequest,
  query: PresignedQuery,
  signedQuery: string,
  path: string,
  headers: ReadonlyMap<string, string>,
  signingKey: SigningKey,
): readonly string[] {
  const canonical = { method: request.method, path, query: signedQuery };
  return request.hosts.map((host) => {
    const text = canonicalRequest({
      ...canonical,
      headers: query.signedHeaders.map((name) => [name, headers.get(name) ?? host]),
      payloadHash: UNSIGNED_PAYLOAD,
    });
    return signature(signingKey.key, stringToSign(query.signingDate, signingKey.scope, text));
  });
}

function verifyTime(query: PresignedQuery, now: Date): Verification {
  const { accessKeyId, signedHeaders, extra, date, expires } = query;
  const expiry = new Date(date.getTime() + expires * 1000);
  if (date.getTime() - now.getTime() > MAX_CLOCK_SKEW * 1000) return { kind: "not-yet-valid" };
  if (now.getTime() > expiry.getTime()) return { kind: "expired", expiry };
  return { kind: "ok", accessKeyId, signedHeaders, query: extra, expiry };
}
