import { expect, test } from "bun:test";
import { BoundedLookup, lookupLimits } from "../../../../src/http/addressed/bounded-lookup.ts";
import { type AddressedObject, LookupError } from "../../../../src/store/addressed-objects.ts";

const object: AddressedObject = {
  ...{ token: "a", filename: "a.txt", size: 1, contentType: "text/plain" },
  created: new Date(0),
};

/** A bucket that says what `answers` has, and counts what it is asked. */
function scene(answers: (token: string) => Promise<AddressedObject | undefined>, limits = lookupLimits) {
  const asked: string[] = [];
  const clock = { milliseconds: 0 };
  const look = (token: string) => {
    asked.push(token);
    return answers(token);
  };
  return { asked, clock, lookup: new BoundedLookup({ look }, () => clock.milliseconds, limits) };
}

const none = async () => undefined;

test("asks once for what many ask for at the same time, and for a while after that", async () => {
  const { asked, clock, lookup } = scene(async () => object);
  const found = await Promise.all(Array.from({ length: 500 }, (_, i) => lookup.find("a", `client ${i}`)));
  expect(found.every((one) => one === object)).toBe(true);
  clock.milliseconds = 29_999;
  await lookup.find("a", "another");
  expect(asked).toEqual(["a"]);
  clock.milliseconds = 30_000;
  await lookup.find("a", "another");
  expect(asked).toEqual(["a", "a"]);
});

test("forgets sooner what was not there, and what failed", async () => {
  const { asked, clock, lookup } = scene(async (token) => {
    if (token === "failed") throw new LookupError("no");
    return undefined;
  });
  const find = (token: string) =>
    Promise.resolve(lookup.find(token, "c")).catch((error: LookupError) => error.code);
  expect([await find("none"), await find("failed")]).toEqual([undefined, "lookup"]);
  clock.milliseconds = 999;
  expect([await find("none"), await find("failed")]).toEqual([undefined, "lookup"]);
  expect(asked).toHaveLength(2);
  clock.milliseconds = 1_000;
  await find("failed");
  clock.milliseconds = 5_000;
  await find("none");
  expect(asked).toEqual(["none", "failed", "failed", "none"]);
});

test("looks again for what was stored meanwhile", async () => {
  const stored = new Set<string>();
  const { lookup } = scene(async (token) => (stored.has(token) ? object : undefined));
  expect(await lookup.find("a", "c")).toBeUndefined();
  stored.add("a");
  lookup.forget("a");
  expect(await lookup.find("a", "c")).toBe(object);
});

test("one client's random addresses cost 60 questions in a row, and one a second after that", async () => {
  const { asked, clock, lookup } = scene(none);
  const ask = async (from: number, count: number) => {
    for (let i = 0; i < count; i += 1) await lookup.find(`${from + i}`, "one");
  };
  await ask(0, 10_000);
  expect(asked).toHaveLength(lookupLimits.perClient.burst);
  expect(lookup.find("more", "one")).toBe("too-many");
  expect(await lookup.find("more", "two")).toBeUndefined();
  clock.milliseconds = 10_000;
  await ask(20_000, 1_000);
  expect(asked).toHaveLength(lookupLimits.perClient.burst + 1 + 10);
});

test("a client that finds what it asks for may go on", async () => {
  const { asked, lookup } = scene(async () => object);
  for (let i = 0; i < 300; i += 1) expect(await lookup.find(`${i}`, "one")).toBe(object);
  expect(asked).toHaveLength(300);
});

test("all clients together cost 500 questions in a row, and 50 a second after that", async () => {
  const { asked, clock, lookup } = scene(none);
  const ask = async (from: number, count: number) => {
    const outcomes = new Set<unknown>();
    for (let i = 0; i < count; i += 1) outcomes.add(await lookup.find(`${from + i}`, `client ${from + i}`));
    return outcomes;
  };
  expect(await ask(0, 20_000)).toEqual(new Set([undefined, "busy"]));
  expect(asked).toHaveLength(500);
  clock.milliseconds = 4_000;
  await ask(100_000, 20_000);
  expect(asked).toHaveLength(700);
});

test("no more go on at once than may, and one client's do not keep others waiting", async () => {
  const open: (() => void)[] = [];
  let most = 0;
  let now = 0;
  const { asked, lookup } = scene(async () => {
    now += 1;
    most = Math.max(most, now);
    await new Promise<void>((resolve) => open.push(resolve));
    now -= 1;
    return undefined;
  });
  const greedy = Array.from({ length: 50 }, (_, i) => lookup.find(`greedy ${i}`, "greedy"));
  const others = Array.from({ length: 40 }, (_, i) => lookup.find(`other ${i}`, `client ${i}`));
  await Promise.resolve();
  expect(asked.filter((token) => token.startsWith("greedy"))).toHaveLength(8);
  expect(asked).toHaveLength(32);
  while (open.length > 0) {
    open.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all([...greedy, ...others]);
  expect([most, asked.length]).toEqual([32, 90]);
});

test("remembers 2,000 answers and no more", async () => {
  const total = { burst: 10_000, perSecond: 1 };
  const { asked, lookup } = scene(async () => object, { ...lookupLimits, total });
  for (let i = 0; i < 3_000; i += 1) await lookup.find(`${i}`, "one");
  asked.length = 0;
  await lookup.find("2999", "one");
  await lookup.find("1000", "one");
  expect(asked).toEqual([]);
  await lookup.find("999", "one");
  expect(asked).toEqual(["999"]);
});
