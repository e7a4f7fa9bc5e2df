import type { Bytes } from "../slot/slot.ts";
import type { Answer } from "./answers.ts";

/** The most that the head of a request may have. */
export const maxHeaderSize: Bytes = 32 * 1024;

/** The most that a request target may have: a slot's longest URL has less than 4 KiB. */
export const maxTargetSize: Bytes = 8 * 1024;

/** The answer to a target that is longer than that. */
export const targetTooLong: Answer = {
  status: 414,
  text: `The URL is too long; expected at most ${maxTargetSize} bytes. Use the URL exactly as you received it.`,
  reason: "uri-too-long",
};

const badRequest: readonly [string, Answer] = [
  "Bad Request",
  { status: 400, text: "The request is not valid HTTP." },
];

const answers: Readonly<Record<string, readonly [string, Answer]>> = {
  HPE_HEADER_OVERFLOW: [
    "Request Header Fields Too Large",
    { status: 431, text: "The headers of the request are too large; expected at most 32 KiB." },
  ],
  ERR_HTTP_REQUEST_TIMEOUT: [
    "Request Timeout",
    { status: 408, text: "The request did not arrive in time. Send it again." },
  ],
};

/** The status text and the answer to what node:http could not parse, by its error code and by what had come. */
export function malformedAnswer(
  code: string | undefined,
  packet: Uint8Array | undefined,
): readonly [string, Answer] {
  if (code === "HPE_HEADER_OVERFLOW" && firstLine(packet) > maxTargetSize)
    return ["URI Too Long", targetTooLong];
  return answers[code ?? ""] ?? badRequest;
}

function firstLine(packet: Uint8Array | undefined): Bytes {
  const end = packet?.indexOf(0x0a) ?? 0;
  return end < 0 ? (packet?.length ?? 0) : end;
}

/** The Origin header in what could not be parsed. */
export function originIn(packet: Uint8Array | undefined): string | undefined {
  if (packet === undefined) return undefined;
  const head = Buffer.from(packet.buffer, packet.byteOffset, packet.byteLength).toString("latin1");
  return /^origin:[ \t]*(\S+)[ \t]*\r?$/im.exec(head)?.[1];
}
