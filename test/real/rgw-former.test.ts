import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { addressKey } from "../../src/address/address-key.ts";
import { addressToken } from "../../src/address/address-token.ts";
import { fixedCredentials } from "../../src/store/credentials.ts";
import { openDiskStore } from "../../src/store/disk/disk-store.ts";
import type { ObjectMeta, ObjectSink } from "../../src/store/object-store.ts";
import { s3Client } from "../../src/store/s3/s3-client.ts";
import { s3Inventory } from "../../src/store/s3/s3-inventory.ts";
import { s3Sink } from "../../src/store/s3/s3-sink.ts";
import { bodyOf } from "../contract/object-store.ts";
import { freePorts } from "../peers/ports.ts";
import { waitUntil } from "../peers/process.ts";
import { type Rgw, startRgw } from "../peers/servers/rgw.ts";
import { type Slotd, startSlotd, withoutXmpp } from "../peers/slotd.ts";
import { exchange } from "../unit/http/http-fixture.ts";

const host = "up.example.org:5443";
const hardName = 'très 🎉 cool; "a" %2F+b.txt';

let rgw: Rgw;
beforeAll(async () => {
  rgw = await startRgw();
}, 60_000);
afterAll(() => rgw?.stop());

const former = `
[former.prosody]
kind = "prosody"
urls = ["https://${host}/file_share", "https://older.example.org"]
[former.fire]
kind = "openfire"
urls = ["https://${host}/fire"]
`;

/** A real slotd on a free port, with former services, and a store that a test puts files into. */
async function start(where: string, storeIn: (slotd: Slotd) => Promise<ObjectSink>) {
  const [port = 0, noServer = 0] = await freePorts(2);
  const config = `domains = ["example.org"]
backend = "${where.startsWith("[s3]") ? "s3" : "disk"}"
${withoutXmpp(noServer)}
[http]
listen = "127.0.0.1:${port}"
public_url = "https://up.example.org"
${where}${former}`;
  const slotd = await startSlotd({ config, components: 0 });
  const ask = (path: string, method = "GET", at = host) =>
    exchange(port, `${method} ${path} HTTP/1.1\nHost: ${at}`);
  await waitUntil("slotd to listen", () =>
    ask("/").then(
      () => true,
      () => false,
    ),
  );
  const sink = await storeIn(slotd);
  const put = async (
    space: string,
    key: string | undefined,
    about: Partial<ObjectMeta>,
    content = "hello",
  ) => {
    const token = addressToken(`${host}${space}`, key ?? "");
    const meta = { token, filename: hardName, contentType: "text/plain", size: content.length, ...about };
    await sink.put(meta, bodyOf(content));
    return token;
  };
  return { slotd, ask, put, sink };
}

const prosody = (slot: string) => addressKey("first-segment", slot);

describe.each(["public", "private"])("a former service's files in a %s bucket of Ceph RGW", (access) => {
  let scene: Awaited<ReturnType<typeof start>>;
  let token: string;
  beforeAll(async () => {
    const { bucketUrl, region, accessKeyId, secretAccessKey } = rgw;
    const url = `${bucketUrl}/${access}`;
    scene = await start(
      `[s3]
bucket_url = "${url}"
region = "${region}"
access = "${access}"
access_key_id = "${accessKeyId}"
secret_access_key = "${secretAccessKey}"
`,
      async () =>
        s3Sink(
          { bucketUrl: url, region, credentials: fixedCredentials(rgw), addAcl: false },
          { now: () => new Date() },
        ),
    );
    token = await scene.put("/file_share", prosody("Slot-1"), { created: new Date(Date.UTC(2020, 0)) });
    await scene.put(
      "/file_share",
      prosody("Html"),
      { filename: "x.html", contentType: "text/html" },
      "<p>x</p>",
    );
    const soon = new Date((Math.floor(Date.now() / 1000) + 120) * 1000);
    await scene.put("/file_share", prosody("Soon"), { expiry: soon });
    await scene.put("/file_share", prosody("Over"), { expiry: new Date(Date.UTC(2026, 0)) });
    await scene.put("/fire", addressKey("segment-before-last", "ID-1/x"), { filename: "unknown" });
  }, 60_000);
  afterAll(() => scene?.slotd.stop());

  async function follow(path: string, method = "GET", at?: string, headers: Record<string, string> = {}) {
    const { headers: answered, status } = await scene.ask(path, method, at);
    if (status !== 302) throw new Error(`${path} was answered with ${status}`);
    return fetch(answered.get("location") ?? "", { method, headers });
  }

  test("come from the bucket with their own names and types, whatever follows in the path", async () => {
    for (const [path, at] of [
      ["/file_share/Slot-1/a.txt", host],
      ["/file_share/Slot%2d1", "up.example.org"],
      ["/Slot-1/x", "older.example.org"],
    ] as const) {
      const file = await follow(path, "GET", at);
      expect([file.status, await file.text()]).toEqual([200, "hello"]);
      expect(file.headers.get("content-type")).toBe("text/plain");
      expect(file.headers.get("content-disposition")).toBe(
        `inline; filename="tres _ cool; _a_ _2F+b.txt"; filename*=UTF-8''${encodeURIComponent(hardName).replace(/[*'()]/g, (c) => `%${c.charCodeAt(0).toString(16)}`)}`,
      );
    }
    const part = await follow("/file_share/Slot-1/", "GET", host, { range: "bytes=1-2" });
    expect([part.status, await part.text()]).toEqual([206, "el"]);
    expect((await follow("/file_share/Slot-1/", "HEAD")).headers.get("content-length")).toBe("5");
  });

  test("are attachments where scripts could run in them", async () => {
    const file = await follow("/file_share/Html/x.html");
    expect(file.headers.get("content-disposition")).toStartWith("attachment; ");
  });

  test("have the name of the request where only that has one", async () => {
    const file = await follow("/fire/ID-1/holiday.jpg");
    expect(file.headers.get("content-disposition")).toContain("filename*=UTF-8''holiday.jpg");
  });

  test("are reached for no longer than they last", async () => {
    const { headers } = await scene.ask("/file_share/Soon/a");
    const signed = new URL(headers.get("location") ?? "").searchParams;
    expect(Number(signed.get("X-Amz-Expires"))).toBeWithin(1, 299);
    expect((await scene.ask("/file_share/Over/a")).status).toBe(404);
    expect((await scene.ask(`/${token}/file`)).status).toBe(404);
  });

  test("are not there where nothing was put, and cannot be put there", async () => {
    expect((await scene.ask("/file_share/None/a")).status).toBe(404);
    const again = await scene
      .put("/file_share", prosody("Slot-1"), { size: 4 }, "else")
      .catch((error) => error);
    expect(again).toMatchObject({ code: "exists" });
    expect((await scene.ask("/file_share/Slot-1/a", "PUT")).status).toBe(409);
    expect((await scene.ask("/file_share/None/a", "PUT")).status).toBe(405);
  });

  test("are listed, measured and removed by their tokens", async () => {
    const { bucketUrl, region, accessKeyId, secretAccessKey } = rgw;
    const credentials = () => ({ accessKeyId, secretAccessKey });
    const inventory = s3Inventory(
      s3Client({ bucketUrl: `${bucketUrl}/${access}`, region, credentials, now: () => new Date() }),
    );
    const listed = await Array.fromAsync(inventory.list());
    expect(listed.map((object) => object.token)).toContain(token);
    expect(await inventory.sizeOf({ token, filename: hardName })).toBe(5);
    expect(await inventory.remove([{ token, filename: hardName }])).toEqual([]);
    expect(await inventory.sizeOf({ token, filename: hardName })).toBeUndefined();
  });
});

test("a former service's files on disk answer on the same listener as slotd's own", async () => {
  const scene = await start('[disk]\npath = "data"\n', ({ folder }) =>
    openDiskStore(join(folder, "data"), { now: () => new Date(), randomBytes }),
  );
  try {
    await scene.put("/file_share", prosody("Slot-1"), {});
    const { status, body } = await scene.ask("/file_share/Slot-1/a.txt");
    expect([status, body.toString()]).toEqual([200, "hello"]);
    expect((await scene.ask("/file_share/None/a.txt")).status).toBe(404);
  } finally {
    await scene.slotd.stop();
  }
}, 30_000);
