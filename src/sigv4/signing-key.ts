import { createHmac } from "node:crypto";
import { type CredentialScope, credentialScope, SCOPE_TERMINATOR } from "./credential-scope.ts";
import { uriEncode } from "./encode.ts";

/** An access key: who signs, and what only they know. */
export interface AccessKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** An access key made fit to sign within one scope. */
export interface SigningKey {
  /** 32 bytes. */
  readonly key: Uint8Array;
  /** As `credentialScope` writes it. */
  readonly scope: string;
  /** The value of X-Amz-Credential, percent-encoded. */
  readonly credential: string;
}

/** Gives the signing key of an access key for one scope. */
export type SigningKeys = (accessKey: AccessKey, scope: CredentialScope) => SigningKey;

/**
 * Derives a signing key: four HMACs, the secret first, then day, region, service and "aws4_request".
 *
 * Source: AWS Signature Version 4, "Calculate the signature".
 */
export function deriveSigningKey(accessKey: AccessKey, scope: CredentialScope): SigningKey {
  const dayKey = hmac(`AWS4${accessKey.secretAccessKey}`, scope.day);
  const regionKey = hmac(dayKey, scope.region);
  const serviceKey = hmac(regionKey, scope.service);
  const scopeText = credentialScope(scope);
  return {
    key: hmac(serviceKey, SCOPE_TERMINATOR),
    scope: scopeText,
    credential: uriEncode(`${accessKey.accessKeyId}/${scopeText}`),
  };
}

/**
 * As `deriveSigningKey`, but keeps the keys last derived, which is all that a signer needs within a day.
 *
 * @param limit how many keys are kept, 1 or more; the oldest goes first.
 */
export function cachedSigningKeys(limit = 8): SigningKeys {
  const entries: CacheEntry[] = [];
  return (accessKey, scope) => {
    for (const entry of entries) {
      if (isFor(entry, accessKey, scope)) return entry.signingKey;
    }
    const signingKey = deriveSigningKey(accessKey, scope);
    const { accessKeyId, secretAccessKey } = accessKey;
    entries.unshift({ accessKeyId, secretAccessKey, ...scope, signingKey });
    if (entries.length > limit) entries.pop();
    return signingKey;
  };
}

interface CacheEntry extends AccessKey, CredentialScope {
  readonly signingKey: SigningKey;
}

function isFor(entry: CacheEntry, accessKey: AccessKey, scope: CredentialScope): boolean {
  return (
    entry.day === scope.day &&
    entry.region === scope.region &&
    entry.service === scope.service &&
    entry.accessKeyId === accessKey.accessKeyId &&
    entry.secretAccessKey === accessKey.secretAccessKey
  );
}

function hmac(key: string | Buffer, data: string): Buffer {
  return createHmac("sha256", key).update(data).digest();
}
