import type { ServerResponse } from "node:http";
import type { Bytes, Seconds } from "../slot/slot.ts";
import type { OpenObject } from "../store/object-store.ts";
import { type Answer, everyHeaders, notFoundAnswer, sendAnswer } from "./answers.ts";
import { evaluateConditions, mayUseRange, type Validators } from "./conditional.ts";
import { contentDisposition } from "./content-disposition.ts";
import type { HttpBucket } from "./http-bucket.ts";
import { formatHttpDate } from "./http-date.ts";
import { type HttpEvent, shortToken } from "./http-event.ts";
import { readObjectPath } from "./object-path.ts";
import { type RangeResult, readRange } from "./range.ts";
import type { RequestHead } from "./request-head.ts";
import { sendContent } from "./send-content.ts";

/** An object never changes and its token is never used again. */
const year: Seconds = 31_536_000;

export interface DownloadDeps {
  readonly buckets: readonly HttpBucket[];
  readonly prefixes: readonly string[];
  readonly now: () => Date;
  /** A client that takes no byte for so long is cut off. */
  readonly stallTimeout: Seconds;
}

/**
 * Answers GET and HEAD: the object with its declared type, or a part of it, or the news that it has not changed.
 * A token that is not there, one with another filename, and one whose time is over are the same 404.
 *
 * Source: RFC 9110 §9.3.1, §13 and §14.
 */
export async function download(
  head: RequestHead,
  response: ServerResponse,
  deps: DownloadDeps,
): Promise<HttpEvent> {
  const path = readObjectPath(head.rawPath, deps.prefixes);
  if ("kind" in path) return refuse(head, response, notFoundAnswer);
  const object = await findObject(path.token, deps.buckets);
  try {
    if (object?.filename !== path.filename || hasExpired(object, deps.now()))
      return refuse(head, response, notFoundAnswer, path.token);
    return await serve(head, response, object, deps);
  } finally {
    await object?.close();
  }
}

function hasExpired({ expiry }: OpenObject, now: Date): boolean {
  return expiry !== undefined && now.getTime() >= expiry.getTime();
}

async function findObject(token: string, buckets: readonly HttpBucket[]): Promise<OpenObject | undefined> {
  for (const { store } of buckets) {
    const object = await store.open?.(token);
    if (object !== undefined) return object;
  }
  return undefined;
}

async function serve(
  head: RequestHead,
  response: ServerResponse,
  object: OpenObject,
  deps: DownloadDeps,
): Promise<HttpEvent> {
  const now = deps.now();
  const validators = validatorsOf(object);
  const condition = evaluateConditions(head.header, validators, now);
  if (condition === "failed") return refuse(head, response, conditionFailed, object.token);
  const headers = objectHeaders(object, validators, now);
  if (condition === "not-modified") return sendHead(response, 304, headers, object.token);
  // RFC 9110 §14.2: a range means something to GET only.
  const range: RangeResult =
    head.method === "GET" && mayUseRange(head.header, validators, now)
      ? readRange(head.header("range"), object.size)
      : { kind: "whole" };
  if (range.kind === "unsatisfiable")
    return refuse(head, response, notSatisfiable(object.size), object.token);
  const { first, length } = partOf(range, object.size);
  headers["Content-Length"] = String(length);
  if (range.kind === "part") headers["Content-Range"] = `bytes ${range.first}-${range.last}/${object.size}`;
  const status = range.kind === "part" ? 206 : 200;
  if (head.method === "HEAD") return sendHead(response, status, headers, object.token);
  response.writeHead(status, headers);
  const isSent = await sendContent(response, object, first, length, deps.stallTimeout);
  const short = shortToken(object.token);
  return isSent
    ? { kind: "served", object: short, status, bytes: length }
    : { kind: "download-aborted", object: short };
}

function partOf(range: RangeResult, size: Bytes): { readonly first: Bytes; readonly length: Bytes } {
  if (range.kind !== "part") return { first: 0, length: size };
  return { first: range.first, length: range.last - range.first + 1 };
}

function validatorsOf(object: OpenObject): Validators {
  const seconds = Math.floor(object.created.getTime() / 1000);
  return { etag: `"${object.token}"`, lastModified: new Date(seconds * 1000) };
}

function objectHeaders(
  object: OpenObject,
  { etag, lastModified }: Validators,
  now: Date,
): Record<string, string> {
  const left: Seconds =
    object.expiry === undefined ? year : Math.floor((object.expiry.getTime() - now.getTime()) / 1000);
  return {
    ...everyHeaders,
    "Content-Type": object.contentType,
    "Content-Disposition": contentDisposition(object.contentType, object.filename),
    "Accept-Ranges": "bytes",
    // RFC 8246.
    "Cache-Control": `public, max-age=${Math.min(year, left)}, immutable`,
    ETag: etag,
    "Last-Modified": formatHttpDate(lastModified),
  };
}

function sendHead(
  response: ServerResponse,
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

function refuse(head: RequestHead, response: ServerResponse, answer: Answer, token?: string): HttpEvent {
  sendAnswer(response, answer);
  return {
    kind: "refused",
    method: head.method,
    status: answer.status,
    reason: answer.reason ?? "not-found",
    object: token === undefined ? undefined : shortToken(token),
  };
}
