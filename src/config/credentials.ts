import type { S3Config } from "./config.ts";

/** Where the keys of a bucket come from. */
export type S3Credentials =
  | {
      readonly kind: "static";
      readonly accessKeyId: string;
      readonly secretAccessKey: string;
      readonly sessionToken: string | undefined;
      /** The files that they were read from, absolute; undefined for what did not stand in a file. */
      readonly files: {
        readonly accessKeyId: string | undefined;
        readonly secretAccessKey: string | undefined;
        readonly sessionToken: string | undefined;
      };
    }
  /** A JSON file; absolute path. */
  | { readonly kind: "file"; readonly path: string }
  /** AWS's chain of credential providers. */
  | { readonly kind: "aws" };

/** Where the keys of a bucket come from, as its options say. That each kind has what it needs was checked. */
export function credentialsOf(s3: S3Config): S3Credentials {
  switch (s3.credentials) {
    case "aws":
      return { kind: "aws" };
    case "file":
      return { kind: "file", path: checked(s3.credentialsFile) };
    case "static":
      return {
        kind: "static",
        accessKeyId: checked(s3.accessKeyId),
        secretAccessKey: checked(s3.secretAccessKey),
        sessionToken: s3.sessionToken,
        files: {
          accessKeyId: s3.accessKeyIdFile,
          secretAccessKey: s3.secretAccessKeyFile,
          sessionToken: s3.sessionTokenFile,
        },
      };
  }
}

function checked<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error("keys were checked and are not there");
  return value;
}
