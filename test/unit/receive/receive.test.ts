import { describe, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import fc from "fast-check";
import { receive } from "../../../src/receive/receive.ts";
import type { ReceiverRequest, ReceiverSettings } from "../../../src/receive/receiver.ts";
import { receiverOf } from "./vectors.ts";

const secret = "a secret äöü";
const now = new Date("2026-11-25T12:00:00.250Z");
const seconds = Math.floor(now.getTime() / 1000);
const id = "4499ead9-541d-4736-bf1e-6f2d21158e38";

function hmac(text: string): string {
  return createHmac("sha256", secret).update(text, "utf8").digest("hex");
}

/** A PUT of 1,000 bytes of text to a slot. */
function putTo(path: string, also: Partial<ReceiverRequest> = {}): ReceiverRequest {
  return { path, rawQuery: "", size: 1000, contentType: "text/plain", authorization: undefined, ...also };
}

function v1(path: string, also: Partial<ReceiverRequest> = {}): ReceiverRequest {
  const request = putTo(path, also);
  return { ...request, rawQuery: also.rawQuery ?? `v=${hmac(`${path} ${request.size}`)}` };
}

function v2(path: string, also: Partial<ReceiverRequest> = {}, name = "v2"): ReceiverRequest {
  const request = putTo(path, also);
  const { size, contentType = "application/octet-stream" } = request;
  return { ...request, rawQuery: `${name}=${hmac(`${path}\0${size}\0${contentType}`)}` };
}

function encode(value: unknown): string {
  return Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
}

const claims = {
  ...{ sub: "alice@example.org", iat: seconds - 10, exp: seconds + 290 },
  ...{
    slot: "A9wQ6_kUvwGI7FoI",
    filename: "notes.txt",
    filesize: 1000,
    filetype: "text/plain; charset=utf-8",
  },
};

function sign(header: unknown, payload: unknown, key: string = secret): string {
  const signed = `${encode(header)}.${encode(payload)}`;
  return `${signed}.${createHmac("sha256", key).update(signed).digest("base64url")}`;
}

function jwt(
  payload: unknown = claims,
  also: Partial<ReceiverRequest> = {},
  header: unknown = { alg: "HS256", typ: "JWT" },
) {
  return putTo(`${claims.slot}/notes.txt`, { authorization: `Bearer ${sign(header, payload)}`, ...also });
}

async function kindOf(request: ReceiverRequest, settings: ReceiverSettings, at = now): Promise<string> {
  const decision = await receive(request, settings, at);
  return "kind" in decision ? decision.kind : "admitted";
}

async function admitted(request: ReceiverRequest, settings: ReceiverSettings) {
  const decision = await receive(request, settings, now);
  if ("kind" in decision) throw new Error(`${decision.kind}: ${decision.text}`);
  return decision;
}

describe("a receiver of v1", () => {
  const receiver = receiverOf(secret, "v1");

  test("takes hex of either case", async () => {
    const request = v1(`${id}/a.txt`);
    const upper = {
      ...request,
      rawQuery: request.rawQuery.replace(/=(.*)/, (_, hex: string) => `=${hex.toUpperCase()}`),
    };
    expect(await kindOf(upper, receiver)).toBe("admitted");
  });

  test("looks at v alone, which is there once", async () => {
    const { rawQuery } = v1(`${id}/a.txt`);
    for (const [query, kind] of [
      [`x=1&${rawQuery}&v2=0&token=0`, "admitted"],
      [`${rawQuery}&${rawQuery}`, "bad-signature"],
      [`${rawQuery}&v=`, "bad-signature"],
      [`v=&${rawQuery}`, "bad-signature"],
      [`${rawQuery}0`, "bad-signature"],
      [rawQuery.slice(0, -1), "bad-signature"],
      [`V=${rawQuery.slice(2)}`, "bad-signature"],
      [`${rawQuery}&%zz=1`, "bad-signature"],
      ["", "bad-signature"],
    ] as const) {
      expect([query, await kindOf(v1(`${id}/a.txt`, { rawQuery: query }), receiver)]).toEqual([query, kind]);
    }
  });

  test("takes no token of another protocol, nor one for the path alone", async () => {
    for (const rawQuery of [
      v2(`${id}/a.txt`).rawQuery,
      v2(`${id}/a.txt`, {}, "token").rawQuery,
      v2(`${id}/a.txt`, {}, "v").rawQuery,
      `v=${hmac(`${id}/a.txt`)}`,
      `v=${hmac("")}`,
    ]) {
      expect(await kindOf(v1(`${id}/a.txt`, { rawQuery }), receiver)).toBe("bad-signature");
    }
  });

  test("refuses paths that are none, however they are signed", async () => {
    for (const [path, kind] of [
      [`${id}/..`, "bad-filename"],
      [`${id}/.`, "bad-filename"],
      ["../a.txt", "bad-filename"],
      [`${id}/./a.txt`, "bad-filename"],
      [`${id}/a\0.txt`, "bad-filename"],
      ["", "bad-request"],
      [`${id}/`, "bad-request"],
    ] as const) {
      expect([path, await kindOf(v1(path), receiver)]).toEqual([path, kind]);
    }
  });

  test("keeps names that another server took, without what could lead anywhere", async () => {
    for (const [name, kept] of [
      ["a\nb\\c.txt", "a_b_c.txt"],
      ["é".repeat(300), "é".repeat(127)],
      ["..hidden", "..hidden"],
      [" ", " "],
    ] as const) {
      expect((await admitted(v1(`${id}/${name}`), receiver)).filename).toBe(kept);
    }
  });

  test("keeps the type that was sent, and none that is no type", async () => {
    const types = ["Text/PLAIN; charset=UTF-8", "text", undefined].map(
      async (contentType) => (await admitted(v1(`${id}/a.txt`, { contentType }), receiver)).contentType,
    );
    expect(await Promise.all(types)).toEqual([
      "Text/PLAIN; charset=UTF-8",
      "application/octet-stream",
      "application/octet-stream",
    ]);
  });

  test("has bounds of its own", async () => {
    const types = { allowed: ["image/*"], denied: [] };
    expect(await kindOf(v1(`${id}/a.txt`), { ...receiver, maxFileSize: 1000 })).toBe("admitted");
    expect(await kindOf(v1(`${id}/a.txt`), { ...receiver, maxFileSize: 999 })).toBe("too-large");
    expect(await kindOf(v1(`${id}/a.txt`), { ...receiver, types })).toBe("type-not-allowed");
    expect(await kindOf(v1(`${id}/a.txt`, { contentType: undefined }), { ...receiver, types })).toBe(
      "type-not-allowed",
    );
    expect((await admitted(v1(`${id}/a.txt`), { ...receiver, retention: 60 })).expiry?.getTime()).toBe(
      (seconds + 60) * 1000,
    );
  });

  test("counts per user where ejabberd's path tells users apart", async () => {
    const user = "a2170affb09b27ff0dcb3653ef12359da3096d4f";
    const hosts = ["example.org", "example.net"];
    const sha1 = receiverOf(secret, "v1", { hosts, jidInUrl: "sha1" });
    const node = receiverOf(secret, "v1", { hosts, jidInUrl: "node" });
    expect((await admitted(v1(`${user}/x/a.txt`), sha1)).owner).toBe(`${user}@example.org`);
    expect((await admitted(v1("alice/x/a.txt"), node)).owner).toBe("alice@example.org");
    expect(
      (await admitted(v1(`${user}/x/a.txt`), receiverOf(secret, "v1", { hosts }))).owner,
    ).toBeUndefined();
    for (const path of [
      `${user}/a.txt`,
      `${user}/x/y/a.txt`,
      `${user.toUpperCase()}/x/a.txt`,
      "alice/x/a.txt",
    ])
      expect(await kindOf(v1(path), sha1)).toBe("bad-request");
    for (const path of ["/x/a.txt", "a@b/x/a.txt", "alice/a.txt"])
      expect(await kindOf(v1(path), node)).toBe("bad-request");
  });
});

describe("a receiver of v2", () => {
  const receiver = receiverOf(secret, "v2");

  test("never looks at v, nor at token", async () => {
    const path = `${id}/a.txt`;
    expect(await kindOf(v1(path), receiver)).toBe("bad-signature");
    expect(await kindOf(v2(path, {}, "token"), receiver)).toBe("bad-signature");
    const both = `${v2(path).rawQuery}&${v1(path).rawQuery}`;
    expect(await kindOf({ ...v2(path), rawQuery: both }, receiver)).toBe("admitted");
    const wrong = `v2=${"0".repeat(64)}&${v1(path).rawQuery}`;
    expect(await kindOf({ ...v2(path), rawQuery: wrong }, receiver)).toBe("bad-signature");
  });

  test("compares the type literally; none is application/octet-stream", async () => {
    const request = v2(`${id}/a.txt`, { contentType: "Text/PLAIN; charset=utf-8" });
    expect(await kindOf(request, receiver)).toBe("admitted");
    for (const contentType of [
      "text/plain; charset=utf-8",
      "Text/PLAIN;charset=utf-8",
      "Text/PLAIN",
      undefined,
    ])
      expect(await kindOf({ ...request, contentType }, receiver)).toBe("bad-signature");
    expect(await kindOf(v2(`${id}/a.txt`, { contentType: undefined }), receiver)).toBe("admitted");
  });

  test("takes the sizes that were signed, zero too", async () => {
    expect(await kindOf(v2(`${id}/a.txt`, { size: 0 }), receiver)).toBe("admitted");
  });
});

describe("a receiver of JWTs", () => {
  const receiver = receiverOf(secret, "jwt");

  test("takes name, type, owner and expiry from the claims", async () => {
    const expires = seconds + 3600;
    const path = `${claims.slot}/quite another name.txt`;
    const request = jwt({ ...claims, filesize: 1000, expires }, { path, contentType: "image/png" });
    expect(await admitted(request, receiver)).toEqual({
      ...{ key: `slot ${claims.slot}`, filename: "notes.txt", size: 1000, owner: "alice@example.org" },
      ...{ contentType: "text/plain; charset=utf-8", expiry: new Date(expires * 1000) },
    });
  });

  test("keeps a file for the shorter of what the slot and the receiver say", async () => {
    for (const [retention, expires, kept] of [
      [60, 3600, 60],
      [3600, 60, 60],
      [undefined, undefined, undefined],
      [60, undefined, 60],
    ] as const) {
      const payload = { ...claims, ...(expires === undefined ? {} : { expires: seconds + expires }) };
      const { expiry } = await admitted(jwt(payload), { ...receiver, retention });
      expect(expiry?.getTime()).toBe(kept === undefined ? undefined : (seconds + kept) * 1000);
    }
    expect(await kindOf(jwt({ ...claims, expires: seconds - 1 }), receiver)).toBe("expired");
  });

  test("reads sizes as Lua writes them", async () => {
    const text = JSON.stringify(claims).replace('"filesize":1000', '"filesize":1000.0');
    expect(text).toContain("1000.0");
    expect(await kindOf(jwt(text), receiver)).toBe("admitted");
  });

  test("refuses what is not the token of this slot", async () => {
    const { exp: _, ...endless } = claims;
    for (const [what, request, kind] of [
      ["no header", jwt(claims, { authorization: undefined }), "unauthorized"],
      [
        "another scheme",
        jwt(claims, { authorization: `Basic ${sign({ alg: "HS256" }, claims)}` }),
        "unauthorized",
      ],
      [
        "two tokens",
        jwt(claims, { authorization: `${jwt().authorization}, ${jwt().authorization}` }),
        "unauthorized",
      ],
      ["another slot", jwt(claims, { path: "B9wQ6_kUvwGI7FoI/notes.txt" }), "bad-request"],
      ["no slot in the path", jwt(claims, { path: "" }), "bad-request"],
      ["dots", jwt(claims, { path: `${claims.slot}/..` }), "bad-filename"],
      ["another size", jwt(claims, { size: 1001 }), "wrong-length"],
      ["a fraction", jwt({ ...claims, filesize: 1000.5 }), "unauthorized"],
      ["a size in text", jwt({ ...claims, filesize: "1000" }), "unauthorized"],
      ["no size", jwt({ ...claims, filesize: undefined }), "unauthorized"],
      ["no name", jwt({ ...claims, filename: undefined }), "unauthorized"],
      ["a slot with a slash", jwt({ ...claims, slot: `${claims.slot}/x` }), "bad-request"],
      ["no exp", jwt(endless), "unauthorized"],
      ["exp in text", jwt({ ...claims, exp: "never" }), "unauthorized"],
      ["exp now", jwt({ ...claims, exp: seconds }), "expired"],
      ["not yet", jwt({ ...claims, nbf: seconds + 60 }), "unauthorized"],
      ["expires in text", jwt({ ...claims, expires: "never" }), "unauthorized"],
      ["expires beyond all dates", jwt({ ...claims, expires: 1e300 }), "unauthorized"],
      ["a user that is none", jwt({ ...claims, sub: "a@b@c" }), "bad-request"],
      ["claims that are a list", jwt([claims]), "unauthorized"],
      ["claims that are text", jwt('"x"'), "unauthorized"],
    ] as const) {
      expect([what, await kindOf(request, receiver)]).toEqual([what, kind]);
    }
  });

  test("takes HS256 alone", async () => {
    const signed = `${encode({ alg: "none" })}.${encode(claims)}.`;
    const other = `${encode({ alg: "HS512" })}.${encode(claims)}`;
    const hs512 = `${other}.${createHmac("sha512", secret).update(other).digest("base64url")}`;
    const crit = { alg: "HS256", crit: ["b64"], b64: false };
    for (const token of [
      signed,
      `${signed}${encode("x")}`,
      hs512,
      ...["none", "None", "hs256", "RS256", "ES256", "", ["HS256"], null].map((alg) => sign({ alg }, claims)),
      sign({}, claims),
      sign(crit, claims),
      sign({ alg: "HS256", crit: ["x"], x: 1 }, claims),
      sign({ alg: "HS256" }, claims, ""),
      sign({ alg: "HS256" }, sign({ alg: "HS256" }, claims)),
    ]) {
      expect([token, await kindOf(jwt(claims, { authorization: `Bearer ${token}` }), receiver)]).toEqual([
        token,
        "unauthorized",
      ]);
    }
  });

  test("takes users of its hosts alone, where it has some", async () => {
    const own = { ...receiver, hosts: ["example.org"] };
    expect(await kindOf(jwt(), own)).toBe("admitted");
    expect(await kindOf(jwt({ ...claims, sub: "alice@example.net" }), own)).toBe("forbidden");
    expect(await kindOf(jwt({ ...claims, sub: undefined }), own)).toBe("forbidden");
    expect((await admitted(jwt({ ...claims, sub: "ALICE@example.org/phone" }), own)).owner).toBe(
      "alice@example.org",
    );
  });

  test("is done with hostile tokens at once", async () => {
    const deep = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
    const large = encode("x".repeat(1_000_000));
    const hostile = [
      `Bearer ${"a.".repeat(500_000)}`,
      `Bearer ${large}.${large}.${large}`,
      `Bearer ${sign({ alg: "HS256" }, { ...claims, more: "x".repeat(1_000_000) })}`,
      `Bearer ${sign(`{"alg":"HS256","x":${deep(1000)}}`, claims)}`,
      `Bearer ${sign(deep(1400), claims)}`,
      `Bearer ${" ".repeat(1_000_000)}`,
      `${"Bearer ".repeat(100_000)}`,
    ];
    const began = performance.now();
    for (const authorization of hostile)
      expect(await kindOf(jwt(claims, { authorization }), receiver)).toBe(
        authorization.includes(encode(`{"alg":"HS256","x":`).slice(0, 20)) ? "admitted" : "unauthorized",
      );
    expect(performance.now() - began).toBeLessThan(1500);
  });
});

describe("whatever comes", () => {
  const anything = fc.record({
    path: fc.string({ unit: "binary", maxLength: 60 }),
    rawQuery: fc.oneof(
      fc.string(),
      fc.string().map((text) => `v=${text}`),
      fc.stringMatching(/^(v|v2|token)=[0-9a-f]{64}$/),
    ),
    size: fc.nat(),
    contentType: fc.option(fc.string(), { nil: undefined }),
    authorization: fc.option(fc.oneof(fc.string(), fc.stringMatching(/^Bearer [\w-]+\.[\w-]+\.[\w-]+$/)), {
      nil: undefined,
    }),
  });

  test("is refused without the secret", async () => {
    await fc.assert(
      fc.asyncProperty(anything, fc.constantFrom("v1", "v2", "token", "jwt"), async (request, protocol) => {
        expect(await kindOf(request, receiverOf(secret, protocol))).not.toBe("admitted");
      }),
      { numRuns: 2000 },
    );
  });

  test("is admitted with it, as one file under one key", async () => {
    const segment = fc
      .string({ unit: "grapheme", minLength: 1, maxLength: 20 })
      .map((text) => `x${text.replaceAll("/", "").replaceAll("\0", "")}`);
    await fc.assert(
      fc.asyncProperty(
        segment,
        segment,
        fc.nat(),
        fc.constantFrom("v1", "v2", "token"),
        async (a, b, size, protocol) => {
          const path = `${a}/${b}`;
          const request = protocol === "v1" ? v1(path, { size }) : v2(path, { size }, protocol);
          const { key, filename } = await admitted(request, receiverOf(secret, protocol));
          expect(key).toMatch(/^path [0-9a-f]{64}$/);
          expect(Buffer.byteLength(filename)).toBeLessThanOrEqual(255);
          expect(filename).not.toMatch(/[/\\\p{Cc}]/u);
        },
      ),
      { numRuns: 500 },
    );
  });
});
