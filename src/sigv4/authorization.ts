import { canonicalRequest, type SignedHeader, signedHeaderNames } from "./canonical-request.ts";
import type { Credentials } from "./presign.ts";
import { canonicalQuery, type QueryParameter } from "./query.ts";
import { signature } from "./signature.ts";
import { dayOf, formatSigningDate } from "./signing-date.ts";
import { deriveSigningKey, type SigningKeys } from "./signing-key.ts";
import { ALGORITHM, stringToSign } from "./string-to-sign.ts";

/** A request that is to be signed in its Authorization header. */
export interface AuthorizationRequest {
  readonly method: string;
  /** As it is sent in the Host header: with the port, unless it is the default of the scheme. */
  readonly host: string;
  /** As it stands in the URL: encoded once, beginning with "/". */
  readonly path: string;
  /** Decoded. */
  readonly query: readonly QueryParameter[];
  /** The headers to sign beside host and x-amz-date. Names in lowercase; S3 wants x-amz-content-sha256 among them. */
  readonly headers: Readonly<Record<string, string>>;
  /** Lowercase hex SHA-256 of the body, or `UNSIGNED_PAYLOAD`. */
  readonly payloadHash: string;
  readonly date: Date;
  readonly region: string;
  /** "s3" when absent. */
  readonly service?: string;
  readonly credentials: Credentials;
}

/** What is signed, step by step, and the headers that carry it. */
export interface SignedAuthorization {
  readonly canonicalRequest: string;
  readonly stringToSign: string;
  /** To be sent as they are, beside host: what was given, x-amz-date, x-amz-security-token and authorization. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Signs a request in its Authorization header, for the requests that slotd sends itself.
 *
 * Source: AWS Signature Version 4, "Authenticating requests: using the Authorization header".
 */
export function signAuthorization(
  request: AuthorizationRequest,
  signingKeys: SigningKeys = deriveSigningKey,
): SignedAuthorization {
  const { method, path, credentials, region, service = "s3", payloadHash } = request;
  const signingDate = formatSigningDate(request.date);
  const signingKey = signingKeys(credentials, { day: dayOf(signingDate), region, service });
  const headers = headersToSend(request, signingDate);
  const signed = headersToSign(request.host, headers);
  const canonical = canonicalRequest({
    method,
    path,
    query: canonicalQuery(request.query),
    headers: signed,
    payloadHash,
  });
  const toSign = stringToSign(signingDate, signingKey.scope, canonical);
  const authorization =
    `${ALGORITHM} Credential=${credentials.accessKeyId}/${signingKey.scope}, ` +
    `SignedHeaders=${signedHeaderNames(signed, ";")}, Signature=${signature(signingKey.key, toSign)}`;
  return { canonicalRequest: canonical, stringToSign: toSign, headers: { ...headers, authorization } };
}

function headersToSend(request: AuthorizationRequest, signingDate: string): Record<string, string> {
  const { sessionToken } = request.credentials;
  const token = sessionToken === undefined ? {} : { "x-amz-security-token": sessionToken };
  return { ...request.headers, "x-amz-date": signingDate, ...token };
}

function headersToSign(host: string, headers: Readonly<Record<string, string>>): readonly SignedHeader[] {
  const all: SignedHeader[] = [["host", host], ...Object.entries(headers)];
  return all.sort(([a], [b]) => (a < b ? -1 : 1));
}
