import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { UploadTarget } from "../contenders/file-services.ts";

/**
 * Uploads to one target after the other over `connections` kept-alive connections, until the time or the targets are
 * over, and gives the uploads a second. Head and body are written as they are: nothing is encoded or copied.
 *
 * @param mostBroken connections that may be reset; their uploads do not count.
 * @throws {Error} when an upload is not answered 200, 201 or 204.
 */
export async function putLoad(
  targets: UploadTarget[],
  size: number,
  connections: number,
  seconds: number,
  mostBroken = 0,
): Promise<number> {
  const body = Buffer.alloc(size, "0123456789abcdef");
  const started = performance.now();
  const state: Progress = { targets, body, until: started + seconds * 1000, mostBroken, done: 0, broken: 0 };
  await Promise.all(Array.from({ length: connections }, (_, number) => uploads(state, number)));
  return state.done / ((performance.now() - started) / 1000);
}

interface Progress {
  readonly targets: UploadTarget[];
  readonly body: Buffer;
  readonly until: number;
  readonly mostBroken: number;
  done: number;
  /** Connections that were reset. */
  broken: number;
}

/** They come from four addresses, for slotd takes 50 uploads at once from one. */
function open({ putUrl }: UploadTarget, number: number): Socket {
  const { protocol, hostname, port } = new URL(putUrl);
  const to = { host: hostname, port: Number(port), localAddress: `127.0.0.${2 + (number % 4)}` };
  const socket = protocol === "https:" ? connectTls({ ...to, rejectUnauthorized: false }) : connectTcp(to);
  return socket.setNoDelay(true);
}

function headOf({ putUrl, headers }: UploadTarget, size: number): string {
  const { host, pathname, search } = new URL(putUrl);
  const lines = [`PUT ${pathname}${search} HTTP/1.1`, `Host: ${host}`, `Content-Length: ${size}`, ...headers];
  return `${lines.join("\r\n")}\r\n\r\n`;
}

function uploads(state: Progress, number: number): Promise<void> {
  const first = state.targets.pop();
  if (first === undefined) return Promise.resolve();
  const socket = open(first, number);
  return new Promise((resolve, reject) => {
    let input = "";
    const send = (target: UploadTarget): void => {
      socket.write(headOf(target, state.body.length));
      socket.write(state.body);
    };
    const next = (): void => {
      const target = performance.now() < state.until ? state.targets.pop() : undefined;
      if (target !== undefined) send(target);
      else {
        socket.destroy();
        resolve();
      }
    };
    socket.on("error", ({ message }) => {
      state.broken += 1;
      if (state.broken > state.mostBroken) reject(new Error(`${message}; answered so far: "${input}"`));
      else resolve(uploads(state, number));
    });
    socket.on("end", () => reject(new Error("the server closed a connection that should stay")));
    socket.on("data", (bytes: Buffer) => {
      input += bytes.toString("latin1");
      const answer = wholeAnswer(input);
      if (answer === undefined) return;
      input = "";
      if (!/^HTTP\/1\.1 20[014] /.test(answer)) reject(new Error(`an upload was refused: ${answer}`));
      else {
        state.done += 1;
        next();
      }
    });
    send(first);
  });
}

/** An answer when its head and its body are there. */
function wholeAnswer(input: string): string | undefined {
  const head = input.indexOf("\r\n\r\n");
  if (head < 0) return undefined;
  const length = Number(/\r\ncontent-length: *(\d+)/i.exec(input.slice(0, head + 2))?.[1] ?? 0);
  const isChunked = /\r\ntransfer-encoding: *chunked/i.test(input.slice(0, head + 2));
  const isWhole = isChunked ? input.endsWith("0\r\n\r\n") : input.length >= head + 4 + length;
  return isWhole ? input : undefined;
}
