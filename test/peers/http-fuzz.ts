import { connect } from "node:net";
import type { HttpBucket } from "../../src/http/http-bucket.ts";
import { readRequestHead } from "../../src/http/request-head.ts";
import { uploadCheck } from "../../src/http/upload-check.ts";
import { bodyOf } from "../contract/object-store.ts";
import { credentials, type Fixture, newToken, startFixture, targetOf } from "../unit/http/http-fixture.ts";
import { seeded } from "./crash.ts";

/** What a fuzz run has seen. */
export interface FuzzReport {
  readonly inputs: number;
  /** How many were answered with each status; "none" where the connection was just closed. */
  readonly statuses: Readonly<Record<string, number>>;
}

type Random = () => number;

const pick = <T>(random: Random, list: readonly T[]): T => list[Math.floor(random() * list.length)]!;

const nasty = [
  "\r\n",
  "\n",
  "\r",
  "\0",
  " ",
  "\t",
  ":",
  "/",
  "//",
  "/../",
  "%2e%2e",
  "%00",
  "%c0%ae",
  "%",
  "?",
  "&",
  "=",
  ";",
  "HTTP/1.1",
  "HTTP/1.0",
  "HTTP/2.0",
  "Content-Length: 5\r\n",
  "Content-Length: 99999999999999999999\r\n",
  "Content-Length: -1\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Transfer-Encoding: identity\r\n",
  "5\r\nhello\r\n",
  "0\r\n\r\n",
  "Host: x\r\n",
  "Expect: 100-continue\r\n",
  "Connection: close\r\n",
  "Connection: upgrade\r\n",
  "Upgrade: h2c\r\n",
  "Range: bytes=0-1\r\n",
  "Range: bytes=-\r\n",
  "If-None-Match: *\r\n",
  "\u00e9",
  "\xff",
  "\x7f",
  "GET ",
  "PUT ",
  "HEAD ",
  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  "X-Forwarded-For: ::1\r\n",
  "Origin: null\r\n",
];

/** Changes a text in a few places. */
function mutate(random: Random, text: string): string {
  let changed = text;
  for (let left = 1 + Math.floor(random() * 4); left > 0; left -= 1) {
    const at = Math.floor(random() * (changed.length + 1));
    const length = Math.floor(random() ** 3 * 40);
    const piece = changed.slice(at, at + length);
    const before = changed.slice(0, at);
    changed = pick(random, [
      () => before + pick(random, nasty) + changed.slice(at),
      () => before + changed.slice(at + length),
      () => before + piece + piece + changed.slice(at + length),
      () => before + String.fromCharCode(Math.floor(random() * 256)) + changed.slice(at + 1),
      () => before + pick(random, nasty).repeat(1 + Math.floor(random() * 50)) + changed.slice(at),
      () => before + piece.toUpperCase() + changed.slice(at + length),
      () => before,
    ])();
  }
  return changed;
}

/**
 * Sends bytes on a connection of their own and gives what came back. It closes its half when it has an answer, or
 * when none comes, as to half a request: not at once, for a bucket need not answer who is gone.
 */
function send(port: number, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    const socket = connect({ port, host: "127.0.0.1" });
    const timers = [setTimeout(() => socket.end(), 40), setTimeout(() => socket.destroy(), 2000)];
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      if (finalStatus(text) !== undefined) socket.end();
    });
    socket.on("error", () => undefined);
    socket.on("close", () => {
      timers.forEach(clearTimeout);
      resolve(text);
    });
    socket.write(Buffer.from(bytes, "latin1"));
  });
}

/** The status of the first answer that is not 1xx. */
function finalStatus(answer: string): string | undefined {
  return /^(?:HTTP\/1\.1 1\d\d [^\r]*\r\n(?:[^\r]+\r\n)*\r\n)*HTTP\/1\.1 ([2-5]\d\d) /.exec(answer)?.[1];
}

const marker = "the content of a stranger's file";
const filename = "private name.txt";

/**
 * Sends changed requests, as bytes, to a bucket that holds one file. After that the bucket must serve as before,
 * must have given the file to nobody who did not name it, and must hold only what it has answered 201.
 *
 * @throws {Error} that shows the input that broke it.
 */
export async function fuzzHttp(inputs: number, seed: number): Promise<FuzzReport> {
  const random = seeded(seed);
  const fixture = await startFixture({ server: { stallTimeout: 1, idleTimeout: 1 } });
  const token = newToken();
  const about = { token, filename, contentType: "text/plain", size: marker.length };
  await fixture.store.put(about, bodyOf(marker));
  const statuses: Record<string, number> = {};
  let sent = 0;
  const worker = async (): Promise<void> => {
    while (sent < inputs) {
      sent += 1;
      const input = mutate(random, seedRequest(random, fixture, token));
      const answer = await send(fixture.port, input);
      const status = finalStatus(answer) ?? "none";
      statuses[status] = (statuses[status] ?? 0) + 1;
      if (answer.includes(marker) && !names(input, token)) fail("gave the file away", input);
      if (status === "none" && !/^(HTTP\/1\.1 100 |$)/.test(answer))
        fail(`answered ${JSON.stringify(answer.slice(0, 99))}`, input);
      if (status === "500") fail("failed", input);
    }
  };
  try {
    await Promise.all(Array.from({ length: 24 }, worker));
    await checkAfter(fixture, token);
    return { inputs: sent, statuses };
  } finally {
    await fixture.stop();
  }
}

/** A request with nothing wrong in it. */
function seedRequest(random: Random, fixture: Fixture, token: string): string {
  const host = `Host: 127.0.0.1:${fixture.port}\r\n`;
  const path = `/${token}/${encodeURIComponent(filename)}`;
  const { putUrl } = fixture.slot({ size: 5 });
  return pick(random, [
    `GET ${path} HTTP/1.1\r\n${host}\r\n`,
    `GET /${newToken()}/a.txt HTTP/1.1\r\n${host}\r\n`,
    `HEAD ${path} HTTP/1.1\r\n${host}If-None-Match: "x"\r\n\r\n`,
    `GET ${path} HTTP/1.1\r\n${host}Range: bytes=0-3\r\nIf-Range: "${token}"\r\n\r\n`,
    `PUT ${targetOf(putUrl)} HTTP/1.1\r\n${host}Content-Length: 5\r\n\r\nhello`,
    `PUT ${targetOf(putUrl)} HTTP/1.1\r\n${host}Content-Length: 5\r\nExpect: 100-continue\r\n\r\nhello`,
    `OPTIONS ${path} HTTP/1.1\r\n${host}Origin: https://a.example\r\n\r\n`,
    `PUT /${token}/x HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
    `GET /x HTTP/1.1\r\n${host}\r\nGET ${path} HTTP/1.1\r\n${host}\r\n`,
  ]);
}

/** Whether a request names the file: its token as it is, and its name however encoded. */
function names(input: string, token: string): boolean {
  return input
    .split(`/${token}/`)
    .slice(1)
    .some((rest) => {
      const segment = /^[^\s?#/]*/.exec(rest)?.[0] ?? "";
      try {
        return decodeURIComponent(segment) === filename;
      } catch {
        return false;
      }
    });
}

async function checkAfter(fixture: Fixture, token: string): Promise<void> {
  const { putUrl, getUrl } = fixture.slot({ size: 5 });
  const put = await fixture.send(`PUT ${targetOf(putUrl)} HTTP/1.1\nContent-Length: 5`, "hello");
  const got = await fixture.send(`GET ${targetOf(getUrl)} HTTP/1.1`);
  if (put.status !== 201 || got.body.toString() !== "hello")
    throw new Error("the bucket does not serve any more");
  const stored = fixture.events.flatMap((event) => (event.kind === "stored" ? [event.object] : []));
  const { objects, incoming } = await fixture.files();
  if (incoming.length > 0) throw new Error(`${incoming.length} files are left in incoming/`);
  const expected = [token.slice(0, 8), ...stored].sort();
  const present = objects.map((name) => name.slice(0, 8)).sort();
  if (JSON.stringify(present) !== JSON.stringify(expected)) {
    throw new Error(`${present.length} files are there; ${expected.length} were stored`);
  }
}

function fail(what: string, input: string): never {
  throw new Error(`The bucket ${what} after ${JSON.stringify(input)}`);
}

/**
 * Changes presigned queries and asks whether the upload may begin: never, but for another spelling of the same.
 *
 * @throws {Error} that shows the query that was let in, or what checking it threw.
 */
export function fuzzPresigned(inputs: number, seed: number, fixture: Fixture): FuzzReport {
  const random = seeded(seed);
  const bucket: HttpBucket = {
    publicUrls: [fixture.origin],
    store: fixture.store,
    keys: [{ value: [credentials] }],
    region: "local",
    maxFileSize: () => undefined,
  };
  const check = uploadCheck([bucket]);
  const host = `127.0.0.1:${fixture.port}`;
  const statuses: Record<string, number> = {};
  for (let i = 0; i < inputs; i += 1) {
    const { putUrl } = fixture.slot({ size: 5, filename: "a b.txt", contentType: "text/plain" });
    const [path = "", query = ""] = targetOf(putUrl).split("?");
    const changed = mutate(random, query);
    const target = `${path}?${changed}`;
    const headers = ["Host", host, "Content-Length", "5", "Content-Type", "text/plain"];
    const head = readRequestHead("PUT", target, headers);
    const result = "kind" in head ? head : check(head, fixture.clock);
    const outcome = "kind" in result ? result.kind : "admitted";
    statuses[outcome] = (statuses[outcome] ?? 0) + 1;
    if (outcome === "admitted" && meaning(changed) !== meaning(query)) fail("admits", `${query}\n${changed}`);
  }
  return { inputs, statuses };
}

/** The parameters of a query, decoded, in an order of their own. */
function meaning(query: string): string {
  return JSON.stringify(
    query
      .split("&")
      .filter((part) => part !== "")
      .map((part) => {
        const [name = "", ...value] = part.split("=");
        return [decodeURIComponent(name), decodeURIComponent(value.join("="))].join("=");
      })
      .sort(),
  );
}
