import type { S3Answer } from "../../store/s3/s3-answer.ts";
import { childText } from "../../store/s3/xml-answer.ts";
import { type Finding, wrong } from "../finding.ts";
import { brief, isOk, type S3Probe } from "../probe.ts";

/** What is wrong, and what to do about it. */
type Explain = (probe: S3Probe, answer: S3Answer) => readonly [text: string, advice: string];

/** The one table that says what a store's refusal of a right upload means. */
const explanations: Readonly<Record<string, Explain>> = {
  NoSuchBucket: noSuchBucket,
  InvalidBucketName: noSuchBucket,
  InvalidAccessKeyId: () => [
    "The store does not know the access key id.",
    "Correct s3.access_key_id; it must be a key of this store and account.",
  ],
  SignatureDoesNotMatch: signatureRefused,
  QuotaExceeded: () => [
    "A quota of the store is exhausted: that of the bucket or of its owner.",
    "Increase it (on Ceph: radosgw-admin quota set), or free space in the bucket.",
  ],
  XMinioAdminBucketQuotaExceeded: () => [
    "The quota of the bucket is exhausted.",
    "Increase it (mc quota set), or free space in the bucket.",
  ],
  XMinioStorageFull: () => ["The store is full.", "Free or add space in the store."],
  UserSuspended: () => [
    "The store has suspended the user of the access key.",
    "Ask the operator of the store to enable the user again (on Ceph: radosgw-admin user enable).",
  ],
  AccountProblem: () => [
    "The store reports a problem with the account of the access key.",
    "Check the account at the provider; the usual cause is the payment.",
  ],
  SlowDown: () => ["The store requests a lower rate of requests.", "Wait, and run the check again."],
  AccessDenied: ({ client }) => [
    `The store knows the key, but the key may not put files into the bucket ${client.root.name}.`,
    `Give the key s3:PutObject on ${arn(client.root.name, client.root.keyPrefix)} (and s3:GetObject, s3:DeleteObject).`,
  ],
  AuthorizationHeaderMalformed: wrongRegion,
  AuthorizationQueryParametersError: wrongRegion,
  PermanentRedirect: wrongRegion,
  TemporaryRedirect: wrongRegion,
  IllegalLocationConstraintException: wrongRegion,
  RequestTimeTooSkewed: () => [
    "The store reports that the clock of this machine is too far off.",
    "Set the clock of this machine, and synchronise it with NTP.",
  ],
  ExpiredToken: () => [
    "The session token of the key has expired.",
    "Get a new token, or use a permanent key.",
  ],
  InvalidToken: () => ["The store refuses the session token.", "Correct s3.session_token."],
  AccessControlListNotSupported: () => [
    "The bucket does not allow ACLs, and s3.add_acl requests one.",
    "Set s3.add_acl = false, and make the files public with a bucket policy.",
  ],
  MethodNotAllowed: notS3,
};

/** COMPAT(Ceph): for a virtual host that it does not know, the first part of the path is the bucket. */
function noSuchBucket({ client: { root } }: S3Probe, answer: S3Answer): readonly [string, string] {
  const { scheme, host, name, path } = root;
  if (path !== "") return [`There is no bucket ${name} at ${host}.`, "Create it, or correct s3.bucket_url."];
  const asked = childText(answer.xml, "BucketName");
  const endpoint = host.startsWith(`${name}.`) ? host.slice(name.length + 1) : host;
  const pathStyle = `write the bucket into the path: s3.bucket_url = "${scheme}://${endpoint}/${name}"`;
  if (asked !== undefined && asked !== name) {
    return [
      `The store does not know ${host} as the host of a bucket: it expects the bucket in the path.`,
      `Configure the host in the store (on Ceph: rgw_dns_name = ${endpoint}), or ${pathStyle}.`,
    ];
  }
  return [
    `There is no bucket ${name} at ${endpoint}, or the store does not know ${host} as the host of a bucket.`,
    `Create the bucket or, if the store does not support such host names, ${pathStyle}.`,
  ];
}

/** COMPAT(OpenStack Swift): it answers so for a key that it does not know, too. */
function signatureRefused(_probe: S3Probe, { headers }: S3Answer): readonly [string, string] {
  if (headers.has("x-trans-id")) {
    return [
      "The store refuses the signature: it does not know the access key id, or the secret access key does not belong to it. This store does not report which.",
      "Correct s3.access_key_id and s3.secret_access_key.",
    ];
  }
  return [
    "The store refuses the signature: the secret access key does not belong to the access key id.",
    "Correct s3.secret_access_key. If it is correct, a proxy between slotd and the store changes the Host header or the path.",
  ];
}

function wrongRegion({ target }: S3Probe, answer: S3Answer): readonly [string, string] {
  const expected =
    childText(answer.xml, "Region") ??
    answer.headers.get("x-amz-bucket-region") ??
    /expecting '([^']+)'/.exec(childText(answer.xml, "Message") ?? "")?.[1];
  const text = `The region ${target.region} is not the region of the bucket.`;
  return expected === undefined
    ? [text, "Correct s3.region (and, on AWS, the region in s3.bucket_url)."]
    : [text, `Set s3.region = "${expected}" (and, on AWS, the same region in s3.bucket_url).`];
}

function notS3({ client }: S3Probe, answer: S3Answer): readonly [string, string] {
  const text = isOk(answer)
    ? `The server at ${client.root.host} responds to an upload with ${brief(answer)} and without an ETag, unlike an S3 store: it is probably a plain web server.`
    : `The server at ${client.root.host} does not accept an upload (${brief(answer)}): it is probably not an S3 endpoint.`;
  return [
    text,
    "Correct s3.bucket_url: it must be the address of the S3 API, not of a web console or a website endpoint.",
  ];
}

/** Says what a store's refusal of an upload that should have succeeded means. */
export function explainRefusal(probe: S3Probe, answer: S3Answer): Finding {
  const isRedirect = answer.status >= 300 && answer.status < 400;
  const known = explanations[answer.code ?? ""] ?? (isRedirect ? wrongRegion : undefined);
  if (known !== undefined) return wrong(...known(probe, answer));
  if (answer.code === undefined && (answer.status < 500 || answer.status === 501)) {
    return wrong(...notS3(probe, answer));
  }
  if (answer.code === undefined && answer.status <= 504 && answer.status >= 502) {
    return wrong(
      `A proxy in front of the store at ${probe.client.root.host} responds with ${answer.status}: it does not reach the store.`,
      "Check that the store runs, and see the log of the proxy.",
    );
  }
  return wrong(
    `The store refuses a valid upload with ${brief(answer)}: ${childText(answer.xml, "Message") || "it gives no reason"}.`,
    answer.status >= 500
      ? "Check the state of the store, and try again."
      : "See the documentation of the store.",
  );
}

/**
 * Whether something took an upload as S3 does: with an ETag. Other web servers say "200 OK" to a PUT too.
 * Source: S3, "PutObject", response elements.
 */
export function isStored(answer: S3Answer): boolean {
  return isOk(answer) && answer.headers.has("etag");
}

/** The name of everything under a prefix of a bucket, as policies write it. */
export function arn(bucket: string, keyPrefix: string): string {
  return `arn:aws:s3:::${bucket}/${keyPrefix}*`;
}
