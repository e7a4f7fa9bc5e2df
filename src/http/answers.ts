import type { ServerResponse } from "node:http";
import { type Refusal, refusalCodes } from "../slot/refusal.ts";
import { ALLOWED_METHODS } from "./cors.ts";
import type { RefusalReason } from "./http-event.ts";

/** A short answer in plain text. */
export interface Answer {
  /** Source: RFC 9110 §15. */
  readonly status: number;
  /** One or two sentences, without a line end. */
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Set when the answer is a "no". */
  readonly reason?: RefusalReason;
}

/** The headers that every answer to a request has, by name; its reference is among them. */
export type CommonHeaders = Readonly<Record<string, string>>;

/** The answer to one that is refused, by the table that XMPP errors are made from too. */
export function refusalAnswer(refusal: Refusal): Answer {
  const { status } = refusalCodes[refusal.kind];
  const headers = moreHeaders[status] ?? {};
  return { status, text: refusal.text, headers, reason: refusal.kind };
}

/** Source: RFC 9110 §11.6.1, §15.5.6 and §10.2.3; the last is a guess at when it is worth another try. */
const moreHeaders: Readonly<Record<number, Readonly<Record<string, string>>>> = {
  401: { "WWW-Authenticate": "Bearer" },
  405: { Allow: ALLOWED_METHODS },
  429: { "Retry-After": "10" },
  503: { "Retry-After": "10" },
};

/** The same for what never was, is not yet, and has another name: nobody can try names or tokens. */
export const notFoundAnswer: Answer = {
  status: 404,
  text: "There is no such file here.",
  reason: "not-found",
};

/** The header of every answer that tells the request's reference. */
export const REFERENCE_HEADER = "X-Request-Id";

/** The headers of a short answer, and its text as it is sent: with the reference that the log has too. */
export function encodeAnswer(
  answer: Answer,
  common: CommonHeaders,
): {
  readonly headers: Record<string, string>;
  readonly text: string;
} {
  const text = answer.text === "" ? "" : `${answer.text} Reference: ${common[REFERENCE_HEADER]}.\n`;
  const headers: Record<string, string> = { ...common, "Cache-Control": "no-store", ...answer.headers };
  // RFC 9110 §8.6: 204 has no Content-Length.
  if (answer.status !== 204) headers["Content-Length"] = String(Buffer.byteLength(text));
  if (text !== "") headers["Content-Type"] = "text/plain; charset=utf-8";
  return { headers, text };
}

/** Sends a short answer and is done; to HEAD, only its headers. */
export function sendAnswer(response: ServerResponse, answer: Answer, common: CommonHeaders): void {
  const { headers, text } = encodeAnswer(answer, common);
  response.writeHead(answer.status, headers);
  response.end(response.req.method === "HEAD" ? undefined : text);
}

/** A whole answer as bytes, for a connection whose request could not be parsed; the connection ends with it. */
export function rawAnswer(statusText: string, answer: Answer, common: CommonHeaders): string {
  const { headers, text } = encodeAnswer(answer, common);
  const lines = Object.entries({ ...headers, Connection: "close" }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  return `HTTP/1.1 ${answer.status} ${statusText}\r\n${lines.join("")}\r\n${text}`;
}
