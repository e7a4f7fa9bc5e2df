import { presign } from "../../sigv4/presign.ts";
import { cachedSigningKeys } from "../../sigv4/signing-key.ts";
import type { Bytes, Seconds } from "../../slot/slot.ts";
import { type CredentialSource, lifeWithin } from "../credentials.ts";
import { type ObjectMeta, type ObjectSink, PutError, type PutFailure } from "../object-store.ts";
import { objectPath, parseBucketUrl, urlOf } from "../object-url.ts";
import { metadataOf } from "./address-metadata.ts";
import { S3RequestError, sendHttp } from "./s3-answer.ts";
import { type StoreAnswer, StoreConnectionError, StoreRequest } from "./store-request.ts";

export interface S3SinkOptions {
  /** As `parseBucketUrl` reads it. */
  readonly bucketUrl: string;
  readonly region: string;
  readonly credentials: CredentialSource;
  /** Gives each object the ACL public-read. */
  readonly addAcl: boolean;
}

export interface S3SinkDeps {
  readonly now: () => Date;
  /** A store that takes no byte for so long has failed; 60 when absent. */
  readonly stallTimeout?: Seconds;
}

/** Milliseconds to wait for 100 (Continue); stores that do not know it get the body then. */
const continueWithin = 1_000;
/** Milliseconds to wait for the answer once the body is sent: a store may put a large object together then. */
const answerWithin = 300_000;
/** Of a presigned PUT: a slow upload of a large file takes hours, and some stores look again at its end. */
const longestUpload: Seconds = 86_400;

/**
 * Streams uploads into an S3 bucket, with no more than a few pieces of a file in memory. An object is written once:
 * the store is told to refuse a second one (`If-None-Match: *`), and where it does not know that, the object is
 * looked for before the first and before the last piece of a body is sent. Of an object whose token was made from an
 * address, its metadata say the filename, the type, the expiry and the time; of others the key does.
 *
 * @throws {TypeError} when the bucket URL cannot be used; its text says why.
 */
export function s3Sink(options: S3SinkOptions, deps: S3SinkDeps): ObjectSink {
  return new S3Sink(options, deps);
}

class S3Sink implements ObjectSink {
  readonly #options: S3SinkOptions;
  readonly #bucket: ReturnType<typeof parseBucketUrl>;
  readonly #deps: Required<S3SinkDeps>;
  readonly #signingKeys = cachedSigningKeys();
  /** The uploads that are at their last piece, by object: of two to one slot the first gets through. */
  readonly #finishing = new Map<string, Promise<void>>();
  #knowsIfNoneMatch = true;
  #knowsContinue = true;

  constructor(options: S3SinkOptions, deps: S3SinkDeps) {
    this.#options = options;
    this.#bucket = parseBucketUrl(options.bucketUrl);
    this.#deps = { stallTimeout: 60, ...deps };
  }

  async has(token: string, filename: string): Promise<boolean> {
    const url = this.#sign("HEAD", { token, filename }, {});
    // Not a StoreRequest. COMPAT(Swift 2.30): it sends a body after the head, which fetch() leaves alone.
    const answer = sendHttp({ method: "HEAD", url, timeout: this.#deps.stallTimeout * 1000 });
    const { status, code = "" } = await answer.catch(asPutError);
    // COMPAT(AWS): without the right to list the bucket, 403 is the answer for what is not there.
    if (status === 404 || status === 403) return false;
    if (status >= 200 && status < 300) return true;
    throw refusalOf({ status, code, message: "" });
  }

  async put(meta: ObjectMeta, body: AsyncIterable<Uint8Array>): Promise<void> {
    const request = await this.#open(meta).catch(asPutError);
    try {
      const last = await sendAllButLast(request, meta.size, body);
      const answer = await this.#finish(meta, request, last);
      // From a store that wanted the body first: the next upload is without.
      if (answer.status === 501) this.#knowsIfNoneMatch = false;
      if (answer.status < 200 || answer.status > 299) throw refusalOf(answer);
    } catch (error) {
      // A connection that ends before the announced length is what tells the store to keep nothing.
      request.abort();
      return asPutError(error);
    }
  }

  /** A request whose body the store wants. */
  async #open(meta: ObjectMeta): Promise<StoreRequest> {
    const isConditional = this.#knowsIfNoneMatch;
    const request = this.#send(meta, this.#putHeaders(meta));
    if (!this.#knowsContinue) return request;
    const wanted = await request.wanted(continueWithin);
    if (wanted === "late") this.#knowsContinue = false;
    if (wanted !== "answered") return request;
    const answer = await request.answer(0);
    // Nothing was wanted of an empty file.
    if (answer.status >= 200 && answer.status < 300) return request;
    request.abort();
    // COMPAT(Swift, B2): 501 NotImplemented for If-None-Match.
    if (answer.status !== 501 || !isConditional) throw refusalOf(answer);
    this.#knowsIfNoneMatch = false;
    return this.#open(meta);
  }

  #putHeaders(meta: ObjectMeta): Record<string, string> {
    return {
      "content-length": String(meta.size),
      "content-type": meta.contentType,
      ...metadataOf(meta),
      ...(this.#knowsIfNoneMatch && { "if-none-match": "*" }),
      ...(this.#options.addAcl && { "x-amz-acl": "public-read" }),
    };
  }

  /** Sends the last piece when no other upload to the same object is just doing so. */
  async #finish(meta: ObjectMeta, request: StoreRequest, last: Uint8Array | undefined): Promise<StoreAnswer> {
    if (request.isOver) return request.answer(answerWithin);
    const key = `${meta.token}/${meta.filename}`;
    while (this.#finishing.has(key)) await this.#finishing.get(key);
    const finishing = this.#finishAlone(meta, request, last);
    const settled = finishing.then(nothing, nothing).finally(() => this.#finishing.delete(key));
    this.#finishing.set(key, settled);
    return finishing;
  }

  async #finishAlone(
    meta: ObjectMeta,
    request: StoreRequest,
    last: Uint8Array | undefined,
  ): Promise<StoreAnswer> {
    if (last !== undefined) {
      const isLookedFor = !this.#knowsIfNoneMatch;
      if (isLookedFor && (await this.has(meta.token, meta.filename))) throw existsError();
      await request.write(last);
    }
    return request.finish(answerWithin);
  }

  #send(meta: ObjectMeta, headers: Record<string, string>): StoreRequest {
    const isAsked = this.#knowsContinue;
    return new StoreRequest(
      "PUT",
      this.#sign("PUT", meta, headers),
      { ...headers, ...(isAsked && { expect: "100-continue" }) },
      this.#deps.stallTimeout,
    );
  }

  /** @throws {PutError} when there are no credentials. */
  #sign(
    method: "HEAD" | "PUT",
    object: { readonly token: string; readonly filename: string },
    headers: Record<string, string>,
  ): string {
    const now = this.#deps.now();
    const credentials = this.#options.credentials.current(now);
    if (credentials === undefined) throw new PutError("upstream", "There are no valid keys for the store.");
    const path = objectPath(this.#bucket, object.token, object.filename);
    const expires = lifeWithin(credentials, now, longestUpload);
    const { host } = this.#bucket;
    const { region } = this.#options;
    const request = { method, host, path, headers, date: now, expires, region, credentials };
    return `${urlOf(this.#bucket, path)}?${presign(request, this.#signingKeys)}`;
  }
}

/**
 * Sends a body but for its last piece, which is given back: an upload is complete only by it. Stops early when the
 * store has answered.
 */
async function sendAllButLast(
  request: StoreRequest,
  size: Bytes,
  body: AsyncIterable<Uint8Array>,
): Promise<Uint8Array | undefined> {
  let held: Uint8Array | undefined;
  let length = 0;
  for await (const chunk of body) {
    if (chunk.length === 0) continue;
    if (request.isOver) return undefined;
    length += chunk.length;
    if (length > size) throw new PutError("wrong-length", `The object was to have ${size} bytes; more came.`);
    if (held !== undefined) await request.write(held);
    held = chunk;
  }
  if (length < size) {
    throw new PutError("wrong-length", `The object was to have ${size} bytes; ${length} came.`);
  }
  return held;
}

function nothing(): void {}

function existsError(): PutError {
  return new PutError("exists", "An object with this token is complete already.");
}

/** The codes with which stores say that they are full; 507 says so by itself. */
const fullCodes = [
  "QuotaExceeded",
  "XMinioStorageFull",
  "XAmzQuotaExceeded",
  "StorageFull",
  "InsufficientStorage",
];

function refusalOf({ status, code, message }: StoreAnswer): PutError {
  // 409 ConditionalRequestConflict: another conditional upload to the object is just ending.
  if (status === 412 || (status === 409 && code === "ConditionalRequestConflict")) return existsError();
  const failure: PutFailure = status === 507 || fullCodes.includes(code) ? "full" : "upstream";
  const why = [code, message].filter((part) => part !== "").join(": ");
  return new PutError(failure, `The store answered ${status}${why === "" ? "" : ` ${why}`}.`);
}

/** @throws always: a failure of the store as the port names it, and everything else as it is. */
function asPutError(error: unknown): never {
  const isConnection = error instanceof StoreConnectionError || error instanceof S3RequestError;
  if (isConnection) throw new PutError("upstream", error.message, error);
  throw error;
}
