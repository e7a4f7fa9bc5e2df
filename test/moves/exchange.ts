import { createHash } from "node:crypto";
import { openRaw } from "../peers/clients/raw-http.ts";

/** What a server said to one request. */
export interface Answer {
  readonly status: number;
  /** By lowercase name; of two with the same name the last. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

/** A request as it goes over the wire: nothing in the URL is normalised. The Host is the URL's. */
export function requestOf(
  method: string,
  url: string,
  headers: Readonly<Record<string, string>> = {},
  body: Buffer = Buffer.alloc(0),
): Buffer {
  const [, host = "", path = ""] = /^https?:\/\/([^/]*)(.*)$/.exec(url) ?? [];
  const all = { Host: host, Connection: "close", ...headers };
  const length = method === "PUT" ? [`Content-Length: ${body.length}`] : [];
  const lines = [...Object.entries(all).map(([name, value]) => `${name}: ${value}`), ...length];
  return Buffer.concat([Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`), body]);
}

/** Sends a request on a connection of its own, over TLS unless `isTls` is false, and reads all until it ends. */
export async function exchange(port: number, request: Buffer, isTls = true): Promise<Answer> {
  const socket = await openRaw({ port, isTls });
  const chunks: Buffer[] = [];
  const timer = setTimeout(() => socket.destroy(), 20_000);
  try {
    await new Promise<void>((resolve) => {
      socket.on("data", (chunk: Buffer) => chunks.push(chunk));
      socket.on("end", () => resolve()).on("close", () => resolve());
      socket.write(request);
    });
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
  return answerOf(Buffer.concat(chunks), request.subarray(0, 5).toString() === "HEAD ");
}

function answerOf(bytes: Buffer, isHead: boolean): Answer {
  const end = bytes.indexOf("\r\n\r\n");
  const [statusLine = "", ...lines] = bytes.subarray(0, Math.max(end, 0)).toString("latin1").split("\r\n");
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(statusLine)?.[1]);
  if (!(status >= 100)) throw new Error(`no answer: ${JSON.stringify(bytes.subarray(0, 80).toString())}`);
  if (status < 200) return answerOf(bytes.subarray(end + 4), isHead);
  const headers = new Map(
    lines.map((line) => {
      const [name = "", value = ""] = line.split(/: ?(.*)/s, 2);
      return [name.toLowerCase(), value];
    }),
  );
  const raw = bytes.subarray(end + 4);
  const body = headers.get("transfer-encoding") === "chunked" ? unchunk(raw) : raw;
  const length = Number(headers.get("content-length") ?? body.length);
  if (!isHead && status !== 304 && body.length !== length)
    throw new Error(`${body.length} of ${length} bytes came: ${statusLine}`);
  return { status, headers, body };
}

function unchunk(bytes: Buffer): Buffer {
  const chunks: Buffer[] = [];
  let rest = bytes;
  for (;;) {
    const end = rest.indexOf("\r\n");
    const length = Number.parseInt(rest.subarray(0, end).toString("latin1"), 16);
    if (!(length > 0)) return Buffer.concat(chunks);
    chunks.push(rest.subarray(end + 2, end + 2 + length));
    rest = rest.subarray(end + 4 + length);
  }
}

/** SHA-256, in hexadecimal. */
export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
