import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { addressKey } from "../../../src/address/address-key.ts";
import { addressToken } from "../../../src/address/address-token.ts";
import { type FormerKindName, formerKinds } from "../../../src/address/former-kinds.ts";
import type { AddressedFiles, SpentAddresses } from "../../../src/http/addressed/addresses.ts";
import type { ObjectMeta } from "../../../src/store/object-store.ts";
import { bodyOf } from "../../contract/object-store.ts";
import { type Fixture, startFixture, targetOf } from "./http-fixture.ts";

const host = "up.example.org:5443";
const spent = new Set<string>();
/** What the ledger does when it is asked. */
let ledger: SpentAddresses["has"] = async (token) => spent.has(token);

function table(kind: FormerKindName, ...urls: string[]): Omit<AddressedFiles, "store"> {
  return { urls, ...formerKinds[kind], spent: { has: (token) => ledger(token) } };
}

const tables = [
  table("ejabberd", `https://${host}/upload`, "https://old.example.org/u"),
  table("prosody", `https://${host}/file_share`),
  table("prosody-http-upload", `https://${host}/file_share/old`),
  table("ngx-http-upload", `https://${host}/ngx`),
  table("openfire", "https://fire.example.org:7443/httpfileupload"),
  table("folder", "https://own.example.org"),
];

let fixture: Fixture;
beforeAll(async () => {
  fixture = await startFixture({
    addressed: (store) =>
      tables.map((one) => ({ ...one, store: { kind: "folder", open: (token) => store.open(token) } })),
  });
  await put(0, "0f0f/Rand0m/très cool.txt", "hello, world", { filename: "très cool.txt" });
  await put(0, "0f0f/Rand0m/x.html", "<p>", { filename: "x.html", contentType: "text/html" });
  await put(0, "0f0f/Old/x.txt", "over", { expiry: new Date(Date.UTC(2026, 4, 31)) });
  await put(1, "Slot-1/whatever", "slot", { filename: "the name.txt" });
  await put(2, "Dir/a+b c.txt", "old module");
  await put(3, "a_b_20c.txt", "altered");
  await put(4, "ID-1/n", "fire", { filename: "unknown", contentType: "application/octet-stream" });
  await put(5, `${"ab".repeat(16)}/a.txt`, "looks like a slot");
});
afterAll(() => fixture.stop());
beforeEach(() => {
  ledger = async (token) => spent.has(token);
});

function tokenOf(at: number, path: string): string {
  const { urls, rule } = tables[at]!;
  const name = urls[0]!.replace("https://", "");
  return addressToken(name, addressKey(rule, path)!);
}

async function put(
  at: number,
  path: string,
  content: string,
  about: Partial<ObjectMeta> = {},
): Promise<void> {
  const size = Buffer.byteLength(content);
  const meta = { token: tokenOf(at, path), filename: "a.txt", contentType: "text/plain", size, ...about };
  await fixture.store.put(meta, bodyOf(content));
}

const ask = (path: string, at = host, more = "", method = "GET") =>
  fixture.send(`${method} ${path} HTTP/1.1\nHost: ${at}${more}`);
const textOf = async (path: string, at?: string) => {
  const { status, body } = await ask(path, at);
  return status === 200 ? body.toString() : status;
};

describe("a file of a former service", () => {
  test.each([
    ["/upload/0f0f/Rand0m/tr%C3%A8s%20cool.txt", host],
    ["/upload/0f0f/Rand0m/tr%c3%a8s%20cool.txt", host],
    ["/%75pload/0f%30f/Rand0m/tr%C3%A8s%20cool.txt", "UP.example.org:5443"],
    ["/upload/0f0f/Rand0m/tr%C3%A8s%20cool.txt?x=y", host],
    ["/upload/0f0f/Rand0m/tr%C3%A8s%20cool.txt", "up.example.org"],
    ["/upload/0f0f/Rand0m/tr%C3%A8s%20cool.txt", "up.example.org:443"],
    ["/u/0f0f/Rand0m/tr%C3%A8s%20cool.txt", "old.example.org"],
    [`https://${host}/upload/0f0f/Rand0m/tr%C3%A8s%20cool.txt`, "elsewhere"],
  ])("answers under %s of %s", async (path, at) => {
    expect(await textOf(path, at)).toBe("hello, world");
  });

  test.each([
    ["/upload/0f0f/Rand0m/other.txt", host],
    ["/upload/0f0f/Rand0m/tr%25C3%25A8s%2520cool.txt", host],
    ["/upload/0f0f/Rand0m/tr%C3%A8s+cool.txt", host],
    ["/upload/0f0f/x/../Rand0m/tr%C3%A8s%20cool.txt", host],
    ["/upload//0f0f/Rand0m/tr%C3%A8s%20cool.txt", host],
    ["/upload%2F0f0f/Rand0m/tr%C3%A8s%20cool.txt", host],
    ["/u/0f0f/Rand0m/tr%C3%A8s%20cool.txt", host],
    ["/upload/0f0f/Rand0m/tr%C3%A8s%20cool.txt", "old.example.org"],
    ["/upload/0f0f/Rand0m/tr%C3%A8s%20cool.txt", "up.example.org.evil.example"],
    ["/upload/0f0f/Rand0m/tr%C3%A8s%20cool.txt", "xup.example.org:5443"],
    ["/0f0f/Rand0m/tr%C3%A8s%20cool.txt", host],
    ["/upload/0f0f/Old/x.txt", host],
    ["/upload", host],
    ["/upload/", host],
  ])("is not there under %s of %s", async (path, at) => {
    const { status, headers, body } = await ask(path, at);
    expect(status).toBe(404);
    expect(headers.get("access-control-allow-origin")).toBe("*");
    expect(body.toString()).toStartWith("There is no such file here.");
  });

  test("is served as slotd's own files are", async () => {
    const { headers } = await ask("/upload/0f0f/Rand0m/tr%C3%A8s%20cool.txt", host);
    expect(Object.fromEntries(headers)).toMatchObject({
      "accept-ranges": "bytes",
      "cache-control": "public, max-age=31536000, immutable",
      "content-disposition": `inline; filename="tres cool.txt"; filename*=UTF-8''tr%C3%A8s%20cool.txt`,
      "content-length": "12",
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
      "content-type": "text/plain",
      etag: expect.stringMatching(/^"[0-9a-f]{43}"$/),
      "x-content-type-options": "nosniff",
      "access-control-allow-origin": "*",
    });
  });

  test("is an attachment where scripts could run in it", async () => {
    const { headers } = await ask("/upload/0f0f/Rand0m/x.html");
    expect(headers.get("content-type")).toBe("text/html");
    expect(headers.get("content-disposition")).toStartWith("attachment; ");
  });

  test("comes in parts, and not again to whom it is known", async () => {
    const path = "/upload/0f0f/Rand0m/tr%C3%A8s%20cool.txt";
    const part = await ask(path, host, "\nRange: bytes=7-");
    expect([part.status, part.body.toString(), part.headers.get("content-range")]).toEqual([
      206,
      "world",
      "bytes 7-11/12",
    ]);
    const etag = part.headers.get("etag");
    expect((await ask(path, host, `\nIf-None-Match: ${etag}`)).status).toBe(304);
    expect((await ask(path, host, "\nRange: bytes=99-")).status).toBe(416);
    const head = await ask(path, host, "", "HEAD");
    expect([head.status, head.headers.get("content-length")]).toEqual([200, "12"]);
  });

  test("may be fetched by web clients, which ask first", async () => {
    const { status, headers } = await ask(
      "/upload/0f0f/Rand0m/x.html",
      host,
      "\nOrigin: https://a",
      "OPTIONS",
    );
    expect([status, headers.get("access-control-allow-methods")]).toEqual([204, "GET, HEAD, OPTIONS, PUT"]);
  });
});

describe("by the rule of its service", () => {
  test.each([
    ["/file_share/Slot-1/the%20name.txt"],
    ["/file_share/Slot-1/other.jpg"],
    ["/file_share/Slot-1"],
    ["/file_share/Slot-1/"],
    ["/file_share//Slot-1/x"],
    ["/file_share/Slot%2d1/x/y/z"],
  ])("Prosody's file is found by its slot: %s", async (path) => {
    const { status, headers, body } = await ask(path);
    expect([status, body.toString()]).toEqual([200, "slot"]);
    expect(headers.get("content-disposition")).toContain(`filename="the name.txt"`);
  });

  test("the longest base counts, and the other one is not looked at", async () => {
    expect(await textOf("/file_share/old/Dir/a+b%20c.txt")).toBe("old module");
    expect(await textOf("/file_share/old")).toBe(404);
  });

  test("odd characters of ngx_http_upload are one", async () => {
    expect(await textOf("/ngx/a%2Bb%2520c.txt")).toBe("altered");
  });

  test("the name comes from the request where only URLs say it, if it is one", async () => {
    const nameOf = async (path: string) => {
      const { headers } = await ask(path, "fire.example.org:7443");
      return /filename\*=UTF-8''(.*)$/.exec(headers.get("content-disposition") ?? "")?.[1];
    };
    expect(await nameOf("/httpfileupload/ID-1/holiday%20%C3%A9.jpg")).toBe("holiday%20%C3%A9.jpg");
    expect(await nameOf("/httpfileupload/ID-1/a%0d%0ab")).toBe("unknown");
    expect(await nameOf("/httpfileupload/ID-1")).toBeUndefined();
  });
});

describe("an address that is spent", () => {
  beforeAll(() => {
    spent.add(tokenOf(1, "Gone"));
    spent.add(tokenOf(0, "0f0f/Gone/x"));
  });

  test("is 410 where its service said so, and else 404", async () => {
    expect((await ask("/file_share/Gone/a.txt")).status).toBe(410);
    expect((await ask("/upload/0f0f/Gone/x")).status).toBe(404);
  });

  test("is not asked for while its file is there", async () => {
    ledger = () => Promise.reject(new Error("it was asked"));
    expect(await textOf("/file_share/Slot-1/x")).toBe("slot");
  });

  test.each([
    ["fails", () => Promise.reject(new Error("the ledger is away"))],
    [
      "throws",
      () => {
        throw new Error("the ledger is away");
      },
    ],
    ["hangs", () => new Promise<boolean>(() => undefined)],
  ])("is 404 when the ledger %s", async (_, has) => {
    ledger = has;
    expect((await ask("/file_share/Gone/a.txt")).status).toBe(404);
  });
});

describe("a PUT to an address", () => {
  test("is 409 where its file is there", async () => {
    const { status, body } = await fixture.send(
      `PUT /file_share/Slot-1/x HTTP/1.1\nHost: ${host}\nContent-Length: 1`,
      "x",
    );
    expect([status, body.toString()]).toEqual([
      409,
      expect.stringContaining("There is a file at this address"),
    ]);
  });

  test("is 405 where nobody takes any, and nothing is kept", async () => {
    const before = await fixture.files();
    const { status, headers, body } = await fixture.send(
      `PUT /file_share/New/x HTTP/1.1\nHost: ${host}\nContent-Length: 1`,
      "x",
    );
    expect([status, headers.get("allow")]).toEqual([405, "GET, HEAD, OPTIONS"]);
    expect(body.toString()).toContain("its service was replaced");
    expect(await fixture.files()).toEqual(before);
  });
});

test("slotd's own files answer on the same listener, whatever the host", async () => {
  const slot = fixture.slot();
  await fixture.send(`PUT ${targetOf(slot.putUrl)} HTTP/1.1\nContent-Length: 5`, "hello");
  expect(await textOf(targetOf(slot.getUrl))).toBe("hello");
  expect(await textOf(targetOf(slot.getUrl), "own.example.org")).toBe("hello");
});

test("a former file whose path looks like that of a slot is found where no slot's is", async () => {
  expect(await textOf(`/${"ab".repeat(16)}/a.txt`, "own.example.org")).toBe("looks like a slot");
});

test("a file is not reached by the token that its address has", async () => {
  const token = tokenOf(0, "0f0f/Old/x.txt");
  const present = tokenOf(1, "Slot-1");
  for (const path of [`/${token}/a.txt`, `/${present}/the%20name.txt`, `/${present}/file`])
    expect(await textOf(path)).toBe(404);
});

test("what is told of it names no address", async () => {
  fixture.events.length = 0;
  await ask("/file_share/Slot-1/secret-name.txt");
  const event = await fixture.event("served");
  expect(event).toMatchObject({ object: tokenOf(1, "Slot-1").slice(0, 8), status: 200 });
  expect(JSON.stringify(event)).not.toContain("Slot-1");
});
