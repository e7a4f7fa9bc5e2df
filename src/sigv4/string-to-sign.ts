/** The one algorithm that slotd signs with and accepts. */
export const ALGORITHM = "AWS4-HMAC-SHA256";

/**
 * Writes the string to sign.
 *
 * @param signingDate as in X-Amz-Date.
 * @param scope as `credentialScope` writes it.
 * @param canonicalRequest as `canonicalRequest` writes it.
 *
 * Source: AWS Signature Version 4, "Create a string to sign".
 */
export function stringToSign(signingDate: string, scope: string, canonicalRequest: string): string {
  return `${ALGORITHM}\n${signingDate}\n${scope}\n${Bun.SHA256.hash(canonicalRequest, "hex")}`;
}
