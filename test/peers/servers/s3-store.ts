import { Sha256 } from "@aws-crypto/sha256-js";
import { HttpRequest } from "@smithy/protocol-http";
import { SignatureV4 } from "@smithy/signature-v4";

/** Where a bucket is and who may write to it: what an operator puts into slotd's options. */
export interface S3Access {
  /** Scheme, host and port; no trailing slash. */
  readonly endpoint: string;
  readonly bucket: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** What requests are signed for: "s3" when left out. */
  readonly service?: string;
}

export interface FetchedObject {
  readonly status: number;
  readonly body: Uint8Array;
  /** The Content-Type header; null when there is none. */
  readonly contentType: string | null;
}

/** A real S3 store on loopback, empty at every start, with one bucket. */
export interface S3Store extends S3Access {
  /** Path style: endpoint/bucket. */
  readonly bucketUrl: string;
  /** GETs an object with the credentials, signed in the Authorization header. `key` is not encoded. */
  fetchObject(key: string): Promise<FetchedObject>;
  /** PUTs an object in the same way. @throws {Error} when the store refuses. */
  putObject(key: string, body: Uint8Array | string, contentType?: string): Promise<void>;
  /** All keys in the bucket, not encoded, in the store's order. */
  listKeys(): Promise<string[]>;
  /** Where anyone may GET an object without a signature. On RGW: only after makeBucketPublic(). */
  anonymousUrl(key: string): string;
  /** Its processes, in the order they were started. */
  readonly pids: readonly number[];
  /** What they have printed. */
  log(): string;
  /** Ends all its processes and removes its folder. May be called twice. */
  stop(): Promise<void>;
}

/** A key as a URL path, each byte encoded once. Source: RFC 3986 §2.3. */
export function encodeKey(key: string): string {
  const encode = (part: string) =>
    encodeURIComponent(part).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  return key.split("/").map(encode).join("/");
}

/** One request of signedFetch(). */
export interface SignedRequest {
  readonly method: string;
  /** Absolute and encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
}

/**
 * Sends a request signed in the Authorization header; made with AWS's own signer, so that slotd's is not judged by
 * itself.
 */
export async function signedFetch(access: S3Access, request: SignedRequest): Promise<Response> {
  const { endpoint, region, accessKeyId, secretAccessKey, service = "s3" } = access;
  const url = new URL(endpoint);
  const signer = new SignatureV4({
    service,
    region,
    credentials: { accessKeyId, secretAccessKey },
    sha256: Sha256,
    uriEscapePath: false,
  });
  const { method, path, query = {}, headers = {}, body } = request;
  const signed = await signer.sign(
    new HttpRequest({
      method,
      hostname: url.hostname,
      port: Number(url.port),
      path,
      query: { ...query },
      headers: { ...headers, host: url.host },
      body,
    }),
  );
  const search = new URLSearchParams(query).toString();
  return fetch(`${endpoint}${path}${search ? `?${search}` : ""}`, {
    method,
    headers: signed.headers,
    ...(body === undefined ? {} : { body: body as Uint8Array<ArrayBuffer> | string }),
  });
}

/** As signedFetch(). @throws {Error} with the store's answer unless the status is 2xx. */
export async function signedFetchOk(access: S3Access, request: SignedRequest): Promise<Response> {
  const response = await signedFetch(access, request);
  if (response.ok) return response;
  throw new Error(`${request.method} ${request.path}: HTTP ${response.status} ${await response.text()}`);
}

function unescapeXml(text: string): string {
  const entities: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, name) => {
    if (hex) return String.fromCodePoint(Number.parseInt(hex, 16));
    return decimal ? String.fromCodePoint(Number(decimal)) : (entities[name] ?? whole);
  });
}

async function listKeys(access: S3Access): Promise<string[]> {
  const keys: string[] = [];
  for (let token: string | undefined, more = true; more; more = token !== undefined) {
    const query = { "list-type": "2", ...(token === undefined ? {} : { "continuation-token": token }) };
    const response = await signedFetchOk(access, { method: "GET", path: `/${access.bucket}`, query });
    const xml = await response.text();
    keys.push(...[...xml.matchAll(/<Key>([^<]*)<\/Key>/g)].map((match) => unescapeXml(match[1] ?? "")));
    const next = /<NextContinuationToken>([^<]*)</.exec(xml)?.[1];
    token = next === undefined ? undefined : unescapeXml(next);
  }
  return keys;
}

/** The part of an S3Store that only needs its address and credentials. */
export function s3Client(
  access: S3Access,
): S3Access & Pick<S3Store, "bucketUrl" | "fetchObject" | "putObject" | "listKeys"> {
  const path = (key: string) => `/${access.bucket}/${encodeKey(key)}`;
  return {
    ...access,
    bucketUrl: `${access.endpoint}/${access.bucket}`,
    async fetchObject(key) {
      const response = await signedFetch(access, { method: "GET", path: path(key) });
      const body = new Uint8Array(await response.arrayBuffer());
      return { status: response.status, body, contentType: response.headers.get("content-type") };
    },
    async putObject(key, body, contentType = "application/octet-stream") {
      const headers = { "content-type": contentType };
      await signedFetchOk(access, { method: "PUT", path: path(key), headers, body });
    },
    listKeys: () => listKeys(access),
  };
}
