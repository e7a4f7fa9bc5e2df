import { afterAll, beforeAll, expect, test } from "bun:test";
import { addressToken } from "../../../../src/address/address-token.ts";
import { formerKinds } from "../../../../src/address/former-kinds.ts";
import { BoundedLookup, lookupLimits } from "../../../../src/http/addressed/bounded-lookup.ts";
import type { HttpEvent } from "../../../../src/http/http-event.ts";
import { type HttpServer, startHttpServer } from "../../../../src/http/server/http-server.ts";
import { type AddressedObject, LookupError } from "../../../../src/store/addressed-objects.ts";
import { fixedCredentials } from "../../../../src/store/credentials.ts";
import { s3Signer } from "../../../../src/store/s3/s3-signer.ts";
import { exchange } from "../http-fixture.ts";

const clock = new Date(Date.UTC(2026, 10, 25, 12));
const objects = new Map<string, AddressedObject>();
const asked: string[] = [];
const events: HttpEvent[] = [];
let isAway = false;
let server: HttpServer;

const tokenOf = (slot: string) => addressToken("up.example.org/s", `slot ${slot}`);

function put(slot: string, about: Partial<AddressedObject> = {}): void {
  const token = tokenOf(slot);
  const common = { token, filename: "a b.txt", size: 1, contentType: "text/plain", created: new Date(0) };
  objects.set(token, { ...common, ...about });
}

beforeAll(async () => {
  const look = async (token: string) => {
    asked.push(token);
    if (isAway) throw new LookupError("s3.example is away.");
    return objects.get(token);
  };
  const credentials = fixedCredentials({ accessKeyId: "A", secretAccessKey: "s" });
  const bucket = { bucketUrl: "https://s3.example/bucket", region: "r", credentials, expiresIn: 300 };
  server = await startHttpServer({
    listen: { host: "127.0.0.1", port: 0 },
    buckets: [],
    privateBuckets: [{ publicUrls: ["https://up.example.org"], signer: s3Signer(bucket) }],
    addressed: [
      {
        urls: ["https://up.example.org/s"],
        ...formerKinds.prosody,
        store: {
          kind: "bucket",
          objects: new BoundedLookup({ look }, () => performance.now()),
          signer: s3Signer(bucket),
        },
      },
    ],
    now: () => clock,
    reference: () => "ref",
    onEvent: (event) => void events.push(event),
    proxies: { has: () => true },
    inlineTypes: ["image/*", "text/plain", "text/html", "image/svg+xml", "text/javascript"],
  });
});
afterAll(() => server.stop());

const ask = (path: string, { method = "GET", from = "192.0.2.1" } = {}) =>
  exchange(
    "port" in server.address ? server.address.port : 0,
    `${method} ${path} HTTP/1.1\nHost: up.example.org\nX-Forwarded-For: ${from}`,
  );
const locationOf = async (path: string) => new URL((await ask(path)).headers.get("location") ?? "");

test("a file in a bucket is redirected to, as its own meta data say", async () => {
  put("one", { filename: "très cool.pdf", contentType: "application/pdf" });
  const { status, headers } = await ask("/s/one/whatever");
  expect([status, headers.get("cache-control"), headers.get("access-control-allow-origin")]).toEqual([
    302,
    "no-store",
    "*",
  ]);
  const url = new URL(headers.get("location") ?? "");
  expect(url.pathname).toBe(`/bucket/${tokenOf("one")}/file`);
  expect(Object.fromEntries(url.searchParams)).toMatchObject({
    "response-content-type": "application/pdf",
    "response-content-disposition": `attachment; filename="tres cool.pdf"; filename*=UTF-8''tr%C3%A8s%20cool.pdf`,
    "X-Amz-Expires": "300",
  });
});

test("a HEAD is redirected to a URL that is signed for it", async () => {
  put("head");
  const [get, head] = await Promise.all([ask("/s/head"), ask("/s/head", { method: "HEAD" })]);
  expect([get.status, head.status]).toEqual([302, 302]);
  expect(head.headers.get("location")).not.toBe(get.headers.get("location"));
});

test("no redirect outlives the file", async () => {
  put("short", { expiry: new Date(clock.getTime() + 20_000) });
  const url = await locationOf("/s/short");
  const begun = Date.parse(
    (url.searchParams.get("X-Amz-Date") ?? "").replace(/(....)(..)(..)T(..)(..)(..)Z/, "$1-$2-$3T$4:$5:$6Z"),
  );
  expect(begun + Number(url.searchParams.get("X-Amz-Expires")) * 1000).toBeLessThan(clock.getTime() + 20_000);
  for (const [slot, left] of [
    ["over", 0],
    ["last", 900],
    ["long over", -86_400_000],
  ] as const) {
    put(slot, { expiry: new Date(clock.getTime() + left) });
    expect((await ask(`/s/${encodeURIComponent(slot)}`)).status).toBe(404);
  }
});

test.each([
  "text/html",
  "TEXT/HTML; charset=utf-8",
  "image/svg+xml",
  "application/xhtml+xml",
  "text/javascript",
])("%s is an attachment, for the bucket sends no header that keeps it from running", async (contentType) => {
  const slot = Buffer.from(contentType).toString("hex");
  put(slot, { contentType });
  const url = await locationOf(`/s/${slot}`);
  expect(url.searchParams.get("response-content-disposition")).toStartWith("attachment;");
});

test("the token of an address is no way around its expiry", async () => {
  const token = tokenOf("over");
  const before = asked.length;
  for (const path of [`/${token}/file`, `/${token}/a%20b.txt`]) expect((await ask(path)).status).toBe(404);
  expect(asked.length).toBe(before);
});

test("slotd's own files are redirected to without a question", async () => {
  const before = asked.length;
  expect((await ask(`/${"ab".repeat(32)}/a.txt`)).status).toBe(302);
  expect(asked.length).toBe(before);
});

test("a bucket that does not answer is 503, with what it said in the log alone", async () => {
  isAway = true;
  events.length = 0;
  const { status, headers, body } = await ask("/s/away", { from: "192.0.2.7" });
  isAway = false;
  expect([status, headers.get("retry-after")]).toEqual([503, "10"]);
  expect(body.toString()).not.toContain("s3.example");
  expect(events).toMatchObject([{ kind: "refused", status: 503, detail: "s3.example is away." }]);
});

test("a stranger's random addresses buy no more questions than one client has", async () => {
  const before = asked.length;
  const statuses = new Map<number, number>();
  const begun = performance.now();
  for (let i = 0; i < 200; i += 1) {
    const { status, headers } = await ask(`/s/random-${i}/x`, { from: "203.0.113.9" });
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    if (status === 429) expect(headers.get("retry-after")).toBe("5");
  }
  const seconds = Math.ceil((performance.now() - begun) / 1000);
  expect(asked.length - before).toBeLessThanOrEqual(lookupLimits.perClient.burst + seconds);
  expect([...statuses.keys()].sort()).toEqual([404, 429]);
  expect((await ask("/s/one", { from: "203.0.113.9" })).status).toBe(302);
});

test("a PUT is 409 where the file is there, and 405 where it is not", async () => {
  const putTo = (path: string) => ask(path, { method: "PUT", from: "192.0.2.9" });
  expect([(await putTo("/s/one/x")).status, (await putTo("/s/none/x")).status]).toEqual([409, 405]);
});
