import { createHash } from "node:crypto";
import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";
import { setTimeout } from "node:timers/promises";
import type { Bytes } from "../slot/slot.ts";
import type { ListedUrl } from "./url-list.ts";

/** What is wrong with what a URL answers. */
export type WrongAnswer = "unreachable" | "status" | "size" | "content";

/** A URL that does not answer as it should. */
export interface WrongUrl {
  readonly url: string;
  readonly wrong: WrongAnswer;
  /** What came, in a few words, without a URL. */
  readonly detail: string;
}

export interface VerifyOptions {
  /**
   * Where the requests are sent in place of the URLs' own hosts, such as http://127.0.0.1:5080; the Host header stays
   * that of the URL. undefined: to the hosts themselves.
   */
  readonly to: string | undefined;
  /** Requests at the same time; 1 to 64. */
  readonly parallel: number;
  readonly signal: AbortSignal;
  readonly onWrong: (wrong: WrongUrl) => void;
  readonly onProgress: (checked: number, bytes: Bytes) => void;
}

export interface Verified {
  readonly checked: number;
  readonly wrong: number;
  readonly bytes: Bytes;
  readonly isWhole: boolean;
}

/** A server that sends nothing for so long has failed; milliseconds. */
const patience = 60_000;
/** Of slotd to the bucket, and perhaps of a bucket to another host. */
const mostRedirects = 3;

/**
 * GETs every URL of a list and compares status, size and SHA-256, with a bounded number of requests at a time. A URL
 * that answers 429 or 503 with Retry-After is asked for again then, for some minutes.
 */
export async function verifyUrls(urls: AsyncIterable<ListedUrl>, options: VerifyOptions): Promise<Verified> {
  const { parallel, signal } = options;
  const agents = {
    http: new HttpAgent({ keepAlive: true, maxSockets: parallel }),
    https: new HttpsAgent({ keepAlive: true, maxSockets: parallel }),
  };
  const tally = { checked: 0, wrong: 0, bytes: 0 };
  const iterator = urls[Symbol.asyncIterator]();
  // An async generator answers calls one after the other, in their order.
  const worker = async (): Promise<void> => {
    while (!signal.aborted) {
      const next = await iterator.next();
      if (next.done === true) return;
      const wrong = await patiently(signal, () =>
        verifyUrl(next.value, options.to, agents, (bytes) => {
          tally.bytes += bytes;
          options.onProgress(tally.checked, tally.bytes);
        }),
      );
      if (wrong !== undefined && signal.aborted) return;
      tally.checked += 1;
      if (wrong !== undefined) {
        tally.wrong += 1;
        options.onWrong({ url: next.value.url, wrong: wrong.wrong, detail: wrong.detail });
      }
      options.onProgress(tally.checked, tally.bytes);
    }
  };
  try {
    await Promise.all(Array.from({ length: parallel }, worker));
    return { ...tally, isWhole: !signal.aborted };
  } finally {
    await iterator.return?.(undefined);
    agents.http.destroy();
    agents.https.destroy();
  }
}

type Wrong = Omit<WrongUrl, "url"> & {
  /** Seconds after which it may be asked for again: slotd asks a bucket for so many addresses a second only. */
  readonly retryAfter?: number;
};

/** Of one URL: at slotd's 5 s a quarter of an hour. */
const mostRetries = 180;
/** Seconds. */
const longestPause = 60;

/** Asks again for as long as the answer is to come back later. */
async function patiently(
  signal: AbortSignal,
  ask: () => Promise<Wrong | undefined>,
): Promise<Wrong | undefined> {
  for (let retries = 0; ; retries += 1) {
    const wrong = await ask();
    if (wrong?.retryAfter === undefined || retries >= mostRetries || signal.aborted) return wrong;
    await setTimeout(wrong.retryAfter * 1000, undefined, { signal }).catch(() => undefined);
  }
}

/** Seconds; undefined where none are said. Source: RFC 9110 §10.2.3. */
function retryAfterOf({ statusCode, headers }: IncomingMessage): number | undefined {
  const text = headers["retry-after"] ?? "";
  if ((statusCode !== 429 && statusCode !== 503) || !/^\d{1,6}$/.test(text)) return undefined;
  return Math.min(Math.max(Number(text), 1), longestPause);
}

type Agents = { readonly http: HttpAgent; readonly https: HttpsAgent };

async function verifyUrl(
  { url, size, sha256 }: ListedUrl,
  to: string | undefined,
  agents: Agents,
  onBytes: (bytes: Bytes) => void,
): Promise<Wrong | undefined> {
  let target = url;
  let via = to;
  for (let redirects = 0; ; redirects += 1) {
    let response: IncomingMessage;
    try {
      response = await get(target, via, agents);
    } catch (error) {
      return { wrong: "unreachable", detail: shortReason(error) };
    }
    const { statusCode = 0, headers } = response;
    const next = statusCode >= 301 && statusCode <= 308 ? headers.location : undefined;
    if (next !== undefined && redirects < mostRedirects && URL.canParse(next, target)) {
      response.resume();
      target = /^https?:/i.test(next) ? next : new URL(next, target).href;
      // The bucket is another host than the one whose place `to` takes.
      via = undefined;
      continue;
    }
    if (statusCode !== 200) {
      response.resume();
      const retryAfter = retryAfterOf(response);
      return {
        ...{ wrong: "status", detail: `status ${statusCode}` },
        ...(retryAfter !== undefined && { retryAfter }),
      };
    }
    return compare(response, { size, sha256 }, onBytes);
  }
}

async function compare(
  response: IncomingMessage,
  { size, sha256 }: Pick<ListedUrl, "size" | "sha256">,
  onBytes: (bytes: Bytes) => void,
): Promise<Wrong | undefined> {
  const hash = createHash("sha256");
  let received = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      received += chunk.length;
      onBytes(chunk.length);
      if (received > size) break;
      hash.update(chunk);
    }
  } catch (error) {
    return { wrong: "unreachable", detail: `after ${received} bytes: ${shortReason(error)}` };
  }
  if (received !== size) {
    const came = received > size ? "more" : String(received);
    return { wrong: "size", detail: `expected ${size} bytes, got ${came}` };
  }
  if (sha256 === undefined || hash.digest("hex") === sha256) return undefined;
  return { wrong: "content", detail: "another SHA-256" };
}

/** The path is sent as it stands in the URL. */
function get(url: string, to: string | undefined, agents: Agents): Promise<IncomingMessage> {
  const [, host = "", path = ""] = /^https?:\/\/([^/?#]+)([^#]*)/i.exec(url) ?? [];
  const { protocol, hostname, port } = new URL(to ?? url);
  const isHttps = protocol === "https:";
  const send = isHttps ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const request = send({
      method: "GET",
      host: hostname.replace(/^\[|\]$/g, ""),
      port: port === "" ? (isHttps ? 443 : 80) : Number(port),
      path: path === "" ? "/" : path,
      headers: { Host: host },
      agent: isHttps ? agents.https : agents.http,
      timeout: patience,
    });
    request.once("response", resolve);
    request.on("error", reject);
    request.once("timeout", () => request.destroy(new Error(`nothing came for ${patience / 1000} s`)));
    request.end();
  });
}

function shortReason(error: unknown): string {
  if (!(error instanceof Error)) return "no answer";
  return "code" in error && typeof error.code === "string" ? error.code : error.message.slice(0, 100);
}
