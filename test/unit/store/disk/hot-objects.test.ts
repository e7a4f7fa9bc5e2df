import { describe, expect, test } from "bun:test";
import { HotObjects } from "../../../../src/store/disk/hot-objects.ts";
import { tokenOf } from "../../../contract/object-store.ts";

const KIB = 1024;
const stamp = { ino: 7, size: 124, mtimeMs: 1_000.5 };
// They all begin with "00", which is what the places go by.
const [first, second, third] = [tokenOf(1), tokenOf(2), tokenOf(3)];

function about(size: number) {
  return { filename: "a.jpg", contentType: "image/jpeg", size, created: new Date(0), expiry: undefined };
}

/** Asked for twice: from then on it is hot. */
function heat(hot: HotObjects, token: string, content: Uint8Array): void {
  for (let i = 0; i < 2; i += 1) hot.offer(token, about(content.length), content, stamp);
}

describe("hot objects", () => {
  test("come in when they are asked for a second time, with a copy of their content", () => {
    const hot = new HotObjects(100 * KIB);
    const content = Uint8Array.of(1, 2, 3);
    hot.offer(first, about(3), content, stamp);
    expect(hot.get(first, () => stamp)).toBeUndefined();
    hot.offer(first, about(3), content, stamp);
    content.fill(0);
    const object = hot.get(first, () => stamp);
    expect(object?.content).toEqual(Uint8Array.of(1, 2, 3));
    expect([object?.token, object?.filename, object?.size]).toEqual([first, "a.jpg", 3]);
  });

  test("may be read by several at once, and stay when one of them closes", async () => {
    const hot = new HotObjects(100 * KIB);
    heat(hot, first, Uint8Array.of(1, 2, 3));
    const [one, other] = [hot.get(first, () => stamp), hot.get(first, () => stamp)];
    await one?.close();
    const buffer = new Uint8Array(2);
    expect(await other?.read(buffer, 2, 1)).toBe(2);
    expect(buffer).toEqual(Uint8Array.of(2, 3));
  });

  test.each([
    ["was removed", undefined],
    ["is another one", { ...stamp, ino: 8 }],
    ["was written to", { ...stamp, mtimeMs: 2_000 }],
    ["has another size", { ...stamp, size: 125 }],
  ])("are gone when the file %s", (_, found) => {
    let now = 0;
    const hot = new HotObjects(100 * KIB, () => now);
    heat(hot, first, Uint8Array.of(1));
    now = 6;
    expect(hot.get(first, () => found)).toBeUndefined();
    expect(hot.get(first, () => stamp)).toBeUndefined();
  });

  test("have their files looked at once in five milliseconds", () => {
    let now = 0;
    let looks = 0;
    const look = () => {
      looks += 1;
      return stamp;
    };
    const hot = new HotObjects(100 * KIB, () => now);
    heat(hot, first, Uint8Array.of(1));
    for (now = 0; now < 20; now += 1) expect(hot.get(first, look)).toBeDefined();
    expect(looks).toBe(3);
  });

  test("that were not asked for the longest go when there are too many", () => {
    let now = 0;
    const hot = new HotObjects(10 * KIB, () => now);
    heat(hot, first, new Uint8Array(4 * KIB));
    heat(hot, second, new Uint8Array(4 * KIB));
    now = 10;
    hot.get(first, () => stamp);
    heat(hot, third, new Uint8Array(4 * KIB));
    expect([first, second, third].map((token) => hot.get(token, () => stamp) !== undefined)).toEqual([
      true,
      false,
      true,
    ]);
  });

  test("stay when their file cannot be looked at for once", () => {
    let now = 0;
    const hot = new HotObjects(100 * KIB, () => now);
    heat(hot, first, Uint8Array.of(1));
    now = 6;
    const failing = () => {
      throw new Error("the disk does not answer");
    };
    expect(() => hot.get(first, failing)).toThrow("the disk does not answer");
    expect(hot.get(first, () => stamp)).toBeDefined();
  });

  test("make room again when their files are gone", () => {
    let now = 0;
    const hot = new HotObjects(10 * KIB, () => now);
    heat(hot, first, new Uint8Array(8 * KIB));
    now = 10;
    hot.get(first, () => undefined);
    heat(hot, second, new Uint8Array(8 * KIB));
    heat(hot, third, new Uint8Array(0));
    expect(hot.get(second, () => stamp)).toBeDefined();
  });

  test("that are empty take room too, for there may be many of them", () => {
    const hot = new HotObjects(10 * KIB);
    const tokens = Array.from({ length: 11 }, (_, number) => tokenOf(number));
    for (const token of tokens) heat(hot, token, new Uint8Array(0));
    const isHot = tokens.map((token) => hot.get(token, () => stamp) !== undefined);
    expect(isHot).toEqual([false, ...tokens.slice(1).map(() => true)]);
  });

  test("are never one that is larger than all of them may be", () => {
    const hot = new HotObjects(10 * KIB);
    heat(hot, first, new Uint8Array(10 * KIB));
    expect(hot.get(first, () => stamp)).toBeUndefined();
  });

  test("a token that was asked for once is forgotten when one that shares its place was", () => {
    const hot = new HotObjects(100 * KIB);
    const content = Uint8Array.of(1);
    hot.offer(first, about(1), content, stamp);
    hot.offer(second, about(1), content, stamp);
    hot.offer(first, about(1), content, stamp);
    expect(hot.get(first, () => stamp)).toBeUndefined();
  });
});
