import {
  canonicalRequest,
  type SignedHeader,
  signedHeaderNames,
  UNSIGNED_PAYLOAD,
} from "./canonical-request.ts";
import { uriEncode } from "./encode.ts";
import { addToCanonicalQuery, type QueryParameter } from "./query.ts";
import { signature } from "./signature.ts";
import { dayOf, formatSigningDate, type Seconds } from "./signing-date.ts";
import { type AccessKey, deriveSigningKey, type SigningKey, type SigningKeys } from "./signing-key.ts";
import { ALGORITHM, stringToSign } from "./string-to-sign.ts";

/** The longest that a presigned URL may be valid: seven days. */
export const MAX_EXPIRES: Seconds = 604800;

/** Whose signature it is. */
export interface Credentials extends AccessKey {
  /** Of temporary credentials; signed as X-Amz-Security-Token. */
  readonly sessionToken?: string;
}

/** The request that a presigned URL is to allow. */
export interface PresignRequest {
  readonly method: string;
  /** As clients send it in the Host header: with the port, unless it is the default of the scheme. */
  readonly host: string;
  /** As it stands in the URL: encoded once, beginning with "/". */
  readonly path: string;
  /** More parameters to sign, decoded; none of those that presigning adds. */
  readonly query?: readonly QueryParameter[];
  /** The headers to sign beside host, which is always signed. Names in lowercase. */
  readonly headers: Readonly<Record<string, string>>;
  readonly date: Date;
  /** 1 to 604800. */
  readonly expires: Seconds;
  readonly region: string;
  /** "s3" when absent. */
  readonly service?: string;
  readonly credentials: Credentials;
}

/**
 * Makes the query (without "?") that turns a request into a presigned one: in canonical order, X-Amz-Signature
 * last. The payload is not signed.
 *
 * @param signingKeys a cache, for those who sign often.
 * @throws {RangeError} when `expires` or `date` is out of range.
 *
 * Source: AWS Signature Version 4, "Authenticating requests: using query parameters".
 */
export function presign(request: PresignRequest, signingKeys: SigningKeys = deriveSigningKey): string {
  const { method, path, credentials, region, service = "s3" } = request;
  const signingDate = formatSigningDate(request.date);
  const signingKey = signingKeys(credentials, { day: dayOf(signingDate), region, service });
  const headers = headersToSign(request);
  const query = queryToSign(request, signingDate, signingKey, signedHeaderNames(headers, "%3B"));
  const canonical = canonicalRequest({ method, path, query, headers, payloadHash: UNSIGNED_PAYLOAD });
  const toSign = stringToSign(signingDate, signingKey.scope, canonical);
  return `${query}&X-Amz-Signature=${signature(signingKey.key, toSign)}`;
}

function headersToSign(request: PresignRequest): readonly SignedHeader[] {
  const headers: SignedHeader[] = [["host", request.host]];
  // Object.entries takes four times as long on Bun 1.4.
  for (const name of Object.keys(request.headers)) headers.push([name, request.headers[name] ?? ""]);
  return headers.sort(byName);
}

function byName([a]: SignedHeader, [b]: SignedHeader): number {
  return a < b ? -1 : 1;
}

function queryToSign(
  request: PresignRequest,
  signingDate: string,
  signingKey: SigningKey,
  signedHeaders: string,
): string {
  const { credentials, expires, query: extra } = request;
  if (!(Number.isInteger(expires) && expires >= 1 && expires <= MAX_EXPIRES)) {
    throw new RangeError(`expires must be a whole number from 1 to ${MAX_EXPIRES} seconds, not ${expires}.`);
  }
  const { sessionToken } = credentials;
  const token = sessionToken === undefined ? "" : `&X-Amz-Security-Token=${uriEncode(sessionToken)}`;
  const query =
    `X-Amz-Algorithm=${ALGORITHM}&X-Amz-Credential=${signingKey.credential}` +
    `&X-Amz-Date=${signingDate}&X-Amz-Expires=${expires}${token}` +
    `&X-Amz-SignedHeaders=${signedHeaders}`;
  return extra && extra.length > 0 ? addToCanonicalQuery(query, extra) : query;
}
