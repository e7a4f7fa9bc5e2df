import { connect, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { S3RequestError } from "../../store/s3/s3-answer.ts";
import { alsoTrusting } from "../http/trusting.ts";

const TIMEOUT = 15_000;
/** Of an answer; S3's are a few hundred bytes. */
const MAX_ANSWER = 64 * 1024;

/** What a store answers, as far as the check needs it. */
export interface BriefAnswer {
  readonly status: number;
  /** The store's own name for what is wrong. */
  readonly code: string | undefined;
}

/**
 * Sends a PUT that has a Content-Length and is chunked all the same, which no client library does: RFC 9112 §6.3 lets
 * the chunks count and asks a server to be wary. The body is one chunk.
 *
 * @param ca an authority to trust beside the usual ones, in PEM.
 * @param headers without Host, Connection, Transfer-Encoding.
 * @throws {S3RequestError} `unreachable` when no answer came within 15 s.
 */
export async function putChunked(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
  signal: AbortSignal,
  ca?: string,
): Promise<BriefAnswer> {
  const { host, pathname, search } = new URL(url);
  const lines = Object.entries({ ...headers, "Transfer-Encoding": "chunked", Connection: "close" });
  const head = [
    `PUT ${pathname}${search} HTTP/1.1`,
    `Host: ${host}`,
    ...lines.map(([name, value]) => `${name}: ${value}`),
  ];
  const text = await exchange(
    url,
    Buffer.concat([
      Buffer.from(`${head.join("\r\n")}\r\n\r\n${body.length.toString(16)}\r\n`),
      body,
      Buffer.from("\r\n0\r\n\r\n"),
    ]),
    signal,
    ca,
  );
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1]);
  if (Number.isNaN(status)) throw new S3RequestError("unreachable", `${host} did not respond with HTTP.`);
  return { status, code: /<Code>([A-Za-z0-9]+)<\/Code>/.exec(text)?.[1] };
}

function exchange(url: string, request: Buffer, signal: AbortSignal, ca?: string): Promise<string> {
  const { host } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = open(url, ca);
    let answer = "";
    const end = (error?: Error): void => {
      signal.removeEventListener("abort", abort);
      socket.destroy();
      // Some servers close the connection hard after their answer.
      if (answer !== "") resolve(answer);
      else reject(new S3RequestError("unreachable", `${host} did not respond to a chunked PUT.`, error));
    };
    const abort = (): void => end();
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) return end();
    socket.setTimeout(TIMEOUT, () => end());
    socket.on("data", (data) => {
      answer += data.toString("latin1");
      if (answer.length > MAX_ANSWER) end();
    });
    socket.once("end", () => end());
    socket.once("error", end);
    socket.once("close", () => end());
    socket.write(request);
  });
}

function open(url: string, ca: string | undefined): Socket {
  const { protocol, hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, "");
  if (protocol !== "https:") return connect(Number(port) || 80, host);
  // Source: RFC 6066 §3, a server name is no address.
  return connectTls({
    host,
    port: Number(port) || 443,
    ...(isIP(host) ? {} : { servername: host }),
    ...alsoTrusting(ca),
  });
}
