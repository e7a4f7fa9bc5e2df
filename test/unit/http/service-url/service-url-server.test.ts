import { afterEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseProxies } from "../../../../src/http/client-address.ts";
import type { Question } from "../../../../src/http/service-url/question.ts";
import type { ServiceUrlEvent } from "../../../../src/http/service-url/service-url-event.ts";
import {
  type ServiceUrlServer,
  type ServiceUrlServerOptions,
  startServiceUrl,
} from "../../../../src/http/service-url/service-url-server.ts";
import type { Refusal } from "../../../../src/slot/refusal.ts";
import type { Slot } from "../../../../src/slot/slot.ts";
import { readAnswers, talk } from "../../../peers/clients/raw-http.ts";

const secret = "/0123456789abcdef0123456789abcdef";
const question = "jid=alice%40example.org&name=a.txt&size=5&content_type=text/plain";
const slot: Slot = { putUrl: "http://h/0/a.txt?X=1", getUrl: "http://h/0/a.txt" };

interface Scene {
  readonly server: ServiceUrlServer;
  readonly events: ServiceUrlEvent[];
  readonly asked: Question[];
  port: number;
  /** The status and the text of the answer to a request of these lines. */
  say(lines: string, body?: string): Promise<readonly [status: number, text: string]>;
}

const running: ServiceUrlServer[] = [];
afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
});

async function open(
  options: Partial<ServiceUrlServerOptions> = {},
  outcome: () => Promise<Slot | Refusal> = async () => slot,
): Promise<Scene> {
  const events: ServiceUrlEvent[] = [];
  const asked: Question[] = [];
  const server = await startServiceUrl({
    listen: { host: "127.0.0.1", port: 0 },
    path: secret,
    addresses: parseProxies(["127.0.0.0/8"])!,
    proxies: parseProxies(["127.0.0.0/8"])!,
    hosts: new Set(["example.org"]),
    ask(one) {
      asked.push(one);
      return outcome();
    },
    unreadable: ({ refusal }) => refusal,
    onEvent: (event) => events.push(event),
    reference: () => "ref1",
    ...options,
  });
  running.push(server);
  const { address } = server;
  const port = "port" in address ? address.port : 0;
  const place = "unix" in address ? address : { port };
  return {
    ...{ server, events, asked, port },
    async say(lines, body = "") {
      const { received } = await talk(place, `${lines}\r\nHost: h\r\nConnection: close\r\n\r\n${body}`);
      const [answer] = readAnswers(received, [lines.split(" ")[0]!]).answers;
      return [answer?.status ?? 0, answer?.body.toString() ?? ""];
    },
  };
}

describe("the service_url listener", () => {
  test("answers a question with two lines", async () => {
    const { say, asked, events } = await open();
    expect(await say(`GET ${secret}?${question} HTTP/1.1`)).toEqual([
      200,
      "http://h/0/a.txt?X=1\nhttp://h/0/a.txt\n",
    ]);
    expect(asked.map(({ requester }) => requester.bareJid)).toEqual(["alice@example.org"]);
    expect(events).toEqual([{ kind: "answered", status: 200 }]);
  });

  test("answers a refusal with the status by which ejabberd understands it", async () => {
    const { say } = await open({}, async () => ({ kind: "over-quota", text: "Full.", retryAt: undefined }));
    expect(await say(`GET ${secret}?${question} HTTP/1.1`)).toEqual([402, "Full.\n"]);
  });

  test.each([
    ["another path", "GET /0123456789abcdef0123456789abcdee", 404],
    ["the path and more", `GET ${secret}/`, 404],
    ["the path in another encoding", `GET /%30${secret.slice(2)}`, 404],
    ["no path", "GET /", 404],
    ["POST", `POST ${secret}`, 405],
    ["HEAD", `HEAD ${secret}`, 405],
  ])("refuses %s, and asks nobody", async (_, request, status) => {
    const { say, asked, events } = await open();
    expect((await say(`${request}?${question} HTTP/1.1`))[0]).toBe(status);
    expect(asked).toEqual([]);
    expect(JSON.stringify(events)).not.toContain(secret.slice(1, 12));
  });

  test.each([
    ["a body", "Content-Length: 1", "x", 400],
    ["a body in chunks", "Transfer-Encoding: chunked", "0\r\n\r\n", 400],
    ["a client that waits with its body", "Content-Length: 1\r\nExpect: 100-continue", "", 400],
    ["a second Host", "Host: other", "", 400],
  ])("refuses %s", async (_, header, body, status) => {
    const { say, asked } = await open();
    expect((await say(`GET ${secret}?${question} HTTP/1.1\r\n${header}`, body))[0]).toBe(status);
    expect(asked).toEqual([]);
  });

  test("takes what Erlang's client sends with a GET: a length of 0 and an empty TE", async () => {
    const { say } = await open();
    expect((await say(`GET ${secret}?${question} HTTP/1.1\r\nContent-Length: 0\r\nTE: `))[0]).toBe(200);
  });

  test("refuses an address that is not listed before it looks at the path", async () => {
    const { say, asked, events } = await open({ addresses: parseProxies(["192.0.2.0/24"])! });
    for (const path of [secret, "/"]) expect((await say(`GET ${path}?${question} HTTP/1.1`))[0]).toBe(403);
    expect(asked).toEqual([]);
    expect(events).toMatchObject([
      { reason: "address", client: "127.0.0.1" },
      { reason: "address", client: "127.0.0.1" },
    ]);
  });

  test("goes by the address that a trusted proxy tells, so that one which lets strangers in is of no use", async () => {
    const { say, asked } = await open();
    const from = (address: string) =>
      say(`GET ${secret}?${question} HTTP/1.1\r\nX-Forwarded-For: ${address}`);
    expect((await from("198.51.100.7"))[0]).toBe(403);
    expect((await from("127.0.0.1, 198.51.100.7"))[0]).toBe(403);
    expect(asked).toEqual([]);
    expect((await from("127.0.0.9"))[0]).toBe(200);
  });

  test("refuses a user of another host", async () => {
    const { say, asked } = await open();
    const [status, text] = await say(
      `GET ${secret}?${question.replace("example.org", "example.net")} HTTP/1.1`,
    );
    expect([status, text]).toEqual([403, expect.stringContaining("example.net")]);
    expect(asked).toEqual([]);
  });

  test("refuses a URL over 8 KiB and a head over 16 KiB", async () => {
    const { say, asked } = await open();
    expect((await say(`GET ${secret}?${question}&x=${"x".repeat(8_192)} HTTP/1.1`))[0]).toBe(414);
    expect((await say(`GET ${secret}?${question} HTTP/1.1\r\nX: ${"x".repeat(40_000)}`))[0]).toBe(400);
    expect(asked).toEqual([]);
  });

  test("answers what is no HTTP, and closes", async () => {
    const { port, events } = await open();
    const { received, isClosed } = await talk({ port }, "NONSENSE\r\n\r\n");
    expect([received.toString(), isClosed]).toEqual([expect.stringContaining("HTTP/1.1 400"), true]);
    expect(events).toMatchObject([{ kind: "unasked", reason: "malformed" }]);
  });

  test("refuses in time when the decision takes too long", async () => {
    const { say } = await open({ patience: 20 }, () => new Promise(() => undefined));
    expect((await say(`GET ${secret}?${question} HTTP/1.1`))[0]).toBe(402);
  });

  test("answers 500 when a promise is broken, tells it, and goes on", async () => {
    let isBroken = true;
    const { say, events } = await open({}, async () => {
      if (isBroken) throw new Error("broken");
      return slot;
    });
    expect((await say(`GET ${secret}?${question} HTTP/1.1`))[0]).toBe(500);
    expect(events).toMatchObject([{ kind: "failed", reference: "ref1" }]);
    isBroken = false;
    expect((await say(`GET ${secret}?${question} HTTP/1.1`))[0]).toBe(200);
  });

  test("decides 64 questions at once, and refuses more with 503", async () => {
    const gate = Promise.withResolvers<Slot>();
    const { say, asked } = await open({}, () => gate.promise);
    const first = Array.from({ length: 64 }, () => say(`GET ${secret}?${question} HTTP/1.1`));
    while (asked.length < 64) await Bun.sleep(1);
    expect((await say(`GET ${secret}?${question} HTTP/1.1`))[0]).toBe(503);
    gate.resolve(slot);
    expect((await Promise.all(first)).map(([status]) => status)).toEqual(Array(64).fill(200));
  });

  test("closes a connection whose head does not come", async () => {
    const { port } = await open();
    const begun = performance.now();
    const { isClosed } = await talk({ port }, `GET ${secret}?`, 15_000);
    expect([isClosed, performance.now() - begun < 12_000]).toEqual([true, true]);
  }, 20_000);

  test("listens on a Unix socket, where permissions say who may ask", async () => {
    const folder = mkdtempSync(join(tmpdir(), "slotd-ask-"));
    const unix = join(folder, "ask.sock");
    const { say } = await open({ listen: { unix }, addresses: parseProxies([])!, path: "/" });
    expect((await say(`GET /?${question} HTTP/1.1`))[0]).toBe(200);
    rmSync(folder, { recursive: true });
  });

  test("goes by other options from the next question on", async () => {
    const { say, server } = await open();
    expect((await say(`GET ${secret}?${question} HTTP/1.1`))[0]).toBe(200);
    server.use({
      path: "/other",
      addresses: parseProxies(["127.0.0.1"])!,
      proxies: parseProxies([])!,
      hosts: new Set(["example.org"]),
      ask: () => slot,
      unreadable: ({ refusal }) => refusal,
      onEvent: () => undefined,
      reference: () => "r",
    });
    expect((await say(`GET ${secret}?${question} HTTP/1.1`))[0]).toBe(404);
    expect((await say(`GET /other?${question} HTTP/1.1`))[0]).toBe(200);
  });
});
