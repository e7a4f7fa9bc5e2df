import type { DomainConfig, S3Config } from "../config/config.ts";
import type { Seconds } from "../slot/slot.ts";
import type { CredentialSource } from "../store/credentials.ts";

/** What is to be known of a bucket to check it. */
export interface S3Target
  extends Pick<S3Config, "bucketUrl" | "publicUrl" | "region" | "access" | "upload" | "addAcl"> {
  /** Whether it is slotd's own bucket: its HTTP server. */
  readonly isOwn: boolean;
  readonly expirationTime: Seconds;
  /** How long slotd says that files of messages stay; undefined: for ever. */
  readonly retention: Seconds | undefined;
  readonly credentials: CredentialSource;
}

/** Reads the target from the options in force. */
export function s3Target(
  { s3, expirationTime, purpose }: DomainConfig & { readonly s3: S3Config },
  credentials: CredentialSource,
): S3Target {
  return { ...s3, expirationTime, credentials, isOwn: false, retention: purpose.message.retention };
}
