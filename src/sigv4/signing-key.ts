import { createHmac, createSecretKey, type KeyObject } from "node:crypto";
import { type CredentialScope, SCOPE_TERMINATOR } from "./credential-scope.ts";

/** Gives the signing key of a secret access key for one day, region and service. */
export type SigningKeys = (secretAccessKey: string, scope: CredentialScope) => KeyObject;

/**
 * Derives a signing key: four HMACs, the secret first, then day, region, service and "aws4_request".
 *
 * Source: AWS Signature Version 4, "Calculate the signature".
 */
export function deriveSigningKey(secretAccessKey: string, scope: CredentialScope): KeyObject {
  const dayKey = hmac(`AWS4${secretAccessKey}`, scope.day);
  const regionKey = hmac(dayKey, scope.region);
  const serviceKey = hmac(regionKey, scope.service);
  return createSecretKey(hmac(serviceKey, SCOPE_TERMINATOR));
}

/**
 * As `deriveSigningKey`, but keeps the keys last derived, which is all that a signer needs within a day.
 *
 * @param limit how many keys are kept, 1 or more; the oldest goes first.
 */
export function cachedSigningKeys(limit = 8): SigningKeys {
  const entries: CacheEntry[] = [];
  return (secretAccessKey, scope) => {
    for (const entry of entries) {
      if (isFor(entry, secretAccessKey, scope)) return entry.key;
    }
    const key = deriveSigningKey(secretAccessKey, scope);
    entries.unshift({ secretAccessKey, scope, key });
    if (entries.length > limit) entries.pop();
    return key;
  };
}

interface CacheEntry {
  readonly secretAccessKey: string;
  readonly scope: CredentialScope;
  readonly key: KeyObject;
}

function isFor(entry: CacheEntry, secretAccessKey: string, scope: CredentialScope): boolean {
  return (
    entry.scope.day === scope.day &&
    entry.scope.region === scope.region &&
    entry.scope.service === scope.service &&
    entry.secretAccessKey === secretAccessKey
  );
}

function hmac(key: string | Buffer, data: string): Buffer {
  return createHmac("sha256", key).update(data).digest();
}
