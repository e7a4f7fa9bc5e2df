import { type S3Access, signedFetchOk } from "./s3-store.ts";

/** Temporary keys, as AWS's tools print them. */
export interface SessionCredentials {
  readonly AccessKeyId: string;
  readonly SecretAccessKey: string;
  readonly SessionToken: string;
  /** ISO 8601. */
  readonly Expiration: string;
}

/** Takes the role "up" of an RGW that was started with `sts`. @param seconds 900 or more. */
export async function assumeRole(access: S3Access, seconds = 900): Promise<SessionCredentials> {
  const query = {
    Action: "AssumeRole",
    DurationSeconds: String(seconds),
    RoleArn: "arn:aws:iam:::role/up",
    RoleSessionName: "slotd",
    Version: "2011-06-15",
  };
  const response = await signedFetchOk({ ...access, service: "sts" }, { method: "POST", path: "/", query });
  const xml = await response.text();
  const part = (name: string): string => new RegExp(`<${name}>([^<]+)</${name}>`).exec(xml)?.[1] ?? "";
  return {
    AccessKeyId: part("AccessKeyId"),
    SecretAccessKey: part("SecretAccessKey"),
    SessionToken: part("SessionToken"),
    Expiration: part("Expiration"),
  };
}
