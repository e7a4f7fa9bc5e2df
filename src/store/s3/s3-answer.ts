import { childText, parseXml, type XmlNode } from "./xml-answer.ts";

/** What came back, read to its end. */
export interface S3Answer {
  readonly status: number;
  readonly headers: Headers;
  /** At most 1 MiB of it. */
  readonly body: Uint8Array;
  /** The body, where it is XML. */
  readonly xml: XmlNode | undefined;
  /** The store's own name for what is wrong, such as "NoSuchBucket". */
  readonly code: string | undefined;
}

/** A request to the store that did not do what it should. Its text holds no URL and no signature. */
export class S3RequestError extends Error {
  /** "denied": the key may not do so (401, 403). */
  readonly code: "unreachable" | "refused" | "denied";
  constructor(code: S3RequestError["code"], message: string, cause?: unknown) {
    super(message, { cause });
    this.name = "S3RequestError";
    this.code = code;
  }
}

/** One HTTP request with a small answer. */
export interface HttpExchange {
  readonly method: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  /** Milliseconds. */
  readonly timeout: number;
  readonly signal?: AbortSignal;
  /** Sends it in place of `fetch`, of which it needs this much. */
  readonly transport?: Transport;
}

/** What `fetch` is, as far as it is needed here: no redirect is followed. */
export type Transport = (
  url: string,
  request: {
    readonly method: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly signal: AbortSignal;
    readonly body?: string | Uint8Array<ArrayBuffer>;
  },
) => Promise<Response>;

const MAX_BODY = 1024 * 1024;

/**
 * Sends one request, follows no redirect, and reads the answer.
 *
 * @throws {S3RequestError} `unreachable` when no whole answer came in time.
 */
export async function sendHttp(exchange: HttpExchange): Promise<S3Answer> {
  const { method, url, headers = {}, body, timeout, transport = plainFetch } = exchange;
  const timer = AbortSignal.timeout(timeout);
  const signal = exchange.signal === undefined ? timer : AbortSignal.any([timer, exchange.signal]);
  try {
    const request = { method, headers, signal, ...(body === undefined ? {} : { body }) };
    const response = await transport(url, request);
    return readAnswer(response.status, response.headers, await readBody(response));
  } catch (error) {
    throw new S3RequestError("unreachable", reasonOf(error, new URL(url).host, timeout), error);
  }
}

const plainFetch: Transport = (url, request) => fetch(url, { ...request, redirect: "manual" });

async function readBody(response: Response): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    parts.push(part);
    size += part.length;
    if (size > MAX_BODY) break;
  }
  return Buffer.concat(parts).subarray(0, MAX_BODY);
}

function readAnswer(status: number, headers: Headers, body: Uint8Array): S3Answer {
  const text = Buffer.from(body)
    .toString("utf8")
    .replace(/^\uFEFF/, "");
  const xml = text.trimStart().startsWith("<") ? parseXml(text.trim()) : undefined;
  const code = xml?.name === "Error" ? childText(xml, "Code") : undefined;
  return { status, headers, body, xml, code };
}

function reasonOf(error: unknown, host: string, timeout: number): string {
  const name = error instanceof Error ? error.name : "";
  if (name === "TimeoutError") return `${host} did not respond within ${timeout / 1000} s.`;
  if (name === "AbortError") return `The request to ${host} was cancelled.`;
  const code = codeOf(error);
  return `${host} cannot be reached: ${reasons[code] ?? `${code || String(error)}`}.`;
}

/** The system's or TLS's name for why a request failed; "" where it has none. */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

const reasons: Readonly<Record<string, string>> = {
  ConnectionRefused: "nothing listens there",
  ECONNREFUSED: "nothing listens there",
  FailedToOpenSocket: "no such host, or no route to it",
  ENOTFOUND: "no such host",
  EPROTO: "it does not speak TLS there (https)",
  ERR_SSL_WRONG_VERSION_NUMBER: "it does not speak TLS there (https)",
  Malformed_HTTP_Response: "its response is not HTTP",
  EAI_AGAIN: "its name does not resolve at present",
  ETIMEDOUT: "it did not respond in time",
  EHOSTUNREACH: "there is no way to it",
  ConnectionClosed: "it closed the connection",
  ECONNRESET: "it closed the connection",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is self-signed",
  SELF_SIGNED_CERT_IN_CHAIN: "its certificate is of an authority that is not trusted here",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its certificate is of an authority that is not trusted here",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its certificate is of an authority that is not trusted here",
  CERT_HAS_EXPIRED: "its certificate has expired",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another name",
};
