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
    "A quota of the store is used up: that of the bucket or of its owner.",
    "Raise it (on Ceph: radosgw-admin quota set), or free space in the bucket.",
  ],
  XMinioAdminBucketQuotaExceeded: () => [
    "The quota of the bucket is used up.",
    "Raise it (mc quota set), or free space in the bucket.",
  ],
  XMinioStorageFull: () => ["The store is full.", "Free space in it, or give it more."],
  UserSuspended: () => [
    "The store has suspended the user of the access key.",
    "Have whoever runs the store enable it again (on Ceph: radosgw-admin user enable).",
  ],
  AccountProblem: () => [
    "There is a problem with the account of the access key, says the store.",
    "See the account at the provider: mostly it is about payment.",
  ],
  SlowDown: () => ["The store asks for fewer requests.", "Wait a while, and run the check again."],
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

/** COMPAT(Ceph): for a virtual host that it does not know, the first part of the path is the bucket. */
function noSuchBucket({ client: { root } }: S3Probe, answer: S3Answer): readonly [string, string] {
  const { scheme, host, name, path } = root;
  if (path !== "") return [`There is no bucket ${name} at ${host}.`, "Create it, or correct s3.bucket_url."];
  const asked = childText(answer.xml, "BucketName");
  const endpoint = host.startsWith(`${name}.`) ? host.slice(name.length + 1) : host;
  const pathStyle = `write the bucket into the path: s3.bucket_url = "${scheme}://${endpoint}/${name}"`;
  if (asked !== undefined && asked !== name) {
    return [
      `The store does not take ${host} for the host of a bucket: it looks for the bucket in the path.`,
      `Have the store know the host (on Ceph: rgw_dns_name = ${endpoint}), or ${pathStyle}.`,
    ];
  }
  return [
    `There is no bucket ${name} at ${endpoint}, or the store does not take ${host} for the host of a bucket.`,
    `Create it; or, where the store knows no such host names, ${pathStyle}.`,
  ];
}

/** COMPAT(OpenStack Swift): it answers so for a key that it does not know, too. */
function signatureRefused(_probe: S3Probe, { headers }: S3Answer): readonly [string, string] {
  if (headers.has("x-trans-id")) {
    return [
      "The store refuses the signature: it does not know the access key id, or the secret access key is not the one of it. This store does not tell which.",
      "Correct s3.access_key_id and s3.secret_access_key.",
    ];
  }
  return [
    "The store refuses the signature: the secret access key is not the one of the access key id.",
    "Correct s3.secret_access_key. If it is right, something between slotd and the store (a proxy) changes the Host header or the path.",
  ];
}

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
  const text = isOk(answer)
    ? `What answers at ${client.root.host} says ${brief(answer)} to an upload, but not as an S3 store does (without an ETag): it is probably a plain web server.`
    : `What answers at ${client.root.host} does not take an upload (${brief(answer)}): it is probably no S3 endpoint.`;
  return [
    text,
    "Correct s3.bucket_url: it is the address of the S3 API, not of a web console or a website endpoint.",
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
      `What stands before the store at ${probe.client.root.host} answers ${answer.status}: it does not reach the store.`,
      "See whether the store runs, and the log of the proxy before it.",
    );
  }
  return wrong(
    `The store refuses a right upload with ${brief(answer)}: ${childText(answer.xml, "Message") || "it does not say why"}.`,
    answer.status >= 500
      ? "See whether the store is well, and try again."
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
