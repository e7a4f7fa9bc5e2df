import type { ServerResponse } from "node:http";
import { type Refusal, refusalCodes } from "../slot/refusal.ts";
import { ALLOWED_METHODS, corsHeaders } from "./cors.ts";
import type { HttpEvent } from "./http-event.ts";

/** A short answer in plain text. */
export interface Answer {
  /** Source: RFC 9110 §15. */
  readonly status: number;
  /** One or two sentences, without a line end. */
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Set when the answer is a "no". */
  readonly reason?: Extract<HttpEvent, { readonly kind: "refused" }>["reason"];
}

/** What every answer has, to a good request and to a bad one. */
export const everyHeaders = {
  ...corsHeaders,
  "X-Content-Type-Options": "nosniff",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Resource-Policy": "cross-origin",
} as const;

/** The answer to one that is refused, by the table that XMPP errors are made from too. */
export function refusalAnswer(refusal: Refusal): Answer {
  const { status } = refusalCodes[refusal.kind];
  const headers = status === 405 ? { Allow: ALLOWED_METHODS } : {};
  return { status, text: refusal.text, headers, reason: refusal.kind };
}

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
  reference: string,
): {
  readonly headers: Record<string, string>;
  readonly text: string;
} {
  const text = answer.text === "" ? "" : `${answer.text} Reference: ${reference}.\n`;
  const headers: Record<string, string> = {
    ...everyHeaders,
    [REFERENCE_HEADER]: reference,
    "Cache-Control": "no-store",
    ...answer.headers,
  };
  // RFC 9110 §8.6: 204 has no Content-Length.
  if (answer.status !== 204) headers["Content-Length"] = String(Buffer.byteLength(text));
  if (text !== "") headers["Content-Type"] = "text/plain; charset=utf-8";
  return { headers, text };
}

/** The reference that was set on a response before anything else. */
export function referenceOf(response: ServerResponse): string {
  return String(response.getHeader(REFERENCE_HEADER) ?? "");
}

/** Sends a short answer and is done; to HEAD, only its headers. */
export function sendAnswer(response: ServerResponse, answer: Answer): void {
  const { headers, text } = encodeAnswer(answer, referenceOf(response));
  response.writeHead(answer.status, headers);
  response.end(response.req.method === "HEAD" ? undefined : text);
}

/** A whole answer as bytes, for a connection whose request could not be parsed; the connection ends with it. */
export function rawAnswer(statusText: string, answer: Answer, reference: string): string {
  const { headers, text } = encodeAnswer(answer, reference);
  const lines = Object.entries({ ...headers, Connection: "close" }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  return `HTTP/1.1 ${answer.status} ${statusText}\r\n${lines.join("")}\r\n${text}`;
}
