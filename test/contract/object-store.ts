import { describe, expect, test } from "bun:test";
import type { ObjectMeta, ObjectStore, PutError } from "../../src/store/object-store.ts";

/** What the contract needs from the test of one adapter. */
export interface ObjectStoreUnderTest {
  /** A store with nothing in it. */
  readonly store: ObjectStore;
  /** How many things the store holds, complete or not, as seen from outside. */
  count(): Promise<number>;
}

/** The behaviour that every ObjectStore promises. `make` is called once for each test. */
export function objectStoreContract(name: string, make: () => Promise<ObjectStoreUnderTest>): void {
  describe(`${name} keeps the promises of an object store`, () => {
    test("gives back what was put, with its meta data", async () => {
      const { store } = await make();
      const before = Date.now();
      await store.put(
        meta({ filename: "très cool.jpg", contentType: "image/jpeg", size: 5 }),
        bodyOf("he", "llo"),
      );
      const { content, ...about } = await readBack(store, tokenOf(1));
      expect(content.toString()).toBe("hello");
      expect(about).toMatchObject({ filename: "très cool.jpg", contentType: "image/jpeg", size: 5 });
      expect(about.token).toBe(tokenOf(1));
      expect(about.created.getTime()).toBeWithin(before - 1000, Date.now() + 1000);
    });

    test("keeps when an object expires, and gives it back after that too", async () => {
      const { store } = await make();
      for (const [i, expiry] of [new Date("2001-02-03T04:05:06Z"), undefined].entries()) {
        const token = tokenOf(i + 1);
        await store.put(meta({ token, size: 5, expiry }), bodyOf("hello"));
        expect((await readBack(store, token)).expiry).toEqual(expiry);
      }
    });

    test("has an object only when it is complete", async () => {
      const { store } = await make();
      expect(await store.has(tokenOf(1))).toBe(false);
      expect(await store.open(tokenOf(1))).toBeUndefined();
      const seen: boolean[] = [];
      async function* body() {
        yield Buffer.from("hel");
        seen.push(await store.has(tokenOf(1)), (await store.open(tokenOf(1))) !== undefined);
        yield Buffer.from("lo");
      }
      await store.put(meta({ size: 5 }), body());
      expect(seen).toEqual([false, false]);
      expect(await store.has(tokenOf(1))).toBe(true);
    });

    test("keeps an empty object", async () => {
      const { store } = await make();
      await store.put(meta({ size: 0 }), bodyOf());
      const { content, size } = await readBack(store, tokenOf(1));
      expect([content.length, size]).toEqual([0, 0]);
    });

    test("refuses to replace an object", async () => {
      const { store, count } = await make();
      await store.put(meta({ size: 3 }), bodyOf("one"));
      const before = await count();
      await expectCode(store.put(meta({ size: 3 }), bodyOf("two")), "exists");
      expect((await readBack(store, tokenOf(1))).content.toString()).toBe("one");
      expect(await count()).toBe(before);
    });

    test("refuses a body that is too short, and takes the right one after that", async () => {
      const { store, count } = await make();
      const before = await count();
      await expectCode(store.put(meta({ size: 6 }), bodyOf("hello")), "wrong-length");
      expect([await store.has(tokenOf(1)), await count()]).toEqual([false, before]);
      await store.put(meta({ size: 6 }), bodyOf("hello!"));
      expect((await readBack(store, tokenOf(1))).content.toString()).toBe("hello!");
    });

    test("refuses a body that is too long, and reads it no further", async () => {
      const { store, count } = await make();
      const before = await count();
      let chunks = 0;
      async function* endless() {
        for (;;) {
          chunks += 1;
          yield Buffer.alloc(1000);
        }
      }
      await expectCode(store.put(meta({ size: 4500 }), endless()), "wrong-length");
      expect(chunks).toBe(5);
      expect([await store.has(tokenOf(1)), await count()]).toEqual([false, before]);
    });

    test("passes on what the body throws, and keeps nothing of it", async () => {
      const { store, count } = await make();
      const before = await count();
      const dropped = new Error("dropped");
      async function* body() {
        yield Buffer.from("hel");
        throw dropped;
      }
      await expect(store.put(meta({ size: 5 }), body())).rejects.toBe(dropped);
      expect([await store.has(tokenOf(1)), await count()]).toEqual([false, before]);
    });

    test("lets exactly one of many simultaneous uploads to one token win", async () => {
      const { store, count } = await make();
      const before = await count();
      const puts = Array.from({ length: 8 }, (_, i) =>
        store.put(meta({ size: 3 }), bodyOf("<", String(i), ">")),
      );
      const results = await Promise.allSettled(puts);
      const winners = results.flatMap((result, i) => (result.status === "fulfilled" ? [i] : []));
      expect(winners).toHaveLength(1);
      for (const result of results) {
        if (result.status === "rejected") expect((result.reason as PutError).code).toBe("exists");
      }
      expect((await readBack(store, tokenOf(1))).content.toString()).toBe(`<${winners[0]}>`);
      expect(await count()).toBe(before + 1);
    });

    test("keeps objects apart", async () => {
      const { store } = await make();
      const numbers = Array.from({ length: 20 }, (_, i) => i + 1);
      await Promise.all(
        numbers.map((i) => store.put(meta({ token: tokenOf(i), size: i }), bodyOf("x".repeat(i)))),
      );
      for (const i of numbers)
        expect((await readBack(store, tokenOf(i))).content.toString()).toBe("x".repeat(i));
    });

    test("reads any range of a big object, and never past its end", async () => {
      const { store } = await make();
      const content = Buffer.alloc(
        1_500_000,
        Uint8Array.from({ length: 251 }, (_, i) => i),
      );
      const chunks = Array.from({ length: 15 }, (_, i) => content.subarray(i * 100_000, (i + 1) * 100_000));
      await store.put(meta({ size: content.length }), bodyOf(...chunks));
      const object = (await store.open(tokenOf(1)))!;
      try {
        for (const [position, length] of [
          [0, 10],
          [700_000, 100_000],
          [1_499_000, 1000],
          [1_499_990, 500],
          [1_490_000, 20_000],
          [1_500_000, 10],
        ] as const) {
          const buffer = Buffer.alloc(length);
          const read = await readAll(object, buffer, position);
          expect(buffer.subarray(0, read).equals(content.subarray(position, position + length))).toBe(true);
        }
      } finally {
        await object.close();
      }
    });

    test.each([
      ["accents, composed", "tr\u00e8s.jpg"],
      ["accents, decomposed", "tre\u0300s.jpg"],
      ["an emoji", "\u{1f600}.png"],
      ["right-to-left text", "\u202e\u05d0\u05d1.txt"],
      ["quotes and braces", `a"b'{c}\\n%00.json`],
      ["something like a path", "..%2f..%2fetc"],
      ["255 bytes", `${"é".repeat(127)}x`],
    ])("keeps a name with %s as it is", async (_, filename) => {
      const { store } = await make();
      await store.put(meta({ filename, size: 1 }), bodyOf("x"));
      expect((await readBack(store, tokenOf(1))).filename).toBe(filename);
    });

    test.each([
      "",
      "..",
      "../../../etc/passwd",
      "aa/../../../../tmp/x",
      "0123456789abcde",
      "0123456789ABCDEF",
      "0123456789abcdef\0",
      "0123456789abcdef\n",
      "0123456789abcdeg",
      "a".repeat(193),
    ])("has nothing for, and refuses, what is not a token: %j", async (token) => {
      const { store, count } = await make();
      const before = await count();
      expect(await store.has(token)).toBe(false);
      expect(await store.open(token)).toBeUndefined();
      await expectCode(store.put(meta({ token, size: 1 }), bodyOf("x")), "bad-token");
      expect(await count()).toBe(before);
    });
  });
}

/** A token of the usual length that differs in its first digits. */
export function tokenOf(number: number): string {
  return (number * 7 + 1).toString(16).padStart(4, "0").padEnd(64, "c");
}

/** The meta data of an object, with what is not given filled in. */
export function meta(about: Partial<ObjectMeta> & { readonly size: number }): ObjectMeta {
  return { token: tokenOf(1), filename: "a.txt", contentType: "text/plain", ...about };
}

/** A body that comes in these chunks. */
export async function* bodyOf(...chunks: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield Buffer.from(chunk as Uint8Array);
}

/** Opens, reads and closes an object. */
export async function readBack(store: ObjectStore, token: string) {
  const object = await store.open(token);
  if (object === undefined) throw new Error("there is no such object");
  try {
    const content = Buffer.alloc(object.size);
    expect(await readAll(object, content, 0)).toBe(object.size);
    const { filename, contentType, size, created, expiry } = object;
    return { token: object.token, filename, contentType, size, created, expiry, content };
  } finally {
    await object.close();
  }
}

async function readAll(
  object: { read: (b: Uint8Array, l: number, p: number) => Promise<number> },
  into: Uint8Array,
  position: number,
) {
  let done = 0;
  while (done < into.length) {
    const read = await object.read(into.subarray(done), into.length - done, position + done);
    if (read === 0) break;
    done += read;
  }
  return done;
}

/** Waits for the promise to fail with this code. */
export async function expectCode(promise: Promise<unknown>, code: string): Promise<void> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Error);
  expect((error as PutError).code as string).toBe(code);
}
