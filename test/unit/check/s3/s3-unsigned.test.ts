import { afterEach, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { createServer, type Server } from "node:http";
import { connect, createServer as createNetServer, type Server as NetServer } from "node:net";
import { S3Probe } from "../../../../src/check/probe.ts";
import { type Check, type Result, runChecks } from "../../../../src/check/run-checks.ts";
import { putChunked } from "../../../../src/check/s3/chunked-put.ts";
import { unsignedChecks, unsignedLooks } from "../../../../src/check/s3/s3-unsigned.ts";
import type { S3Target } from "../../../../src/check/target.ts";
import { fixedCredentials } from "../../../../src/store/credentials.ts";

/** How a store treats what is not signed. */
interface Manners {
  readonly copies?: "taken" | "ignored" | "refused" | "broken";
  /** Looks for the source of a copy before it refuses. */
  readonly looksFirst?: boolean;
  readonly chunked?: "kept" | "cut" | "refused";
  readonly mayHead?: boolean;
  readonly mayDelete?: boolean;
  /** What is answered for the bucket's policy. */
  readonly policies?: "none" | "ineffective" | "unknown";
}

let server: Server | undefined;
let front: NetServer | undefined;
afterEach(() => {
  front?.close();
  server?.close();
  server?.closeAllConnections();
});

async function listen(each: NetServer): Promise<number> {
  await new Promise<void>((resolve) => each.listen(0, "127.0.0.1", resolve));
  const address = each.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

/**
 * node:http refuses a request with a length that is chunked all the same: here it becomes one of the chunk's length.
 */
function startFront(inner: number): NetServer {
  return createNetServer((socket) => {
    const behind = connect(inner, "127.0.0.1");
    behind.pipe(socket);
    socket.on("error", () => behind.destroy());
    behind.on("error", () => socket.destroy());
    socket.on("data", (data) => {
      const text = data.toString("latin1");
      const [, head = "", chunk = "", body = ""] = /^(.*?)\r\n\r\n([0-9a-f]+)\r\n(.*)$/s.exec(text) ?? [];
      if (!head.includes("Transfer-Encoding: chunked")) return void behind.write(data);
      const size = Number.parseInt(chunk, 16);
      const changed = head
        .replace("Transfer-Encoding: chunked\r\n", "")
        .replace(/Content-Length: (\d+)/, `x-was-chunked: $1\r\nContent-Length: ${size}`);
      behind.write(`${changed}\r\n\r\n${body.slice(0, size)}`);
    });
  });
}

/** A store with manners; a fake, for no real one that is open has all of them. */
async function startStore(manners: Manners) {
  const { copies = "refused", chunked = "refused", mayHead = true, mayDelete = true } = manners;
  const objects = new Map<string, Buffer>();
  const policies: string[] = [];
  const error = (code: string) => `<?xml version="1.0"?><Error><Code>${code}</Code></Error>`;
  server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part);
    const body = Buffer.concat(parts);
    const answer = (status: number, text: string | Buffer = "") => response.writeHead(status).end(text);
    const [path = "", query = ""] = (request.url ?? "").split("?");
    const source = request.headers["x-amz-copy-source"];
    if (query.startsWith("policy=")) {
      if (manners.policies === "unknown") return answer(400, error("MalformedXML"));
      if (request.method === "GET") return answer(404, error("NoSuchBucketPolicy"));
      policies.push(body.toString());
      return answer(204);
    }
    if (request.method === "HEAD") {
      const object = mayHead ? objects.get(path) : undefined;
      if (object === undefined) return answer(mayHead ? 404 : 403);
      return response.writeHead(200, { "content-length": object.length }).end();
    }
    if (request.method === "DELETE") {
      if (!mayDelete) return answer(403, error("AccessDenied"));
      objects.delete(path);
      return answer(204);
    }
    const declared = request.headers["x-was-chunked"];
    if (declared !== undefined) {
      if (chunked === "refused") return answer(400, error("BadRequest"));
      objects.set(path, chunked === "kept" ? body : body.subarray(0, Number(declared)));
      return answer(200);
    }
    if (source !== undefined && copies !== "ignored") {
      if (copies === "broken") return answer(500, error("InternalError"));
      const found = objects.get(String(source));
      if ((copies === "taken" || manners.looksFirst) && found === undefined)
        return answer(404, error("NoSuchKey"));
      if (copies === "refused" || found === undefined) return answer(403, error("AccessDenied"));
      objects.set(path, found);
      return answer(200, "<CopyObjectResult><ETag>e</ETag></CopyObjectResult>");
    }
    objects.set(path, body);
    return answer(200);
  });
  const inner = await listen(server);
  front = startFront(inner);
  const port = await listen(front);
  return { bucketUrl: `http://127.0.0.1:${port}/uploads`, objects, policies };
}

function probeOf(bucketUrl: string, change: Partial<S3Target> = {}): S3Probe {
  const target: S3Target = {
    ...{ bucketUrl, publicUrl: bucketUrl, region: "eu", access: "private", upload: "direct", addAcl: false },
    ...{ isOwn: false, retention: undefined, expirationTime: 60 },
    credentials: fixedCredentials({ accessKeyId: "a", secretAccessKey: "b" }),
    ...change,
  };
  const { signal } = new AbortController();
  return new S3Probe(target, { now: () => new Date(), randomBytes, signal, origin: "https://web.example" });
}

async function findings(checks: readonly Check<S3Probe>[], probe: S3Probe, isFixing = false) {
  const { signal } = new AbortController();
  const tell = () => undefined;
  const run = { scope: "s", signal, tell, tellFix: tell, isFixing, pause: async () => undefined };
  const results = await runChecks(checks, probe, run);
  return Object.fromEntries(results.map((result) => [result.check, result])) as Record<string, Result>;
}

/** As `slotd check` comes to these: with a first file. */
async function checked(manners: Manners, isFixing = false) {
  const store = await startStore(manners);
  const probe = probeOf(store.bucketUrl);
  probe.sample = probe.makeSlot();
  await probe.put(probe.sample);
  const found = await findings(unsignedChecks, probe, isFixing);
  return { found, probe, ...store };
}

describe("a copy into a slot", () => {
  test.each([
    ["taken", { copies: "taken" }, "wrong"],
    ["taken, and the key may not look", { copies: "taken", mayHead: false }, "wrong"],
    ["ignored", { copies: "ignored" }, "ok"],
    ["refused", { copies: "refused" }, "ok"],
    ["answered with a fault", { copies: "broken" }, "warn"],
  ] as const)("that is %s is found as %s", async (_, manners, level) => {
    const { found, probe, objects } = await checked(manners);
    expect(found["copy-source"]?.finding.level).toBe(level);
    expect(await probe.removeWritten()).toEqual([]);
    expect(objects.size).toBe(0);
  });

  test("that a policy does not deny stays wrong after --fix, and the finding says so", async () => {
    const { found, policies } = await checked({ copies: "taken", policies: "ineffective" }, true);
    expect(found["copy-source"]).toMatchObject({ isFixed: false, finding: { level: "wrong" } });
    expect(found["copy-source"]?.finding.text).toEndWith("The problem remains after --fix.");
    expect(JSON.parse(policies[0] ?? "").Statement).toMatchObject([{ Sid: "SlotdNoCopies", Effect: "Deny" }]);
  });

  test("on a store without policies is to be closed in another way", async () => {
    const { found } = await checked({ copies: "taken", policies: "unknown" }, true);
    const { finding } = found["copy-source"] ?? {};
    expect(finding?.fix).toBeUndefined();
    expect(finding?.paste).toBeUndefined();
    expect(finding?.advice).toStartWith('Use s3.upload = "proxy".');
  });
});

describe("a chunked body longer than its signed length", () => {
  test.each([
    ["kept", {}, "wrong", /keeps all of it: \d+ bytes for a slot of/],
    ["kept, and the key may not look", { mayHead: false }, "wrong", /the store accepts it/],
    ["cut", {}, "ok", /keeps only the signed length/],
    ["refused", {}, "ok", /400 BadRequest/],
  ] as const)("that is %s is told", async (words, more, level, text) => {
    const chunked = words.split(",")[0] as "kept" | "cut" | "refused";
    const { found, probe, objects } = await checked({ chunked, ...more });
    expect(found["chunked-length"]?.finding.level).toBe(level);
    expect(found["chunked-length"]?.finding.text).toMatch(text);
    await probe.removeWritten();
    expect(objects.size).toBe(0);
  });

  test("is given up when nobody answers", async () => {
    const stopping = new AbortController();
    server = createServer(() => stopping.abort());
    const url = `http://127.0.0.1:${await listen(server)}/a`;
    await expect(putChunked(url, {}, Buffer.from("x"), stopping.signal)).rejects.toThrow("did not respond");
  });
});

describe("the look at the start of slotd serve", () => {
  const look = async (manners: Manners, change: Partial<S3Target> = {}) => {
    const store = await startStore(manners);
    const probe = probeOf(store.bucketUrl, change);
    const found = await findings(
      unsignedLooks.map((each) => ({ ...each, needs: [] })),
      probe,
    );
    return { probe, ...store, level: (name: string) => found[name]?.finding.level };
  };

  test("writes nothing where what is not signed is refused", async () => {
    const { level, objects, probe } = await look({});
    expect([level("copy-source"), level("chunked-length")]).toEqual(["ok", "ok"]);
    expect([objects.size, probe.written.length]).toEqual([0, 0]);
  });

  test("finds what is open, and knows what it has written", async () => {
    const { level, objects, probe } = await look({ copies: "taken", chunked: "kept" });
    expect([level("copy-source"), level("chunked-length")]).toEqual(["wrong", "wrong"]);
    expect(probe.written).toHaveLength(3);
    expect(await probe.removeWritten()).toEqual([]);
    expect(objects.size).toBe(0);
  });

  test("does not take a store for open that looks for the source and then refuses", async () => {
    const { level, objects, probe } = await look({ copies: "refused", looksFirst: true });
    expect(level("copy-source")).toBe("ok");
    await probe.removeWritten();
    expect(objects.size).toBe(0);
  });

  test("removes what a store that ignores the header has stored", async () => {
    const { level, objects, probe } = await look({ copies: "ignored" });
    expect(level("copy-source")).toBe("ok");
    await probe.removeWritten();
    expect(objects.size).toBe(0);
  });

  test("asks for nothing where clients PUT to slotd", async () => {
    const { level, objects } = await look({ copies: "taken", chunked: "kept" }, { upload: "proxy" });
    expect([level("copy-source"), level("chunked-length"), objects.size]).toEqual(["ok", "ok", 0]);
  });
});
