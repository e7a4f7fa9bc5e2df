import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls, type TLSSocket } from "node:tls";
import type { TlsEvent } from "../../../../src/http/http-event.ts";
import { bodyOf } from "../../../contract/object-store.ts";
import { type Fixture, newToken, startFixture, targetOf } from "../http-fixture.ts";

let folder: string;
const running: Fixture[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "slotd-listen-"));
  for (const name of ["one", "two"]) makeCertificate(name, days[name] ?? 1);
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(async () => {
  for (const fixture of running.splice(0)) await fixture.stop();
});

const file = (name: string) => join(folder, name);

/** How long the certificates are good for. */
const days: Readonly<Record<string, number>> = { one: 2, two: 9 };

function makeCertificate(name: string, goodFor: number): void {
  const key = [
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-nodes",
    "-keyout",
    file(`${name}.key`),
  ];
  const made = Bun.spawnSync(
    [
      "openssl",
      "req",
      "-x509",
      ...key,
      "-out",
      file(`${name}.pem`),
      "-days",
      String(goodFor),
      "-subj",
      `/CN=${name}`,
    ],
    { stderr: "pipe" },
  );
  expect(made.exitCode, made.stderr.toString()).toBe(0);
}

function use(name: string, key = name): void {
  copyFileSync(file(`${key}.key`), file("live.key"));
  copyFileSync(file(`${name}.pem`), file("live.pem"));
}

/** In how many days the certificate ends that the server uses. */
function endsIn({ server }: Fixture): number {
  const { path, expires } = server.certificate ?? { path: "", expires: new Date(0) };
  expect(path).toBe(file("live.pem"));
  return Math.round((expires.getTime() - Date.now()) / 86_400_000);
}

async function startTls(): Promise<{ fixture: Fixture; events: TlsEvent[] }> {
  const events: TlsEvent[] = [];
  const fixture = await startFixture({
    server: {
      tls: { cert: file("live.pem"), key: file("live.key") },
      tlsEvery: 0.05,
      onTlsEvent: (event) => events.push(event),
    },
  });
  running.push(fixture);
  return { fixture, events };
}

function open(port: number): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false }, () => resolve(socket));
    socket.on("error", reject);
  });
}

function ask(socket: TLSSocket, head: string, until: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const onData = (chunk: Buffer) => {
      text += chunk.toString("latin1");
      if (!until.test(text)) return;
      socket.off("data", onData);
      resolve(text);
    };
    socket.on("data", onData);
    socket.once("close", () => reject(new Error(`closed after ${text}`)));
    socket.write(head);
  });
}

const nameOf = (socket: TLSSocket) => socket.getPeerCertificate().subject.CN;

async function eventually(what: () => boolean): Promise<void> {
  while (!what()) await new Promise((resolve) => setTimeout(resolve, 10));
}

describe("TLS of its own", () => {
  test("serves what plain HTTP serves", async () => {
    use("one");
    const { fixture } = await startTls();
    const token = newToken();
    const content = "0123456789".repeat(50_000);
    await fixture.store.put(
      { token, filename: "a", contentType: "text/plain", size: content.length },
      bodyOf(content),
    );
    const socket = await open(fixture.port);
    const get = `GET /${token}/a HTTP/1.1\r\nHost: x\r\n`;
    const whole = await ask(socket, `${get}\r\n`, /9{0}(0123456789){50000}$/);
    expect(whole).toContain("\r\nContent-Length: 500000\r\n");
    const part = await ask(socket, `${get}Range: bytes=1-3\r\n\r\n`, /123$/);
    expect(part).toStartWith("HTTP/1.1 206 Partial Content\r\n");
    const target = fixture.slot().putUrl.replace(/^https?:\/\/[^/]*/, "");
    const put = `PUT ${target} HTTP/1.1\r\nHost: 127.0.0.1:${fixture.port}\r\nContent-Length: 5\r\n`;
    const continued = await ask(socket, `${put}Expect: 100-continue\r\n\r\n`, /100 Continue\r\n\r\n$/);
    expect(continued).toStartWith("HTTP/1.1 100 Continue\r\n");
    expect(await ask(socket, "hello", /\r\n\r\n$/)).toStartWith("HTTP/1.1 201 Created\r\n");
    const broken = await ask(await open(fixture.port), "GET / HTTP/1.1\r\nno colon\r\n\r\n", /\r\n\r\n.+\n$/);
    expect(broken).toStartWith("HTTP/1.1 400 Bad Request\r\n");
    expect(broken).toContain("Access-Control-Allow-Origin: *");
    socket.destroy();
  });

  test("takes a new certificate while it runs; open connections and those being opened go on", async () => {
    use("one");
    const { fixture, events } = await startTls();
    const kept = await open(fixture.port);
    const missing = "GET /x HTTP/1.1\r\nHost: x\r\n\r\n";
    expect(endsIn(fixture)).toBe(2);
    await ask(kept, missing, /Reference: \w+\.\n$/);
    const seen = new Set<string>();
    let isDone = false;
    const opening = Promise.all(
      Array.from({ length: 4 }, async () => {
        while (!isDone) {
          const socket = await open(fixture.port);
          seen.add(String(nameOf(socket)));
          socket.destroy();
        }
      }),
    );
    for (const name of ["two", "one", "two"]) {
      const before = events.length;
      use(name);
      await eventually(() => events.slice(before).some(({ kind }) => kind === "certificate-changed"));
    }
    isDone = true;
    await opening;
    expect(nameOf(await open(fixture.port))).toBe("two");
    expect(endsIn(fixture)).toBe(9);
    expect(await ask(kept, missing, /Reference: \w+\.\n$/)).toStartWith("HTTP/1.1 404 ");
    expect(seen).toEqual(new Set(["one", "two"]));
  });

  test("keeps the certificate it has while the new one cannot be used", async () => {
    use("one");
    const { fixture, events } = await startTls();
    writeFileSync(file("live.pem"), "nonsense");
    await eventually(() => events.length > 0);
    use("two", "one");
    await eventually(() => events.length > 1);
    expect(events.map(({ kind }) => kind)).not.toContain("certificate-changed");
    expect(nameOf(await open(fixture.port))).toBe("one");
    expect(endsIn(fixture)).toBe(2);
  });

  test("does not start with files that do not belong together, and says which they are", async () => {
    use("two", "one");
    await expect(startTls()).rejects.toMatchObject({ code: "bad-certificate" });
    await expect(startTls()).rejects.toThrow("live.pem");
  });

  test("closes what speaks no TLS, and a handshake that does not come", async () => {
    use("one");
    const { fixture } = await startTls();
    const plain = connect(fixture.port, "127.0.0.1");
    plain.on("error", () => undefined);
    const closed = new Promise((resolve) => plain.on("close", resolve));
    plain.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    plain.resume();
    await closed;
  });

  test("ends its idle connections when it stops", async () => {
    use("one");
    const { fixture } = await startTls();
    const socket = await open(fixture.port);
    const closed = new Promise((resolve) => socket.on("close", resolve));
    socket.resume();
    await fixture.server.stop(0.2);
    await closed;
  });
});

describe("a Unix socket", () => {
  const startUnix = async (unix: string) => {
    const fixture = await startFixture({ server: { listen: { unix } } });
    running.push(fixture);
    return fixture;
  };

  test("is for owner and group, replaces a dead one, and goes with the server", async () => {
    const path = file("http.sock");
    const fixture = await startUnix(path);
    expect(statSync(path).mode & 0o777).toBe(0o660);
    await expect(startUnix(path)).rejects.toMatchObject({ code: "EADDRINUSE" });
    const text = await new Promise<string>((resolve) => {
      const socket = connect(path, () => socket.write("GET /x HTTP/1.1\r\nHost: x\r\n\r\n"));
      socket.once("data", (chunk: Buffer) => resolve(chunk.toString()));
    });
    expect(text).toStartWith("HTTP/1.1 404 ");
    await fixture.server.stop();
    expect(() => statSync(path)).toThrow("ENOENT");
    const dead = Bun.spawn([
      process.execPath,
      "-e",
      `require("net").createServer().listen(${JSON.stringify(path)})`,
    ]);
    await eventually(() => statSync(path, { throwIfNoEntry: false }) !== undefined);
    dead.kill("SIGKILL");
    await dead.exited;
    await startUnix(path);
  });
});

describe("a successor on the same Unix socket", () => {
  test("keeps it when the grace of the one before it ends", async () => {
    const path = file("handed-over.sock");
    const start = (): Promise<Fixture> => startFixture({ server: { listen: { unix: path } } });
    const before = await start();
    const { putUrl } = before.slot({ size: 5 });
    const upload = connect(path);
    upload.on("error", () => undefined);
    upload.write(`PUT ${targetOf(putUrl)} HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nh`);
    while ((await before.files()).incoming.length === 0)
      await new Promise((resolve) => setTimeout(resolve, 5));
    const stopped = before.server.stop(10);
    const after = await start();
    running.push(after);
    upload.destroy();
    await stopped;
    const text = await new Promise<string>((resolve, reject) => {
      const socket = connect(path, () => socket.write("GET /x HTTP/1.1\r\nHost: x\r\n\r\n"));
      socket.once("data", (chunk: Buffer) => resolve(chunk.toString())).once("error", reject);
    });
    expect(text).toStartWith("HTTP/1.1 404 ");
  });
});

describe("IPv6", () => {
  const hasIpv6 = new Promise<boolean>((resolve) => {
    const probe = createServer().once("error", () => resolve(false));
    probe.listen(0, "::1", () => probe.close(() => resolve(true)));
  });

  test("is listened on where the system has it", async () => {
    const starting = startFixture({ server: { listen: { host: "::1", port: 0 } } });
    if (!(await hasIpv6)) {
      await expect(starting).rejects.toMatchObject({ code: expect.stringMatching(/^EA/) });
      return;
    }
    const fixture = await starting;
    running.push(fixture);
    const text = await new Promise<string>((resolve) => {
      const socket = connect(fixture.port, "::1", () => socket.write("GET /x HTTP/1.1\r\nHost: x\r\n\r\n"));
      socket.once("data", (chunk: Buffer) => resolve(chunk.toString()));
    });
    expect(text).toStartWith("HTTP/1.1 404 ");
  });
});
