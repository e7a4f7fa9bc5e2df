import type { Refusal } from "../slot/refusal.ts";
import type { Bytes } from "../slot/slot.ts";
import type { HeaderLookup } from "./conditional.ts";

/** The head of a request, read strictly: what two parsers could read in two ways has been refused. */
export interface RequestHead {
  readonly method: string;
  /** The path as sent, undecoded. */
  readonly rawPath: string;
  /** The query as sent, without "?"; "" when there is none. */
  readonly rawQuery: string;
  /** What the Host header, or an absolute request target, says; "" when an HTTP/1.0 client sent none. */
  readonly host: string;
  readonly header: HeaderLookup;
}

/** Headers of which a second one would change what the request means, and which must not be lists either. */
const singletons = ["content-length", "content-type", "host"];

/**
 * Reads the head of a request as node:http gives it.
 *
 * @param target the request target; the absolute form is read too (RFC 9112 §3.2.2).
 * @param rawHeaders names and values in turn, as they came.
 */
export function readRequestHead(
  method: string,
  target: string,
  rawHeaders: readonly string[],
): RequestHead | Refusal {
  const headers = new Map<string, string>();
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] ?? "").toLowerCase();
    const value = rawHeaders[i + 1] ?? "";
    const earlier = headers.get(name);
    if (earlier !== undefined && singletons.includes(name)) {
      return { kind: "bad-request", text: `The request has more than one ${name} header; expected one.` };
    }
    headers.set(name, earlier === undefined ? value : `${earlier}, ${value}`);
  }
  const [, authority, rest = ""] = /^(?:https?:\/\/([^/?#]*))?(.*)$/is.exec(target) ?? [];
  const mark = rest.indexOf("?");
  return {
    method,
    rawPath: (mark < 0 ? rest : rest.slice(0, mark)) || "/",
    rawQuery: mark < 0 ? "" : rest.slice(mark + 1),
    host: authority ?? headers.get("host") ?? "",
    header: (name) => headers.get(name),
  };
}

/** The announced length of the body; undefined when none or no number was announced. */
export function contentLength(head: RequestHead): Bytes | undefined {
  const text = head.header("content-length") ?? "";
  const length = /^\d{1,16}$/.test(text) ? Number(text) : undefined;
  return Number.isSafeInteger(length) ? length : undefined;
}

/** Whether bytes follow the head. Source: RFC 9112 §6. */
export function hasBody(head: RequestHead): boolean {
  return head.header("transfer-encoding") !== undefined || (contentLength(head) ?? 0) > 0;
}
