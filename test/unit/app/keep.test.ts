import { expect, test } from "bun:test";
import { Keep } from "../../../src/app/keep.ts";

/** Makes things, and says which of them run. */
function workshop() {
  const running: string[] = [];
  let made = 0;
  const maker = (key: string) => () => {
    const name = `${key}${++made}`;
    running.push(name);
    return {
      name,
      stop: async () => {
        running.splice(running.indexOf(name), 1);
      },
    };
  };
  const wanted = (keys: string) => new Map([...keys].map((key) => [key, maker(key)]));
  return { running, wanted };
}

const never = () => new Promise<void>(() => undefined);

test("a thing that is wanted again is kept, one that is not is ended", async () => {
  const { running, wanted } = workshop();
  const keep = new Keep();
  await (await keep.prepare(wanted("ab"))).commit();
  await (await keep.prepare(wanted("bc"))).commit();
  expect(running).toEqual(["b2", "c3"]);
  await keep.stop();
  expect(running).toEqual([]);
});

test("what is given up later runs until then, and is there at once for who wants it again", async () => {
  const { running, wanted } = workshop();
  const keep = new Keep();
  await (await keep.prepare(wanted("a"))).commit();
  const first = Promise.withResolvers<void>();
  const left = (await keep.prepare(wanted("b"))).commit(first.promise);
  expect(running).toEqual(["a1", "b2"]);
  // Wanted again before the time: neither is made anew, and the time then ends neither.
  const again = await keep.prepare(wanted("ab"));
  expect(again.added).toEqual([]);
  await again.commit();
  first.resolve();
  await left;
  expect(running).toEqual(["a1", "b2"]);
  await keep.stop();
  expect(running).toEqual([]);
});

test("what nobody wants by then is ended, also after a reload that was given up", async () => {
  const { running, wanted } = workshop();
  const keep = new Keep();
  await (await keep.prepare(wanted("a"))).commit();
  const time = Promise.withResolvers<void>();
  const left = (await keep.prepare(wanted("b"))).commit(time.promise);
  const refused = await keep.prepare(wanted("ac"));
  expect(running).toEqual(["a1", "b2", "c3"]);
  time.resolve();
  await left;
  await refused.cancel();
  expect(running).toEqual(["b2"]);
});

test("a reload that was given up leaves things to their time", async () => {
  const { running, wanted } = workshop();
  const keep = new Keep();
  await (await keep.prepare(wanted("a"))).commit();
  void (await keep.prepare(wanted("b"))).commit(never());
  await (await keep.prepare(wanted("a"))).cancel();
  expect(running).toEqual(["a1", "b2"]);
  await keep.stop();
  expect(running).toEqual([]);
});
