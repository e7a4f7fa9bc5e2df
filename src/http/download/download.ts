import type { Refusal } from "../../slot/refusal.ts";
import type { Bytes } from "../../slot/slot.ts";
import type { ObjectMeta, OpenObject } from "../../store/object-store.ts";
import { type Answer, notFoundAnswer, refusalAnswer } from "../answers.ts";
import { clientKey } from "../client-address.ts";
import { evaluateConditions, mayUseRange } from "../conditional.ts";
import { crowdedDownloads } from "../crowded.ts";
import type { Exchange } from "../exchange.ts";
import { type HttpBucket, unavailableIn } from "../http-bucket.ts";
import { type HttpEvent, shortToken } from "../http-event.ts";
import { readObjectPath } from "../object-path.ts";
import type { RequestHead } from "../request-head.ts";
import type { TransferSlots } from "../transfer-slots.ts";
import type { MissGate } from "./miss-gate.ts";
import { cacheControl, type Describe } from "./object-headers.ts";
import type { ObjectSearch } from "./object-search.ts";
import { type RangeResult, readRange } from "./range.ts";
import { type SendPace, sendContent } from "./send-content.ts";

export interface DownloadDeps {
  readonly buckets: readonly HttpBucket[];
  readonly search: ObjectSearch;
  readonly prefixes: ReadonlySet<string>;
  readonly now: () => Date;
  readonly missGate: MissGate;
  readonly describe: Describe;
  /** Whether caches that serve several people may keep a file. */
  readonly cache: "public" | "private";
  /**
   * Those of files that are in memory, and those of others, which cost a descriptor each: so that who takes all places
   * of the latter keeps nobody from a picture.
   */
  readonly smallDownloads: Downloads;
  readonly largeDownloads: Downloads;
}

/** Downloads of one kind: those under way, and how they go. */
export interface Downloads {
  readonly slots: TransferSlots;
  readonly pace: SendPace;
}

/** What is answered where slotd has no file of its own. @param opens is to be waited for before a miss is answered. */
export type Otherwise = (opens: Promise<void>) => Promise<HttpEvent>;

/**
 * Answers GET and HEAD: the object with its declared type, or a part of it, or the news that it has not changed.
 * A token that is not there, one with another filename and one whose time is over are the same 404, at the same
 * moment after the request; but where the path may be another one's, `otherwise` answers.
 *
 * Source: RFC 9110 §9.3.1, §13 and §14.
 */
export async function download(
  head: RequestHead,
  exchange: Exchange,
  deps: DownloadDeps,
  otherwise?: Otherwise,
): Promise<HttpEvent> {
  const missOpens = deps.missGate.arrive();
  const path = readObjectPath(head.rawPath, deps.prefixes);
  const missed = (token?: string) =>
    otherwise?.(missOpens) ?? miss(exchange, missOpens, unavailableIn(deps.buckets), token);
  if ("kind" in path) return missed();
  const object = await deps.search.find(head.host, path);
  try {
    const now = deps.now();
    if (object?.filename !== path.filename || hasExpired(object, now)) {
      return await missed(path.token);
    }
    return await serve(head, exchange, object, now, deps);
  } finally {
    await object?.close();
  }
}

/** Whether the time of an object is over. */
export function hasExpired({ expiry }: Pick<ObjectMeta, "expiry">, now: Date): boolean {
  return expiry !== undefined && now.getTime() >= expiry.getTime();
}

/** Answers that there is no such file, or why nobody knows: what is away may be back in a moment. */
export async function miss(
  exchange: Exchange,
  opens: Promise<void>,
  away: Refusal | undefined,
  token?: string,
): Promise<HttpEvent> {
  await opens;
  return refuse(exchange, away === undefined ? notFoundAnswer : refusalAnswer(away), token);
}

/** Answers with an object whose time is not over. @param filename to be told in the place of its own. */
export async function serve(
  head: RequestHead,
  exchange: Exchange,
  object: OpenObject,
  now: Date,
  deps: DownloadDeps,
  filename?: string,
): Promise<HttpEvent> {
  const { validators, headers: about } = deps.describe(object, filename);
  const condition = evaluateConditions(head.header, validators, now);
  if (condition === "failed") return refuse(exchange, conditionFailed, object.token);
  const headers: Record<string, string> = {
    ...exchange.common,
    ...about,
    "Cache-Control": cacheControl(object.expiry, now, deps.cache),
  };
  if (condition === "not-modified") return sendHead(exchange, 304, headers, object.token);
  // RFC 9110 §14.2: a range means something to GET only.
  const range: RangeResult =
    head.method === "GET" && mayUseRange(head.header, validators, now)
      ? readRange(head.header("range"), object.size)
      : { kind: "whole" };
  if (range.kind === "unsatisfiable") return refuse(exchange, notSatisfiable(object.size), object.token);
  const { first, length } = partOf(range, object.size);
  headers["Content-Length"] = String(length);
  if (range.kind === "part") headers["Content-Range"] = `bytes ${range.first}-${range.last}/${object.size}`;
  const status = range.kind === "part" ? 206 : 200;
  if (head.method === "HEAD") return sendHead(exchange, status, headers, object.token);
  const { slots, pace } = object.content === undefined ? deps.largeDownloads : deps.smallDownloads;
  const key = clientKey(exchange.client);
  const slot = slots.take(key);
  if (slot !== "taken") return refuse(exchange, crowdedDownloads[slot], object.token);
  try {
    exchange.response.writeHead(status, headers);
    const isSent = await sendContent(exchange.response, object, first, length, pace);
    const short = shortToken(object.token);
    return isSent
      ? { kind: "served", object: short, status, bytes: length }
      : { kind: "download-aborted", object: short };
  } finally {
    slots.give(key);
  }
}

function partOf(range: RangeResult, size: Bytes): { readonly first: Bytes; readonly length: Bytes } {
  if (range.kind !== "part") return { first: 0, length: size };
  return { first: range.first, length: range.last - range.first + 1 };
}

function sendHead(
  { response }: Exchange,
  status: number,
  headers: Record<string, string>,
  token: string,
): HttpEvent {
  response.writeHead(status, headers);
  response.end();
  return { kind: "served", object: shortToken(token), status, bytes: 0 };
}

const conditionFailed: Answer = {
  status: 412,
  text: "The file is not the one that the request is about.",
  reason: "not-satisfiable",
};

function notSatisfiable(size: Bytes): Answer {
  return {
    status: 416,
    text: `The file has ${size} bytes; the range asked for is not in it.`,
    headers: { "Content-Range": `bytes */${size}` },
    reason: "not-satisfiable",
  };
}

function refuse(exchange: Exchange, answer: Answer, token?: string): HttpEvent {
  exchange.send(answer);
  return exchange.refused(answer, token === undefined ? undefined : shortToken(token));
}
