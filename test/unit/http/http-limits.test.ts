import { afterEach, describe, expect, test } from "bun:test";
import { connect, type Socket } from "node:net";
import { parseProxies } from "../../../src/http/client-address.ts";
import { bodyOf } from "../../contract/object-store.ts";
import { type Fixture, type FixtureOptions, newToken, startFixture, targetOf } from "./http-fixture.ts";

const running: Fixture[] = [];

async function start(options: FixtureOptions): Promise<Fixture> {
  const fixture = await startFixture(options);
  running.push(fixture);
  return fixture;
}

afterEach(async () => {
  for (const fixture of running.splice(0)) await fixture.stop();
});

/** An upload that has begun and goes on when it is told to. */
async function begin(
  fixture: Fixture,
  headers = "",
  size = 5,
): Promise<{ socket: Socket; closed: Promise<string> }> {
  const { putUrl } = fixture.slot({ size });
  const before = (await fixture.files()).incoming.length;
  const socket = connect(fixture.port, "127.0.0.1");
  let text = "";
  socket.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  socket.on("error", () => undefined);
  const closed = new Promise<string>((resolve) => socket.on("close", () => resolve(text)));
  socket.write(`PUT ${targetOf(putUrl)} HTTP/1.1\r\nHost: x\r\nContent-Length: ${size}\r\n${headers}\r\nh`);
  while ((await fixture.files()).incoming.length === before)
    await new Promise((resolve) => setImmediate(resolve));
  return { socket, closed };
}

const putNow = (fixture: Fixture, headers = "") =>
  fixture.send(`PUT ${targetOf(fixture.slot().putUrl)} HTTP/1.1\nContent-Length: 5${headers}`, "hello");

describe("uploads at once", () => {
  test("are limited in all, and the next goes when one is over", async () => {
    const fixture = await start({ server: { uploads: { total: 2, perClient: 9 } } });
    const [one, two] = [await begin(fixture), await begin(fixture)];
    const refused = await putNow(fixture);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "5"]);
    expect(refused.headers.get("access-control-allow-origin")).toBe("*");
    one.socket.destroy();
    await fixture.event("upload-aborted");
    expect((await putNow(fixture)).status).toBe(201);
    two.socket.destroy();
  });

  test("are limited for each client, as a trusted proxy names it", async () => {
    const proxies = parseProxies(["127.0.0.1"])!;
    const fixture = await start({ server: { uploads: { total: 9, perClient: 1 }, proxies } });
    const one = await begin(fixture, "X-Forwarded-For: 6.6.6.6, 192.0.2.1\r\n");
    const refused = await putNow(fixture, "\nX-Forwarded-For: 7.7.7.7, 192.0.2.1");
    expect([refused.status, refused.body.toString()]).toEqual([
      429,
      expect.stringContaining("You have too many"),
    ]);
    expect((await putNow(fixture, "\nX-Forwarded-For: 192.0.2.2")).status).toBe(201);
    one.socket.destroy();
  });

  test("are not limited by what a stranger calls itself", async () => {
    const fixture = await start({ server: { uploads: { total: 9, perClient: 1 } } });
    const one = await begin(fixture);
    expect((await putNow(fixture, "\nX-Forwarded-For: 192.0.2.2")).status).toBe(429);
    one.socket.destroy();
  });
});

describe("downloads at once", () => {
  /** A download whose client takes nothing, until it is destroyed. */
  const stall = async (fixture: Fixture, path: string, headers = ""): Promise<Socket> => {
    const socket = connect(fixture.port, "127.0.0.1");
    socket.on("error", () => undefined);
    socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`);
    await new Promise((resolve) => socket.once("readable", resolve));
    return socket;
  };
  /** Of a file that no buffer of the system takes whole. */
  const largeFile = async (fixture: Fixture): Promise<string> => {
    const token = newToken();
    const about = { token, filename: "a", contentType: "a/b", size: 20_000_000 };
    await fixture.store.put(about, bodyOf(Buffer.alloc(20_000_000)));
    return `/${token}/a`;
  };

  test("are limited in all, and the next goes when one is over", async () => {
    const fixture = await start({ server: { downloads: { total: 2, perClient: 9 } } });
    const path = await largeFile(fixture);
    const [one, two] = [await stall(fixture, path), await stall(fixture, path)];
    const refused = await fixture.send(`GET ${path} HTTP/1.1`);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "5"]);
    expect(refused.headers.get("access-control-allow-origin")).toBe("*");
    expect(await fixture.event("refused")).toMatchObject({ method: "GET", status: 503, reason: "busy" });
    one.destroy();
    await fixture.event("download-aborted");
    expect((await fixture.send(`GET ${path} HTTP/1.1\nRange: bytes=0-1`)).status).toBe(206);
    two.destroy();
  });

  test("are limited for each client, as a trusted proxy names it", async () => {
    const proxies = parseProxies(["127.0.0.1"])!;
    const fixture = await start({ server: { downloads: { total: 9, perClient: 1 }, proxies } });
    const path = await largeFile(fixture);
    const one = await stall(fixture, path, "X-Forwarded-For: 192.0.2.1\r\n");
    const ask = (what: string, address: string) =>
      fixture.send(`${what} HTTP/1.1\nRange: bytes=0-1\nX-Forwarded-For: 6.6.6.6, ${address}`);
    expect((await ask(`GET ${path}`, "192.0.2.1")).status).toBe(429);
    expect(await fixture.event("refused")).toMatchObject({ status: 429, reason: "too-many-downloads" });
    expect((await ask(`GET ${path}`, "192.0.2.2")).status).toBe(206);
    expect((await ask(`HEAD ${path}`, "192.0.2.1")).status).toBe(200);
    const token = newToken();
    await fixture.store.put({ token, filename: "a", contentType: "a/b", size: 5 }, bodyOf("hello"));
    expect((await ask(`GET /${token}/a`, "192.0.2.1")).status).toBe(206);
    one.destroy();
  });

  test("come whole in small pieces too, when many are under way", async () => {
    const fixture = await start({});
    const content = Buffer.from(Array.from({ length: 600_000 }, (_, i) => 33 + (i % 89)));
    const paths: string[] = [];
    for (const size of [600_000, 100_000]) {
      const token = newToken();
      await fixture.store.put(
        { token, filename: "a", contentType: "a/b", size },
        bodyOf(content.subarray(0, size)),
      );
      paths.push(`/${token}/a`);
    }
    const crowd = await largeFile(fixture);
    const sockets = await Promise.all(Array.from({ length: 200 }, () => stall(fixture, crowd)));
    for (const [i, size] of [600_000, 100_000, 600_000, 100_000].entries()) {
      const { status, body } = await fixture.send(`GET ${paths[i % 2]} HTTP/1.1`);
      expect([status, body.equals(content.subarray(0, size))]).toEqual([200, true]);
    }
    for (const socket of sockets) socket.destroy();
  });
});

describe("a slow client", () => {
  test("is cut off when it sends too little, although it never pauses", async () => {
    const fixture = await start({ server: { minRate: 1000, rateWindow: 0.3 } });
    const { socket, closed } = await begin(fixture, "", 1000);
    const drip = setInterval(() => socket.write("x"), 20);
    const answer = await closed;
    clearInterval(drip);
    expect(answer).toStartWith("HTTP/1.1 408 ");
    expect(await fixture.event("upload-aborted")).toMatchObject({ why: "too-slow" });
    expect((await fixture.files()).incoming).toEqual([]);
  });

  test("is not cut off when it sends enough", async () => {
    const fixture = await start({ server: { minRate: 20, rateWindow: 0.2 } });
    const { socket } = await begin(fixture, "", 60);
    for (let i = 0; i < 59; i += 1) {
      socket.write("x");
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(await fixture.event("stored")).toMatchObject({ size: 60 });
    socket.destroy();
  });

  test("is cut off when it is behind the pace that so long a file needs, and not before", async () => {
    const server = { minRate: 1, rateWindow: 0.2, longestUpload: 10 };
    const cutOff = async (bytesATime: number) => {
      const fixture = await start({ server });
      const { socket, closed } = await begin(fixture, "", 200_000);
      const drip = setInterval(() => socket.write("x".repeat(bytesATime)), 20);
      const answer = await Promise.race([
        closed,
        new Promise<string>((done) => setTimeout(done, 1500, "on")),
      ]);
      clearInterval(drip);
      socket.destroy();
      return answer.slice(0, 12);
    };
    // 20,000 bytes a second are wanted.
    expect(await Promise.all([cutOff(40), cutOff(2000)])).toEqual(["HTTP/1.1 408", "on"]);
  });

  test("is cut off when it takes longer than any upload may, at whatever pace", async () => {
    const fixture = await start({ server: { minRate: 0, longestUpload: 0.4 } });
    const { socket, closed } = await begin(fixture, "", 1_000_000);
    const drip = setInterval(() => socket.write("x".repeat(5000)), 10);
    const answer = await closed;
    clearInterval(drip);
    expect(answer).toStartWith("HTTP/1.1 408 ");
    expect((await fixture.files()).incoming).toEqual([]);
  });

  test.each([
    ["that sends nothing", ""],
    ["that sends half a head", "GET / HTTP/1.1\r\nHos"],
    ["that has its answer and asks for nothing more", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"],
  ])("%s has its connection closed", async (_, sent) => {
    const fixture = await start({ server: { idleTimeout: 0.3 } });
    const socket = connect(fixture.port, "127.0.0.1");
    socket.on("error", () => undefined).on("data", () => undefined);
    const closed = new Promise((resolve) => socket.on("close", resolve));
    socket.write(sent);
    await closed;
  });

  test("that drips its headers has its connection closed", async () => {
    const fixture = await start({ server: { idleTimeout: 0.3 } });
    const socket = connect(fixture.port, "127.0.0.1");
    socket.on("error", () => undefined).on("data", () => undefined);
    const closed = new Promise((resolve) => socket.on("close", resolve));
    socket.write("GET / HTTP/1.1\r\n");
    const drip = setInterval(() => socket.write("X: y\r\n"), 20);
    await closed;
    clearInterval(drip);
  });
});

describe("the origins allowed", () => {
  const origins = ["https://chat.example", "https://other.example"];

  test("are told to themselves only, also on errors", async () => {
    const fixture = await start({ server: { corsOrigins: origins } });
    const ask = async (head: string) => {
      const { headers } = await fixture.send(head);
      return [headers.get("access-control-allow-origin"), headers.get("vary")];
    };
    const missing = `GET /${newToken()}/x HTTP/1.1`;
    expect(await ask(`${missing}\nOrigin: https://chat.example`)).toEqual(["https://chat.example", "Origin"]);
    expect(await ask(`${missing}\nOrigin: https://evil.example`)).toEqual([null, "Origin"]);
    expect(await ask(missing)).toEqual([null, "Origin"]);
    expect(await ask(`${missing}\nOrigin: https://other.example\nno colon`)).toEqual([
      "https://other.example",
      "Origin",
    ]);
  });
});

describe("what is shown inline", () => {
  test("is as configured, and may be kept by the client only", async () => {
    const fixture = await start({ server: { inlineTypes: ["application/pdf"], cache: "private" } });
    for (const [contentType, kind] of [
      ["application/pdf", "inline"],
      ["image/png", "attachment"],
    ] as const) {
      const token = newToken();
      await fixture.store.put({ token, filename: "a", contentType, size: 1 }, bodyOf("x"));
      const { headers } = await fixture.send(`GET /${token}/a HTTP/1.1`);
      expect(headers.get("content-disposition")).toStartWith(kind);
      expect(headers.get("cache-control")).toBe("private, max-age=31536000, immutable");
    }
  });
});

describe("a file that is not there", () => {
  test("takes the same time to be missed, whether or not its token is known", async () => {
    const fixture = await start({});
    const token = newToken();
    const size = 100_000;
    await fixture.store.put({ token, filename: "a", contentType: "a/b", size }, bodyOf("x".repeat(size)));
    const times = { known: [] as number[], unknown: [] as number[] };
    for (let i = 0; i < 60; i += 1) {
      for (const kind of ["known", "unknown"] as const) {
        const path = `/${kind === "known" ? token : newToken()}/b`;
        const begun = performance.now();
        expect((await fixture.send(`GET ${path} HTTP/1.1`)).status).toBe(404);
        times[kind].push(performance.now() - begun);
      }
    }
    const median = (list: number[]) => list.toSorted((a, b) => a - b)[list.length >> 1]!;
    expect(Math.abs(median(times.known) - median(times.unknown))).toBeLessThan(1);
    expect(Math.min(...times.known, ...times.unknown)).toBeGreaterThan(3.5);
  });
});
