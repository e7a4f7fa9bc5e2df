import { describe, expect, test } from "bun:test";
import { receive } from "../../../src/receive/receive.ts";
import type { ReceiverProtocol, ReceiverRequest, ReceiverSettings } from "../../../src/receive/receiver.ts";
import { putOf, receiverOf, type Vector, type VectorFile, vectorFiles } from "./vectors.ts";

/** By the way the token comes; undefined: no receiver of slotd's takes it. */
function protocolOf({ put_url, put_headers }: Vector, file: VectorFile): ReceiverProtocol | undefined {
  if (put_headers !== undefined) return "jwt";
  const name = /\?(v|v2|token)=/.exec(put_url)?.[1];
  if (file.protocol === "v3") return undefined;
  return name === "v2" || name === "token" ? name : "v1";
}

async function decide(request: ReceiverRequest, settings: ReceiverSettings, vector: Vector) {
  const decision = await receive(request, settings, new Date((vector.valid_at ?? 1_795_545_021) * 1000));
  return "kind" in decision ? decision.kind : "admitted";
}

const slots = vectorFiles.flatMap((file) =>
  file.vectors.map((vector) => ({ file, vector, protocol: protocolOf(vector, file) })),
);
const taken = slots.flatMap(({ file, vector, protocol }) => {
  const request = putOf(file, vector);
  if (protocol === undefined || (vector.expect ?? 201) !== 201) return [];
  return [
    {
      vector,
      request,
      settings: receiverOf(file.secret, protocol),
      name: `${file.file} ${vector.requested_filename}`,
    },
  ];
});

describe("slots of real servers", () => {
  test("are many", () => {
    expect(slots.length).toBeGreaterThan(70);
    expect(slots.length - taken.length).toBeLessThan(16);
  });

  for (const { name, request, settings, vector } of taken) {
    test(`${name} is admitted with what the slot says`, async () => {
      const decision = await receive(request, settings, new Date((vector.valid_at ?? 0) * 1000));
      expect(decision).toMatchObject({ size: request.size });
      if ("kind" in decision) throw new Error(decision.text);
      if (vector.claims === undefined) return;
      const { filename, filetype, sub, expires } = vector.claims;
      expect(decision).toMatchObject({ filename, contentType: filetype, owner: sub });
      expect(decision.expiry?.getTime()).toBe(expires === undefined ? undefined : Number(expires) * 1000);
    });
  }

  test("without a token, or with one that is none, are refused", async () => {
    const wrong = slots.filter(({ vector }) => vector.expect === 403);
    expect(wrong.length).toBe(2);
    for (const { file, vector } of wrong) {
      expect(await decide(putOf(file, vector), receiverOf(file.secret, "v1"), vector)).toBe("bad-signature");
    }
  });

  test("of hmac-file-server, which nothing binds to a size, are admitted by no protocol", async () => {
    const others = slots.filter(({ protocol }) => protocol === undefined);
    expect(others.length).toBeGreaterThan(2);
    for (const { file, vector } of others) {
      for (const protocol of ["v1", "v2", "token", "jwt"] as const) {
        expect(await decide(putOf(file, vector), receiverOf(file.secret, protocol), vector)).not.toBe(
          "admitted",
        );
      }
    }
  });

  test("of a JWT end with exp", async () => {
    const dated = taken.filter(({ vector }) => vector.expired_at !== undefined);
    expect(dated.length).toBeGreaterThan(15);
    for (const { request, settings, vector } of dated) {
      const at = { ...vector, valid_at: vector.expired_at };
      expect(await decide(request, settings, at as Vector)).toBe("expired");
    }
  });
});

describe("a slot with one byte changed", () => {
  for (const { name, request, settings, vector } of taken) {
    test(`${name} is refused`, async () => {
      for (const [what, changed] of changes(request, settings)) {
        const kind = await decide(changed, settings, vector);
        expect(`${what}: ${kind === "admitted" ? kind : "refused"}`).toBe(`${what}: refused`);
      }
      const secret = `${settings.secret.slice(0, -1)}~`;
      expect(await decide(request, { ...settings, secret }, vector)).not.toBe("admitted");
    });
  }
});

/** What each protocol signs, changed at every place, one character at a time. */
function changes(
  request: ReceiverRequest,
  { protocol }: ReceiverSettings,
): readonly (readonly [what: string, ReceiverRequest])[] {
  const { path, rawQuery, size, contentType = "application/octet-stream", authorization = "" } = request;
  const slotEnd = protocol === "jwt" ? path.indexOf("/") : path.length;
  const paths = changed(path.slice(0, slotEnd)).map((text) => text + path.slice(slotEnd));
  const isTyped = protocol === "v2" || protocol === "token";
  return [
    ...paths.map((text) => [`path ${text}`, { ...request, path: text }] as const),
    ...[size + 1, Math.abs(size - 1), size * 10 + 10].map(
      (other) => ["size", { ...request, size: other }] as const,
    ),
    ...(isTyped ? changed(contentType) : []).map(
      (text) => [`type ${text}`, { ...request, contentType: text }] as const,
    ),
    ...(isTyped ? [["no type", { ...request, contentType: "x/y" }] as const] : []),
    ...changed(rawQuery).map((text) => [`query ${text}`, { ...request, rawQuery: text }] as const),
    ...changed(authorization).map((text) => [`token ${text}`, { ...request, authorization: text }] as const),
  ];
}

/** The text with each of its characters replaced by another one that is not the same in the other case. */
function changed(text: string): readonly string[] {
  return [...text].flatMap((character, at) => {
    const all = [...text];
    return other(character).map((replacement) => all.with(at, replacement).join(""));
  });
}

function other(character: string): readonly string[] {
  const next = String.fromCodePoint((character.codePointAt(0) ?? 0) + 1);
  const flipped = String.fromCodePoint((character.codePointAt(0) ?? 0) ^ 2);
  return [next, flipped].filter((each) => each !== "." || character !== "/");
}
