import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdtemp, readdir, rm, truncate } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import type { AddressedFiles } from "../../../src/http/addressed/addresses.ts";
import type { HttpEvent } from "../../../src/http/http-event.ts";
import {
  type HttpServer,
  type HttpServerOptions,
  startHttpServer,
} from "../../../src/http/server/http-server.ts";
import type { UploadObserver } from "../../../src/http/upload-observer.ts";
import type { Slot } from "../../../src/slot/slot.ts";
import type { NewObject } from "../../../src/store/bucket.ts";
import { fixedCredentials } from "../../../src/store/credentials.ts";
import { type Files, nodeFiles } from "../../../src/store/disk/disk-files.ts";
import { openDiskStore } from "../../../src/store/disk/disk-store.ts";
import type { ObjectStore } from "../../../src/store/object-store.ts";
import { s3Bucket } from "../../../src/store/s3/s3-bucket.ts";

/** A running bucket in a folder of its own, and what a test does with it. */
export interface Fixture {
  readonly server: HttpServer;
  readonly store: ObjectStore;
  readonly origin: string;
  readonly port: number;
  readonly events: HttpEvent[];
  /** What the clock of the server shows; it stands still. */
  clock: Date;
  maxFileSize: number | undefined;
  slot(object?: Partial<NewObject>, expiresIn?: number): Slot;
  send(head: string, body?: string | Uint8Array): Promise<RawAnswer>;
  /** Waits for an event of this kind that has not been waited for. */
  event(kind: HttpEvent["kind"]): Promise<HttpEvent>;
  /** The names of the files under objects/ and incoming/. */
  files(): Promise<{ readonly objects: string[]; readonly incoming: string[] }>;
  /** Cuts the end off the file of an object. */
  damage(token: string): Promise<void>;
  stop(): Promise<void>;
}

export interface RawAnswer {
  readonly status: number;
  /** Interim answers that came before it. */
  readonly interim: readonly number[];
  readonly headers: Headers;
  readonly body: Buffer;
}

export const credentials = { accessKeyId: "TESTKEY", secretAccessKey: "a secret of the tests" };

export interface FixtureOptions {
  readonly files?: Partial<Files>;
  readonly prefix?: string;
  /** What clients reach it by when that is not the server itself; requests go there too. */
  /** Where the server itself listens; any free port when absent. */
  readonly port?: number;
  readonly front?: { readonly port: number; readonly ca?: string };
  readonly server?: Partial<HttpServerOptions>;
  readonly observer?: UploadObserver;
  /** The addresses that it answers for, by what is in its store. */
  readonly addressed?: (store: ObjectStore) => readonly AddressedFiles[];
}

export async function startFixture(options: FixtureOptions = {}): Promise<Fixture> {
  const folder = await mkdtemp(join(tmpdir(), "slotd-http-"));
  const store = await openDiskStore(folder, {
    now: () => new Date(),
    randomBytes,
    files: { ...nodeFiles, ...options.files },
  });
  const events: HttpEvent[] = [];
  const waiting: { readonly kind: string; readonly resolve: (event: HttpEvent) => void }[] = [];
  const publicUrls: string[] = [];
  const fixture = { clock: new Date(Date.UTC(2026, 5, 1)), maxFileSize: undefined as number | undefined };
  // The port is known only when it listens, and the public URL when the port is.
  const listening = options.port ?? (await freePort());
  const scheme = options.front?.ca === undefined ? "http" : "https";
  publicUrls.push(`${scheme}://127.0.0.1:${options.front?.port ?? listening}${options.prefix ?? ""}`);
  const server = await startHttpServer({
    listen: { host: "127.0.0.1", port: listening },
    buckets: [
      {
        publicUrls,
        store,
        keys: [{ value: [credentials] }],
        region: "local",
        maxFileSize: () => fixture.maxFileSize,
        observer: options.observer,
      },
    ],
    now: () => fixture.clock,
    reference: () => "ref1",
    onEvent: (event) => {
      const at = waiting.findIndex(({ kind }) => kind === event.kind);
      if (at < 0) events.push(event);
      else waiting.splice(at, 1)[0]!.resolve(event);
    },
    ...(options.addressed && { addressed: options.addressed(store) }),
    ...options.server,
  });
  const port = "port" in server.address ? server.address.port : 0;
  const origin = `http://127.0.0.1:${port}`;
  const bucket = s3Bucket({
    bucketUrl: publicUrls[0]!,
    region: "local",
    credentials: fixedCredentials(credentials),
    addAcl: false,
    echoDeclared: true,
  });
  return Object.assign(fixture, {
    server,
    store,
    origin,
    port,
    events,
    slot: (object: Partial<NewObject> = {}, expiresIn = 60) =>
      bucket.slot(
        { token: newToken(), filename: "a.txt", size: 5, contentType: undefined, ...object },
        expiresIn,
        fixture.clock,
      ),
    send: (head: string, body?: string | Uint8Array) =>
      exchange(options.front?.port ?? port, head, body, options.front?.ca),
    event: (kind: HttpEvent["kind"]) => {
      const at = events.findIndex((event) => event.kind === kind);
      if (at >= 0) return Promise.resolve(events.splice(at, 1)[0]!);
      return new Promise<HttpEvent>((resolve) => waiting.push({ kind, resolve }));
    },
    files: async () => {
      const names = await readdir(join(folder, "objects"), { recursive: true });
      const objects = names.filter((name) => name.includes("/")).map((name) => name.slice(3));
      return { objects: objects.sort(), incoming: await readdir(join(folder, "incoming")) };
    },
    damage: (token: string) => truncate(join(folder, "objects", token.slice(0, 2), token), 20),
    stop: async () => {
      await server.stop();
      await rm(folder, { recursive: true });
    },
  });
}

export function newToken(): string {
  return randomBytes(32).toString("hex");
}

/** The path and query of a URL, as it stands there: nothing is normalised. */
export function targetOf(url: string): string {
  return url.replace(/^https?:\/\/[^/]*/, "");
}

/** Sends a request as it is written, all at once, and reads the answer until it is complete. */
export function exchange(
  port: number,
  head: string,
  body: string | Uint8Array = "",
  ca?: string,
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const open = (then: () => void) =>
      ca === undefined
        ? connect(port, "127.0.0.1", then)
        : connectTls({ port, host: "127.0.0.1", ca: readFileSync(ca), servername: "localhost" }, then);
    const socket = open(() => {
      const lines = head.replaceAll("\n", "\r\n");
      socket.write(
        /^host:/im.test(head) ? `${lines}\r\n\r\n` : `${lines}\r\nHost: 127.0.0.1:${port}\r\n\r\n`,
      );
      if (body.length > 0) socket.write(body);
    });
    const finish = () => {
      const answer = parseAnswer(Buffer.concat(chunks), head.startsWith("HEAD"));
      if (answer === undefined) return;
      socket.destroy();
      resolve(answer);
    };
    socket.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      finish();
    });
    socket.on("error", reject);
    socket.on("close", () =>
      reject(new Error(`closed after ${JSON.stringify(Buffer.concat(chunks).toString())}`)),
    );
  });
}

/** Undefined while the answer is not complete; it needs a Content-Length, or a status without a body. */
function parseAnswer(bytes: Buffer, isHead: boolean): RawAnswer | undefined {
  const interim: number[] = [];
  for (let rest = bytes; ; ) {
    const end = rest.indexOf("\r\n\r\n");
    if (end < 0) return undefined;
    const [statusLine = "", ...lines] = rest.subarray(0, end).toString("latin1").split("\r\n");
    const status = Number(statusLine.split(" ")[1]);
    rest = rest.subarray(end + 4);
    if (status < 200) {
      interim.push(status);
      continue;
    }
    const headers = new Headers(lines.map((line) => line.split(/: ?(.*)/s, 2) as [string, string]));
    const length =
      isHead || status === 204 || status === 304 ? 0 : Number(headers.get("content-length") ?? Number.NaN);
    if (Number.isNaN(length)) throw new Error(`no Content-Length: ${statusLine}`);
    return rest.length < length ? undefined : { status, interim, headers, body: rest.subarray(0, length) };
  }
}

async function freePort(): Promise<number> {
  const { createServer } = await import("node:net");
  return new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
