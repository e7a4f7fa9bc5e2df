import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeFiles } from "../../../../src/store/disk/disk-files.ts";
import { bodyOf } from "../../../contract/object-store.ts";
import { type Certificates, makeCertificates } from "../../../peers/certificates.ts";
import { openRaw, type Place, readAnswers, talk } from "../../../peers/clients/raw-http.ts";
import { type Fixture, type FixtureOptions, newToken, startFixture, targetOf } from "../http-fixture.ts";

let folder: string;
let certificates: Certificates;
const running: Fixture[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "slotd-pipelining-"));
  certificates = makeCertificates(folder, ["localhost"]);
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(async () => {
  for (const fixture of running.splice(0)) await fixture.stop();
});

type Front = "plain HTTP" | "TLS" | "a Unix socket";
const fronts: readonly Front[] = ["plain HTTP", "TLS", "a Unix socket"];

async function start(
  front: Front,
  options: FixtureOptions = {},
): Promise<{ fixture: Fixture; place: Place }> {
  const unix = join(folder, `${randomBytes(4).toString("hex")}.sock`);
  const server =
    front === "a Unix socket"
      ? { listen: { unix } }
      : front === "TLS"
        ? { tls: { cert: certificates.chain, key: certificates.key } }
        : {};
  const fixture = await startFixture({ ...options, server: { ...server, ...options.server } });
  running.push(fixture);
  const place = front === "a Unix socket" ? { unix } : { port: fixture.port, isTls: front === "TLS" };
  return { fixture, place };
}

/** In ASCII: a body is given as text. */
const large = Buffer.from(randomBytes(1_500_000).toString("hex"));

/** More than the system takes for a connection that is not read. */
const huge = Buffer.from(randomBytes(15_000_000).toString("hex"));

/** Puts a file there; gives its path. */
async function put(fixture: Fixture, content: Buffer): Promise<string> {
  const token = newToken();
  const about = { token, filename: "a", contentType: "a/b", size: content.length };
  await fixture.store.put(about, bodyOf(content.toString()));
  return `/${token}/a`;
}

const head = (method: string, path: string, headers = "") =>
  `${method} ${path} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`;

describe.each(fronts)("requests that are sent at once over %s", (front) => {
  test("are answered in their order, a few of them", async () => {
    const { fixture, place } = await start(front);
    const path = await put(fixture, Buffer.from("hello"));
    const { putUrl, getUrl } = fixture.slot({ size: 3 });
    const requests = [
      head("GET", path),
      `${head("PUT", targetOf(putUrl), "Content-Length: 3\r\n")}abc`,
      head("GET", targetOf(getUrl)),
      head("HEAD", path),
      head("OPTIONS", path),
      head("GET", `/${newToken()}/a`),
      head("GET", path, "Connection: close\r\n"),
    ];
    const { received, isClosed } = await talk(place, requests.join(""));
    const { answers, rest } = readAnswers(
      received,
      requests.map((text) => text.split(" ")[0]!),
    );
    expect(isClosed).toBe(true);
    expect(rest.toString()).toBe("");
    expect(answers.map(({ status, body }) => [status, status === 404 ? "" : body.toString()])).toEqual([
      [200, "hello"],
      [201, ""],
      [200, "abc"],
      [200, ""],
      [204, ""],
      [404, ""],
      [200, "hello"],
    ]);
  });

  test("are begun one at a time: a second file is not opened before the first is sent", async () => {
    let open = 0;
    let most = 0;
    const files = {
      open: (...of: Parameters<typeof nodeFiles.open>) => {
        const fd = nodeFiles.open(...of);
        open += 1;
        most = Math.max(most, open);
        return fd;
      },
    };
    const { fixture, place } = await start(front, { files });
    const path = await put(fixture, huge);
    open = 0;
    most = 0;
    const socket = await openRaw(place);
    socket.write(head("GET", path).repeat(8));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(most).toBe(1);
    socket.destroy();
    expect(await fixture.event("download-aborted")).toMatchObject({ kind: "download-aborted" });
  });

  test("end the connection when they are many, after complete answers", async () => {
    const { fixture, place } = await start(front);
    const path = await put(fixture, large);
    const count = 20_000;
    const { received, isClosed } = await talk(place, head("GET", path).repeat(count));
    const { answers, rest } = readAnswers(received, []);
    expect([isClosed, rest.length]).toEqual([true, 0]);
    expect(answers.length).toBeGreaterThanOrEqual(1);
    expect(answers.length).toBeLessThan(20);
    for (const { status, body } of answers) expect([status, body.equals(large)]).toEqual([200, true]);
    expect(answers.at(-1)?.headers.get("connection")).toBe("close");
  });

  test("store each file once, or not at all", async () => {
    const { fixture, place } = await start(front);
    const slots = Array.from({ length: 30 }, () => fixture.slot({ size: 5 }));
    const requests = slots.map(
      ({ putUrl }) => `${head("PUT", targetOf(putUrl), "Content-Length: 5\r\n")}hello`,
    );
    const { received, isClosed } = await talk(place, requests.join(""));
    const { answers, rest } = readAnswers(received, []);
    expect([isClosed, rest.length]).toEqual([true, 0]);
    expect(answers.every(({ status }) => status === 201)).toBe(true);
    expect((await fixture.files()).objects.length).toBe(answers.length);
    expect(fixture.events.filter(({ kind }) => kind === "stored").length).toBe(answers.length);
  });

  test("leave the body of one that waits in the connection", async () => {
    const { fixture, place } = await start(front, { server: { stallTimeout: 20 } });
    const path = await put(fixture, huge);
    const size = 60_000_000;
    const { putUrl } = fixture.slot({ size });
    const socket = await openRaw(place);
    socket.pause();
    socket.write(head("GET", path) + head("PUT", targetOf(putUrl), `Content-Length: ${size}\r\n`));
    let written = 0;
    const piece = Buffer.alloc(100_000, "x");
    const write = (): void => {
      while (written < size) {
        written += piece.length;
        if (!socket.write(piece)) return;
      }
    };
    socket.on("drain", write);
    write();
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(written).toBeLessThan(size / 2);
    const chunks: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => chunks.push(chunk)).resume();
    expect(await fixture.event("stored")).toMatchObject({ size });
    while (readAnswers(Buffer.concat(chunks), []).answers.length < 2)
      await new Promise((resolve) => setTimeout(resolve, 10));
    const [got, stored] = readAnswers(Buffer.concat(chunks), []).answers;
    expect([got?.body.equals(huge), stored?.status]).toEqual([true, 201]);
    socket.destroy();
  });

  test("wait for 100 (Continue) until it is their turn", async () => {
    const { fixture, place } = await start(front);
    const path = await put(fixture, large);
    const { putUrl } = fixture.slot({ size: 5 });
    const socket = await openRaw(place);
    const chunks: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      const text = Buffer.concat(chunks);
      if (text.subarray(-25).toString("latin1").endsWith("100 Continue\r\n\r\n")) socket.write("hello");
    });
    socket.write(
      head("GET", path) + head("PUT", targetOf(putUrl), "Content-Length: 5\r\nExpect: 100-continue\r\n"),
    );
    expect(await fixture.event("stored")).toMatchObject({ size: 5 });
    while (readAnswers(Buffer.concat(chunks), []).answers.length < 2)
      await new Promise((resolve) => setTimeout(resolve, 10));
    const bytes = Buffer.concat(chunks);
    expect(bytes.indexOf("100 Continue")).toBeGreaterThan(large.length);
    expect(readAnswers(bytes, []).answers.map(({ status }) => status)).toEqual([200, 201]);
    socket.destroy();
  });

  test("do not replace an answer under way by what is wrong behind it", async () => {
    const { fixture, place } = await start(front);
    const { putUrl } = fixture.slot({ size: 5 });
    const bytes = `${head("PUT", targetOf(putUrl), "Content-Length: 5\r\n")}hello\0\0 this is not HTTP\r\n\r\n`;
    const { received, isClosed } = await talk(place, bytes);
    const { answers, rest } = readAnswers(received, []);
    expect([isClosed, rest.length]).toEqual([true, 0]);
    expect(answers.map(({ status }) => status)).toEqual([201]);
    expect((await fixture.files()).objects.length).toBe(1);
  });
});
