import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { startHttpServer } from "../../../../src/http/server/http-server.ts";
import { type Fixture, newToken, startFixture, targetOf } from "../http-fixture.ts";

let fixture: Fixture;

beforeAll(async () => {
  fixture = await startFixture();
});

afterAll(async () => {
  await fixture.stop();
});

describe("every answer can be read by a web client of any origin", () => {
  const path = `/${newToken()}/a.txt`;
  test.each([
    ["an unknown file", `GET ${path} HTTP/1.1`, 404],
    ["an unsigned upload", `PUT ${path} HTTP/1.1\nContent-Length: 0`, 403],
    ["a method that is not taken", `DELETE ${path} HTTP/1.1`, 405],
    ["a POST with a body", `POST ${path} HTTP/1.1\nContent-Length: 5`, 405],
    ["a GET without Host", `GET ${path} HTTP/1.0\nX-No: host`, 404],
    ["a method that does not exist", `FOO ${path} HTTP/1.1`, 400],
    ["a broken request line", "nonsense", 400],
    ["a broken header", `GET ${path} HTTP/1.1\nno colon`, 400],
    ["a length that is none", `PUT ${path} HTTP/1.1\nContent-Length: +5`, 400],
    ["two lengths", `PUT ${path} HTTP/1.1\nContent-Length: 5\nContent-Length: 6`, 400],
    ["a length and chunks", `PUT ${path} HTTP/1.1\nContent-Length: 5\nTransfer-Encoding: chunked`, 400],
    ["headers without end", `GET ${path} HTTP/1.1\nX: ${"x".repeat(70_000)}`, 431],
    ["raw bytes in the path", "GET /é HTTP/1.1", 400],
  ])("%s", async (_, head, status) => {
    const answer = await fixture.send(head, head.includes("POST") ? "hello" : "");
    expect([answer.status, answer.headers.get("access-control-allow-origin")]).toEqual([status, "*"]);
    expect(answer.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect(answer.body.toString()).toEndWith(".\n");
  });

  test("a preflight request, with what a slot may ask a client to send", async () => {
    const head = `OPTIONS ${path} HTTP/1.1\nOrigin: https://chat.example\nAccess-Control-Request-Method: PUT`;
    const { status, headers, body } = await fixture.send(head);
    expect([status, body.length, headers.get("access-control-allow-origin")]).toEqual([204, 0, "*"]);
    expect(headers.get("access-control-allow-methods")).toBe("GET, HEAD, OPTIONS, PUT");
    const allowed = headers.get("access-control-allow-headers")!.toLowerCase().split(", ");
    for (const name of ["authorization", "cookie", "expires", "content-type", "range"])
      expect(allowed).toContain(name);
    expect(Number(headers.get("access-control-max-age"))).toBeGreaterThan(0);
  });
});

describe("the server", () => {
  test("names the methods that it takes", async () => {
    const answer = await fixture.send(`DELETE /x HTTP/1.1`);
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, "GET, HEAD, OPTIONS, PUT"]);
  });

  test("reads a target in absolute form", async () => {
    const { putUrl, getUrl } = fixture.slot();
    const put = await fixture.send(`PUT ${putUrl} HTTP/1.1\nHost: elsewhere\nContent-Length: 5`, "hello");
    expect([put.status, put.headers.get("location")]).toEqual([201, targetOf(getUrl)]);
    expect((await fixture.send(`GET ${getUrl} HTTP/1.1`)).status).toBe(200);
  });

  test("does not take the body of a GET for the next request", async () => {
    const inner = `GET /${newToken()}/inner HTTP/1.1\r\nHost: x\r\n\r\n`;
    const text = await new Promise<string>((resolve, reject) => {
      let received = "";
      const socket = connect(fixture.port, "127.0.0.1", () =>
        socket.write(`GET /x HTTP/1.1\r\nHost: x\r\nContent-Length: ${inner.length}\r\n\r\n${inner}`),
      );
      socket.on("data", (chunk: Buffer) => {
        received += chunk.toString();
      });
      socket.on("close", () => resolve(received)).on("error", reject);
    });
    expect(text.match(/HTTP\/1\.1 404/g)).toHaveLength(1);
  });

  test("answers several requests on one connection", async () => {
    const text = await new Promise<string>((resolve, reject) => {
      let received = "";
      const one = `GET /x HTTP/1.1\r\nHost: x\r\n\r\n`;
      const last = `GET /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
      const socket = connect(fixture.port, "127.0.0.1", () => socket.write(one + one + last));
      socket.on("data", (chunk: Buffer) => {
        received += chunk.toString();
      });
      socket.on("close", () => resolve(received)).on("error", reject);
    });
    expect(text.match(/HTTP\/1\.1 404/g)).toHaveLength(3);
  });

  test("fails to start, with the system's code, on an address in use", async () => {
    const options = {
      listen: { host: "127.0.0.1", port: fixture.port },
      buckets: [],
      now: () => new Date(),
      onEvent: () => undefined,
      reference: () => "ref1",
    };
    await expect(startHttpServer(options)).rejects.toMatchObject({ code: "EADDRINUSE" });
  });

  test("lets an upload under way finish when it stops, and takes no new connection", async () => {
    const stopping = await startFixture();
    const { putUrl } = stopping.slot();
    const idle = connect(stopping.port, "127.0.0.1");
    const idleClosed = new Promise((resolve) => idle.on("close", resolve).on("error", () => undefined));
    const idleAnswered = new Promise((resolve) => idle.once("data", resolve));
    idle.write("GET /x HTTP/1.1\r\nHost: x\r\n\r\n");
    await idleAnswered;
    const socket = connect(stopping.port, "127.0.0.1");
    let text = "";
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString();
    });
    const closed = new Promise((resolve) => socket.on("close", resolve));
    socket.write(
      `PUT ${targetOf(putUrl)} HTTP/1.1\r\nHost: 127.0.0.1:${stopping.port}\r\nContent-Length: 5\r\n\r\nhel`,
    );
    while ((await stopping.files()).incoming.length === 0)
      await new Promise((resolve) => setImmediate(resolve));
    const stopped = stopping.server.stop();
    await expect(stopping.send("GET /x HTTP/1.1")).rejects.toMatchObject({ code: "ECONNREFUSED" });
    socket.write("lo");
    await Promise.all([stopped, closed, idleClosed]);
    expect(text).toStartWith("HTTP/1.1 201 Created\r\n");
    expect(await stopping.event("stored")).toMatchObject({ size: 5 });
    await stopping.stop();
  });

  test("cuts off what is not over when its time to stop is, and leaves nothing of it", async () => {
    const stopping = await startFixture({ server: { stopTimeout: 0.1 } });
    const { putUrl } = stopping.slot();
    const socket = connect(stopping.port, "127.0.0.1");
    socket.on("error", () => undefined);
    socket.write(
      `PUT ${targetOf(putUrl)} HTTP/1.1\r\nHost: 127.0.0.1:${stopping.port}\r\nContent-Length: 5\r\n\r\nhel`,
    );
    while ((await stopping.files()).incoming.length === 0)
      await new Promise((resolve) => setImmediate(resolve));
    await stopping.server.stop();
    expect(await stopping.event("upload-aborted")).toMatchObject({ received: 3, size: 5 });
    expect(await stopping.files()).toEqual({ objects: [], incoming: [] });
    await stopping.stop();
  });
});

describe("every answer has the reference that its event has:", () => {
  test.each([
    ["a refusal", "GET /nothing HTTP/1.1", "Reference: r1."],
    ["a method that is not taken", "POST /x HTTP/1.1\nContent-Length: 0", "Reference: r1."],
    ["a preflight", "OPTIONS /x HTTP/1.1", ""],
    ["what is no HTTP", "GET\u0001 / HTTP/1.1", "Reference: r1."],
  ])("%s", async (_, head, text) => {
    let made = 0;
    const told: string[] = [];
    const named = await startFixture({
      server: {
        reference: () => `r${++made}`,
        onEvent: (_, { reference, method }) => told.push(`${reference} ${method}`),
      },
    });
    const { headers, body } = await named.send(head);
    expect(headers.get("x-request-id")).toBe("r1");
    expect(headers.get("access-control-expose-headers")).toContain("X-Request-Id");
    expect(body.toString()).toContain(text);
    await waitFor(() => told.length > 0);
    const method = head.includes("\u0001") ? "" : head.split(" ")[0];
    expect(told).toEqual([`r1 ${method}`]);
    await named.stop();
  });

  test("a download", async () => {
    const { putUrl, getUrl } = fixture.slot();
    const put = await fetch(putUrl, { method: "PUT", body: "hello" });
    const got = await fetch(getUrl);
    expect([put.status, put.headers.get("x-request-id")]).toEqual([201, "ref1"]);
    expect([got.status, got.headers.get("x-request-id")]).toEqual([200, "ref1"]);
  });
});

async function waitFor(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 1));
}
