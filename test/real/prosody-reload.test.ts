import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { type XmppClient, xmppClient } from "../peers/clients/xmpp-client.ts";
import { freePorts } from "../peers/ports.ts";
import { runToEnd, waitUntil } from "../peers/process.ts";
import { startProsody } from "../peers/servers/prosody.ts";
import type { XmppServer } from "../peers/servers/xmpp-server.ts";
import { type Slotd, slotdUnderTest, startSlotd } from "../peers/slotd.ts";

const NS_UPLOAD = "urn:xmpp:http:upload:0";
const components = { "upload.example.test": "first", "upload.example2.test": "second" };

let prosody: XmppServer;
let alice: XmppClient;
let slotd: Slotd;
let ports: number[];

beforeAll(async () => {
  prosody = await startProsody({ components });
}, 30_000);
afterAll(() => prosody.stop());

beforeEach(async () => {
  ports = await freePorts(2);
  alice = await xmppClient({
    port: prosody.c2sPort,
    domain: "example.test",
    user: "alice",
    password: "pw-alice",
  });
});
afterEach(async () => {
  await alice.close();
  await slotd.stop();
});

interface Change {
  readonly limit?: string;
  readonly secret?: string;
  readonly port?: number;
  readonly more?: string;
  readonly domains?: string;
}

function configured(change: Change = {}): string {
  return `
domains = ${change.domains ?? '["example.test"]'}
backend = "disk"
max_file_size = ${change.limit ?? 1000}

[xmpp]
address = "127.0.0.1:${prosody.componentPort}"
secret = "${change.secret ?? "first"}"

[http]
listen = "127.0.0.1:${change.port ?? ports[0]}"

[ops]
listen = "127.0.0.1:0"
socket = "slotd.sock"
${change.more ?? ""}
`;
}

const startWith = async (change: Change, count = 1): Promise<void> => {
  slotd = await startSlotd({ config: configured(change), components: count });
};

const rewrite = (change: Change): void => writeFileSync(join(slotd.folder, "slotd.toml"), configured(change));

/** `slotd reload`, with what it printed. */
const reload = () =>
  runToEnd({
    name: "reload",
    command: [slotdUnderTest(), "reload", "--config", join(slotd.folder, "slotd.toml")],
    env: { SLOTD_OPS_SOCKET: join(slotd.folder, "slotd.sock") },
  });

/** The PUT URL of a slot; the condition of the error when there is none. */
async function slot(size: number, to = "upload.example.test"): Promise<string> {
  const reply = await alice.iq("get", to, `<request xmlns='${NS_UPLOAD}' filename='a.txt' size='${size}'/>`);
  const url = reply.getChild("slot", NS_UPLOAD)?.getChild("put")?.attrs.url;
  return url ?? reply.getChild("error")?.getChildElements()[0]?.name ?? "nothing";
}

/** A PUT whose body comes in two halves: the second when it is told to. Resolves with the status line. */
function slowPut(url: string, size: number) {
  const { hostname, port, pathname, search, host } = new URL(url);
  const socket = connect(Number(port), hostname);
  const half = Math.floor(size / 2);
  let answer = "";
  socket.write(
    `PUT ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${size}\r\nConnection: close\r\n\r\n`,
  );
  socket.write("x".repeat(half));
  socket.on("data", (bytes) => {
    answer += String(bytes);
  });
  const done = new Promise<string>((resolve) => {
    socket.once("close", () => resolve(answer.split("\r\n")[0] ?? ""));
    socket.once("error", () => undefined);
  });
  return { done, finish: () => socket.write("x".repeat(size - half)) };
}

describe("a reload", () => {
  test("puts another limit in force, with the stream and an upload under way left alone", async () => {
    await startWith({});
    expect(await slot(2000)).toBe("not-acceptable");
    const upload = slowPut(await slot(1000), 1000);
    rewrite({ limit: "5000" });
    expect(await reload()).toEqual({ ok: true, output: "The configuration was reloaded.\n" });
    expect(await slot(2000)).toStartWith("http://127.0.0.1:");
    upload.finish();
    expect(await upload.done).toBe("HTTP/1.1 201 Created");
    expect(slotd.timesOnline()).toBe(1);
  }, 30_000);

  test("comes with SIGHUP too", async () => {
    await startWith({});
    rewrite({ limit: "5000" });
    slotd.process.signal("SIGHUP");
    await waitUntil("the reload", () => slotd.process.log().includes("slotd reloaded the configuration."));
    expect(await slot(2000)).toStartWith("http://");
    expect(slotd.timesOnline()).toBe(1);
  }, 30_000);

  test("is refused whole, with every reason, when the file is wrong", async () => {
    await startWith({});
    writeFileSync(
      join(slotd.folder, "slotd.toml"),
      configured({ limit: "5000", more: "nonsense = 1" }).replace('backend = "disk"', "token_bytes = 1"),
    );
    const { ok, output } = await reload();
    expect(ok).toBe(false);
    for (const part of [
      "token_bytes: expected",
      "nonsense",
      "s3.bucket_url",
      "the previous one stays active",
    ])
      expect(output).toContain(part);
    expect(slotd.process.log()).toContain("token_bytes: expected");
    expect(await slot(2000)).toBe("not-acceptable");
    expect(await slot(1000)).toStartWith("http://");
    expect(slotd.timesOnline()).toBe(1);
  }, 30_000);

  test("is refused whole when a new listener cannot be had", async () => {
    await startWith({});
    const taken: Server = createServer().listen(ports[1], "127.0.0.1");
    await waitUntil("the port to be taken", () => taken.listening);
    rewrite({ limit: "5000", port: ports[1] ?? 0 });
    const { ok, output } = await reload();
    taken.close();
    expect(ok).toBe(false);
    expect(output).toContain("http.listen = ");
    expect(await slot(2000)).toBe("not-acceptable");
    expect(await slot(1000)).toStartWith(`http://127.0.0.1:${ports[0]}/`);
  }, 30_000);

  test("moves the HTTP server, and lets uploads at the old address finish", async () => {
    await startWith({});
    const upload = slowPut(await slot(1000), 1000);
    const read = await fetch((await slot(1000)).replace(/\?.*/, ""));
    expect(read.status).toBe(404);
    rewrite({ port: ports[1] ?? 0 });
    expect((await reload()).ok).toBe(true);
    const moved = await slot(5);
    expect(moved).toStartWith(`http://127.0.0.1:${ports[1]}/`);
    expect((await fetch(moved, { method: "PUT", body: "hello" })).status).toBe(201);
    upload.finish();
    expect(await upload.done).toBe("HTTP/1.1 201 Created");
    await waitUntil("the old listener to be closed", () =>
      fetch(`http://127.0.0.1:${ports[0]}/`).then(
        () => false,
        () => true,
      ),
    );
    expect(slotd.timesOnline()).toBe(1);
  }, 30_000);

  test("with the right secret brings a component online at once", async () => {
    await startWith({ secret: "wrong" }, 0);
    await waitUntil("the refusal", () => slotd.process.log().includes("wrong-secret"));
    rewrite({});
    expect((await reload()).ok).toBe(true);
    await waitUntil("the stream", () => slotd.timesOnline() === 1);
  }, 30_000);

  test("with another secret leaves a stream that is up alone", async () => {
    await startWith({});
    rewrite({ secret: "another" });
    expect((await reload()).ok).toBe(true);
    expect(await slot(5)).toStartWith("http://");
    expect(slotd.timesOnline()).toBe(1);
  }, 30_000);

  test("starts the component of a domain that comes, and ends that of one that goes", async () => {
    await startWith({});
    const both = {
      domains: '["example.test", "example2.test"]',
      more: '[domain."example2.test"]\naccess = ["*"]\n[domain."example2.test".xmpp]\nsecret = "second"',
    };
    rewrite(both);
    expect((await reload()).ok).toBe(true);
    await waitUntil("the second stream", () => slotd.timesOnline() === 2);
    expect(await slot(5, "upload.example2.test")).toStartWith("http://");
    rewrite({});
    expect((await reload()).ok).toBe(true);
    expect(await slot(5)).toStartWith("http://");
    await waitUntil(
      "the second to be gone",
      async () => !(await slot(5, "upload.example2.test")).includes(":"),
    );
    expect(slotd.timesOnline()).toBe(2);
  }, 30_000);
});

describe("SIGTERM", () => {
  test("ends new requests, lets an upload finish, closes the stream and gives 0", async () => {
    await startWith({});
    const url = await slot(1000);
    const upload = slowPut(url, 1000);
    // The head has to be there before the listener closes.
    const get = url.replace(/\?.*/, "");
    expect((await fetch(get)).status).toBe(404);
    slotd.process.signal("SIGTERM");
    await waitUntil("the stream to be closed", () => prosody.log().includes("component disconnected"));
    await waitUntil("the listener to be closed", () =>
      fetch(get).then(
        () => false,
        () => true,
      ),
    );
    expect(slotd.process.result).toBeUndefined();
    upload.finish();
    expect(await upload.done).toBe("HTTP/1.1 201 Created");
    const finished = performance.now();
    expect(await slotd.process.ended).toBe(0);
    expect(performance.now() - finished).toBeLessThan(1_500);
    expect(slotd.process.log()).toContain("Stopped.");
  }, 30_000);

  test("ends an idle slotd at once", async () => {
    await startWith({});
    const asked = performance.now();
    slotd.process.signal("SIGTERM");
    expect(await slotd.process.ended).toBe(0);
    expect(performance.now() - asked).toBeLessThan(1_500);
  }, 30_000);

  test("cuts an upload off when its grace is over", async () => {
    slotd = await startSlotd({ config: `shutdown_grace = 1\n${configured()}` });
    const url = await slot(1000);
    const upload = slowPut(url, 1000);
    expect((await fetch(url.replace(/\?.*/, ""))).status).toBe(404);
    const asked = performance.now();
    slotd.process.signal("SIGTERM");
    expect(await slotd.process.ended).toBe(0);
    expect(performance.now() - asked).toBeWithin(900, 5_000);
    expect(await upload.done).not.toContain("201");
  }, 30_000);

  test("twice ends it at once", async () => {
    await startWith({});
    const url = await slot(1000);
    slowPut(url, 1000);
    expect((await fetch(url.replace(/\?.*/, ""))).status).toBe(404);
    slotd.process.signal("SIGTERM");
    await waitUntil("it to stop", () => slotd.process.log().includes("stopping"));
    const asked = performance.now();
    slotd.process.signal("SIGTERM");
    expect(await slotd.process.ended).toBe(1);
    expect(performance.now() - asked).toBeLessThan(3_000);
  }, 30_000);
});
