import { createHash, hash } from "node:crypto";
import { signAuthorization } from "../../sigv4/authorization.ts";
import { uriDecode, uriEncodePath } from "../../sigv4/encode.ts";
import type { Credentials } from "../../sigv4/presign.ts";
import { canonicalQuery, type QueryParameter } from "../../sigv4/query.ts";
import type { Bytes } from "../../slot/slot.ts";
import { type BucketRoot, bucketRoot } from "./bucket-root.ts";
import { type S3Answer, S3RequestError, sendHttp, type Transport } from "./s3-answer.ts";
import { childrenOf, childText, escapeText } from "./xml-answer.ts";

export interface S3ClientOptions {
  /** As `parseBucketUrl` reads it. */
  readonly bucketUrl: string;
  readonly region: string;
  /** Asked for each request, so that they may change. */
  readonly credentials: () => Credentials | Promise<Credentials>;
  readonly now: () => Date;
  /** Milliseconds that a request may take; 10,000 when absent. */
  readonly timeout?: number;
  /** In place of `fetch`. */
  readonly transport?: Transport | undefined;
}

/** A request to the bucket, or to an object in it. */
export interface S3Request {
  readonly method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  /** The whole key, prefix included, not encoded; absent for the bucket itself. */
  readonly key?: string;
  readonly query?: readonly QueryParameter[];
  /** Names in lowercase; they are signed too. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal;
}

/** What can be done to a bucket with its keys, beside slots. */
export interface S3Client {
  readonly root: BucketRoot;
  /**
   * Sends a request that is signed in its Authorization header; whatever the store answers is a value.
   *
   * @throws {S3RequestError} `unreachable` when no answer came.
   * @throws {RangeError} for a DELETE without a key: a store that ignores a subresource it does not know would
   * delete the bucket (COMPAT(OpenStack Swift)).
   */
  send(request: S3Request): Promise<S3Answer>;
  /**
   * The size of an object; undefined when there is none. @throws {S3RequestError} for any answer that tells neither.
   */
  headObject(key: string): Promise<{ readonly size: Bytes } | undefined>;
  /** Deletes an object, or nothing when there is none. @throws {S3RequestError} when it is refused. */
  deleteObject(key: string): Promise<void>;
  /**
   * Deletes up to 1,000 objects at once; those that are not there count as deleted.
   *
   * @returns those that could not be deleted, with the store's code.
   * @throws {S3RequestError} when the whole request is refused.
   */
  deleteObjects(keys: readonly string[]): Promise<readonly { readonly key: string; readonly code: string }[]>;
}

/**
 * A client for what slotd does with a bucket itself: looking at objects, deleting them, and its settings.
 *
 * @throws {TypeError} when the bucket URL cannot be used.
 */
export function s3Client(options: S3ClientOptions): S3Client {
  const root = bucketRoot(options.bucketUrl);
  const send = (request: S3Request): Promise<S3Answer> => sendSigned(root, options, request);
  return {
    root,
    send,
    async headObject(key) {
      const answer = await send({ method: "HEAD", key });
      if (answer.status === 404) return undefined;
      // Whoever encrypts a file with a key of its own keeps others from asking for its size, but not from listing it.
      if (answer.status === 400) return listedObject(send, key);
      expectOk(answer, "HEAD of an object");
      return { size: lengthOf(answer) };
    },
    async deleteObject(key) {
      const answer = await send({ method: "DELETE", key });
      if (answer.status !== 404) expectOk(answer, "DELETE of an object");
    },
    deleteObjects: (keys) => deleteObjects(send, keys),
  };
}

async function sendSigned(root: BucketRoot, options: S3ClientOptions, request: S3Request): Promise<S3Answer> {
  const { method, key, query = [], body, signal } = request;
  if (method === "DELETE" && !key) throw new RangeError("slotd never sends DELETE to a bucket.");
  const path = key === undefined ? root.path || "/" : `${root.path}/${uriEncodePath(key)}`;
  const payloadHash = hash("sha256", body ?? "", "hex");
  const { headers } = signAuthorization({
    ...{ method, path, query, payloadHash, host: root.host, region: options.region },
    headers: { ...request.headers, "x-amz-content-sha256": payloadHash },
    date: options.now(),
    credentials: await options.credentials(),
  });
  const search = query.length === 0 ? "" : `?${canonicalQuery(query)}`;
  return sendHttp({
    ...{ method, headers },
    url: `${root.scheme}://${root.host}${path}${search}`,
    timeout: options.timeout ?? 10_000,
    ...(body === undefined ? {} : { body }),
    ...(signal === undefined ? {} : { signal }),
    ...(options.transport === undefined ? {} : { transport: options.transport }),
  });
}

async function deleteObjects(
  send: S3Client["send"],
  keys: readonly string[],
): Promise<readonly { key: string; code: string }[]> {
  if (keys.length === 0) return [];
  if (keys.length > 1000) throw new RangeError(`DeleteObjects takes at most 1000 keys, not ${keys.length}.`);
  const objects = keys.map((key) => `<Object><Key>${escapeText(key)}</Key></Object>`).join("");
  const body = `<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Quiet>true</Quiet>${objects}</Delete>`;
  const answer = await send({
    method: "POST",
    query: [["delete", ""]],
    headers: { "content-type": "application/xml", "content-md5": contentMd5(body) },
    body,
  });
  expectOk(answer, "DeleteObjects");
  const failed = childrenOf(answer.xml, "Error").map((error) => ({
    key: childText(error, "Key") ?? "",
    code: childText(error, "Code") ?? "unknown",
  }));
  return failed.filter(({ code }) => code !== "NoSuchKey");
}

/** What S3 wants with a body that changes a bucket. Source: RFC 1864. */
export function contentMd5(body: string): string {
  return createHash("md5").update(body).digest("base64");
}

/** The object as ListObjectsV2 has it. Of all keys that begin with one, it is the first itself. */
async function listedObject(
  send: S3Client["send"],
  key: string,
): Promise<{ readonly size: Bytes } | undefined> {
  const query: QueryParameter[] = [
    ["list-type", "2"],
    ["encoding-type", "url"],
    ["max-keys", "1"],
    ["prefix", key],
  ];
  const answer = await send({ method: "GET", query });
  expectOk(answer, "ListObjectsV2 in place of a HEAD that was answered with 400");
  const [entry] = childrenOf(answer.xml, "Contents");
  if (entry === undefined || decodeListed(childText(entry, "Key") ?? "") !== key) return undefined;
  const size = childText(entry, "Size") ?? "";
  if (isSize(size)) return { size: Number(size) };
  throw new S3RequestError("refused", "ListObjectsV2 was answered without a size");
}

/** A key as a listing with encoding-type=url has it; undefined when it is not well-formed. */
export function decodeListed(key: string): string | undefined {
  return uriDecode(key.replaceAll("+", "%20"));
}

function isSize(text: string): boolean {
  return /^\d{1,15}$/.test(text);
}

/** A size that is not told must not pass for a small one. */
function lengthOf({ headers }: S3Answer): Bytes {
  const length = headers.get("content-length") ?? "";
  if (isSize(length)) return Number(length);
  throw new S3RequestError("refused", "HEAD of an object was answered without its length");
}

function expectOk(answer: S3Answer, what: string): void {
  if (answer.status >= 200 && answer.status < 300) return;
  throw new S3RequestError(
    answer.status === 401 || answer.status === 403 ? "denied" : "refused",
    `${what} was answered with ${answer.status} ${answer.code ?? ""}`.trim(),
  );
}
