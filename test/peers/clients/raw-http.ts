import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

/** Where an HTTP server is reached. */
export type Place =
  | { readonly port: number; readonly isTls?: boolean }
  /** The path of a Unix socket. */
  | { readonly unix: string };

/** One answer as it came. */
export interface ReceivedAnswer {
  readonly status: number;
  /** By lowercase name; of two with the same name the last. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

/** Opens a connection. @throws the system's error. */
export function openRaw(place: Place): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const opened = (): void => {
      socket.off("error", reject);
      socket.on("error", () => undefined);
      resolve(socket);
    };
    const socket =
      "unix" in place
        ? connect({ path: place.unix }, opened)
        : place.isTls
          ? connectTls({ port: place.port, host: "127.0.0.1", rejectUnauthorized: false }, opened)
          : connect({ port: place.port, host: "127.0.0.1" }, opened);
    socket.on("error", reject);
  });
}

/**
 * Reads the answers to requests that were sent one after the other.
 *
 * @param methods of the requests, in their order: an answer to HEAD has no body.
 * @returns the complete answers (those of 1xx left out), and what came after them.
 * @throws {Error} for what is no answer.
 */
export function readAnswers(
  bytes: Buffer,
  methods: readonly string[],
): { readonly answers: readonly ReceivedAnswer[]; readonly rest: Buffer } {
  const answers: ReceivedAnswer[] = [];
  let rest = bytes;
  for (;;) {
    const end = rest.indexOf("\r\n\r\n");
    if (end < 0) return { answers, rest };
    const [statusLine = "", ...lines] = rest.subarray(0, end).toString("latin1").split("\r\n");
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(statusLine)?.[1]);
    if (!(status >= 100)) throw new Error(`no answer: ${JSON.stringify(statusLine.slice(0, 80))}`);
    if (status < 200) {
      rest = rest.subarray(end + 4);
      continue;
    }
    const headers = new Map(
      lines.map((line) => {
        const [name = "", value = ""] = line.split(/: ?(.*)/s, 2);
        return [name.toLowerCase(), value];
      }),
    );
    const hasBody = methods[answers.length] !== "HEAD" && status !== 204 && status !== 304;
    const length = hasBody ? Number(headers.get("content-length")) : 0;
    if (!(length >= 0)) throw new Error(`no Content-Length: ${statusLine}`);
    const body = rest.subarray(end + 4, end + 4 + length);
    if (body.length < length) return { answers, rest };
    answers.push({ status, headers, body });
    rest = rest.subarray(end + 4 + length);
  }
}

/** Sends what is given and collects what comes until the connection ends, or for `within` milliseconds. */
export async function talk(
  place: Place,
  bytes: string | Uint8Array,
  within = 10_000,
): Promise<{ readonly received: Buffer; readonly isClosed: boolean }> {
  const socket = await openRaw(place);
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  const isClosed = await new Promise<boolean>((resolve) => {
    const timer = setTimeout(() => resolve(false), within);
    const done = (): void => {
      clearTimeout(timer);
      resolve(true);
    };
    socket.on("end", done).on("close", done);
    socket.write(bytes);
  });
  socket.destroy();
  return { received: Buffer.concat(chunks), isClosed };
}
