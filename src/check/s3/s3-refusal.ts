import type { S3Answer } from "../../store/s3/s3-answer.ts";
import { childText } from "../../store/s3/xml-answer.ts";
import { type Finding, wrong } from "../finding.ts";
import { brief, type S3Probe } from "../probe.ts";

/** What is wrong, and what to do about it. */
type Explain = (probe: S3Probe, answer: S3Answer) => readonly [text: string, advice: string];

/** The one table that says what a store's refusal of a right upload means. */
const explanations: Readonly<Record<string, Explain>> = {
  NoSuchBucket: ({ client }) => [
    `There is no bucket ${client.root.name} at ${client.root.host}.`,
    "Create it, or correct s3.bucket_url.",
  ],
  InvalidAccessKeyId: () => [
    "The store does not know the access key id.",
    "Correct s3.access_key_id; it must be a key of this store and account.",
  ],
  SignatureDoesNotMatch: () => [
    "The store refuses the signature: the secret access key is not the one of the access key id.",
    "Correct s3.secret_access_key. If it is right, something between slotd and the store (a proxy) changes the Host header or the path.",
  ],
  AccessDenied: ({ client }) => [
    `The key is known, but it may not put files into the bucket ${client.root.name}.`,
    `Give it s3:PutObject on ${arn(client.root.name, client.root.keyPrefix)} (and s3:GetObject, s3:DeleteObject).`,
  ],
  AuthorizationHeaderMalformed: wrongRegion,
  AuthorizationQueryParametersError: wrongRegion,
  PermanentRedirect: wrongRegion,
  TemporaryRedirect: wrongRegion,
  IllegalLocationConstraintException: wrongRegion,
  RequestTimeTooSkewed: () => [
    "The store says that the clock here is too far off.",
    "Set the clock of this machine, and keep it right with NTP.",
  ],
  ExpiredToken: () => ["The session token of the key has expired.", "Get a new one, or use a lasting key."],
  InvalidToken: () => ["The store refuses the session token.", "Correct s3.session_token."],
  AccessControlListNotSupported: () => [
    "The bucket does not allow ACLs, and s3.add_acl asks for one.",
    "Set s3.add_acl = false, and let a bucket policy make the files public.",
  ],
  MethodNotAllowed: notS3,
};

function wrongRegion({ target }: S3Probe, answer: S3Answer): readonly [string, string] {
  const expected =
    childText(answer.xml, "Region") ??
    answer.headers.get("x-amz-bucket-region") ??
    /expecting '([^']+)'/.exec(childText(answer.xml, "Message") ?? "")?.[1];
  const text = `The region ${target.region} is not the one of the bucket.`;
  return expected === undefined
    ? [text, "Correct s3.region (and, on AWS, the region in s3.bucket_url)."]
    : [text, `Set s3.region = "${expected}" (and, on AWS, the same region in s3.bucket_url).`];
}

function notS3({ client }: S3Probe, answer: S3Answer): readonly [string, string] {
  return [
    `What answers at ${client.root.host} does not take an upload (${brief(answer)}): it is probably no S3 endpoint.`,
    "Correct s3.bucket_url: it is the address of the S3 API, not of a web console or a website endpoint.",
  ];
}

/** Says what a store's refusal of an upload that should have succeeded means. */
export function explainRefusal(probe: S3Probe, answer: S3Answer): Finding {
  const isRedirect = answer.status >= 300 && answer.status < 400;
  const known = explanations[answer.code ?? ""] ?? (isRedirect ? wrongRegion : undefined);
  if (known !== undefined) return wrong(...known(probe, answer));
  if (answer.code === undefined && answer.status < 500) return wrong(...notS3(probe, answer));
  return wrong(
    `The store refuses a right upload with ${brief(answer)}: ${childText(answer.xml, "Message") || "it does not say why"}.`,
    answer.status >= 500
      ? "See whether the store is well, and try again."
      : "See the documentation of the store.",
  );
}

/** The name of everything under a prefix of a bucket, as policies write it. */
export function arn(bucket: string, keyPrefix: string): string {
  return `arn:aws:s3:::${bucket}/${keyPrefix}*`;
}
