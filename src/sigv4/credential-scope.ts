/** What a signature is good for. */
export interface CredentialScope {
  /** `YYYYMMDD` in UTC. */
  readonly day: string;
  readonly region: string;
  /** "s3", here. */
  readonly service: string;
}

/** The last part of every credential scope. */
export const SCOPE_TERMINATOR = "aws4_request";

/**
 * Writes a scope as `day/region/service/aws4_request`.
 *
 * Source: AWS Signature Version 4, "Create a string to sign", CredentialScope.
 */
export function credentialScope(scope: CredentialScope): string {
  return `${scope.day}/${scope.region}/${scope.service}/${SCOPE_TERMINATOR}`;
}

/**
 * Reads an X-Amz-Credential, `access key id/scope`; undefined when a part is missing or the day is not eight
 * digits. An access key id may itself contain "/".
 */
export function parseCredential(
  credential: string,
): { readonly accessKeyId: string; readonly scope: CredentialScope } | undefined {
  const match = /^(.+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request$/.exec(credential);
  if (!match) return undefined;
  const [, accessKeyId = "", day = "", region = "", service = ""] = match;
  return { accessKeyId, scope: { day, region, service } };
}
