import { expect, test } from "bun:test";
import type { HttpBucket } from "../../../src/http/http-bucket.ts";
import { readObjectPath } from "../../../src/http/object-path.ts";
import { ObjectSearch } from "../../../src/http/object-search.ts";
import type { OpenObject } from "../../../src/store/object-store.ts";

const token = "0123456789abcdef";
const found = { token } as OpenObject;

/** Stores at up0.example, up1.example, ..., one of which has the object, and how often each was asked. */
function stores(
  count: number,
  holder: number | undefined,
  urlOf = (at: number) => `https://up${at}.example`,
) {
  const asked: number[] = [];
  let [open, most] = [0, 0];
  const buckets = Array.from({ length: count }, (_, at): HttpBucket => {
    return {
      publicUrls: [urlOf(at)],
      store: {
        has: async () => false,
        put: async () => undefined,
        open: async () => {
          asked.push(at);
          most = Math.max(most, ++open);
          await Promise.resolve();
          open -= 1;
          return at === holder ? found : undefined;
        },
      },
      keys: [],
      region: "local",
      maxFileSize: () => undefined,
    };
  });
  const search = new ObjectSearch(buckets);
  const prefixes = new Set(["", ...buckets.map(({ publicUrls: [url = ""] }) => new URL(url).pathname)]);
  const find = (host: string, prefix = "") => {
    const path = readObjectPath(`${prefix}/${token}/a.txt`, prefixes);
    if ("kind" in path) throw new Error(path.text);
    return search.find(host, path);
  };
  return { find, asked, most: () => most };
}

test("of a few stores all are asked, the host's first, whatever the host", async () => {
  for (const host of ["up3.example", "UP3.EXAMPLE", "10.0.0.1"]) {
    const { find, asked } = stores(8, 6);
    expect(await find(host)).toBe(found);
    expect(asked[0]).toBe(host === "10.0.0.1" ? 0 : 3);
  }
});

test("of many stores that of the host is asked, and a few more at most", async () => {
  const { find, asked } = stores(1000, 700);
  expect(await find("up700.example")).toBe(found);
  expect(asked).toEqual([700]);
  expect(await find("up701.example")).toBeUndefined();
  expect(asked.length).toBeLessThanOrEqual(9);
});

test("of many stores at one host that of the prefix is asked", async () => {
  const { find, asked } = stores(1000, 700, (at) => `https://up.example/d${at}`);
  expect(await find("up.example", "/d700")).toBe(found);
  expect(asked).toEqual([700]);
});

test.each([
  ["by another host", "10.0.0.1", (at: number) => `https://up${at}.example`],
  ["without its prefix", "up.example", (at: number) => `https://up.example/d${at}`],
])("an object in one of many stores is found %s too, by one search at a time", async (_, host, urlOf) => {
  const { find, most } = stores(1000, 700, urlOf);
  expect(await Promise.all(Array.from({ length: 10 }, () => find(host)))).toEqual(Array(10).fill(found));
  expect(most()).toBe(1);
});

test("a store that fails ends its own search, and no other", async () => {
  const { find } = stores(20, 19);
  const broken = new ObjectSearch(
    Array.from({ length: 20 }, (_, at): HttpBucket => {
      const open = () => (at === 5 ? Promise.reject(new Error("damaged")) : Promise.resolve(undefined));
      const store = { has: async () => false, put: async () => undefined, open };
      return { publicUrls: [`https://x${at}.example`], store, keys: [], region: "", maxFileSize: () => 1 };
    }),
  );
  const path = { token, filename: "a.txt", prefix: "", suffix: "" };
  await expect(broken.find("10.0.0.1", path)).rejects.toThrow("damaged");
  await expect(broken.find("10.0.0.1", path)).rejects.toThrow("damaged");
  expect(await find("10.0.0.1")).toBe(found);
});
