import { expect, test } from "bun:test";
import { type Around, type Kept, type PartDeps, part, type Stoppable } from "../../../src/app/part.ts";

interface Thing extends Stoppable {
  readonly name: string;
}

/** Makes things, says which of them run, and what was done with them. */
function workshop() {
  const running: string[] = [];
  const done: string[] = [];
  let made = 0;
  let wanted = "";
  const things = part<Thing, string>({
    wanted: () => new Map([...wanted].map((key) => [key, `settings of ${key}`])),
    make(settings) {
      const name = `${settings.at(-1)}${++made}`;
      if (name.startsWith("x")) throw new Error("x cannot be made");
      running.push(name);
      return {
        name,
        stop: async () => {
          running.splice(running.indexOf(name), 1);
        },
      };
    },
    refresh: async ({ name }) => void done.push(`refresh ${name}`),
    use: ({ name }, settings) => done.push(`${name}: ${settings}`),
    begin: ({ name }) => done.push(`begin ${name}`),
  });
  // What this part does needs neither.
  const kept: Kept<Thing> = things.open({} as PartDeps);
  const prepare = (keys: string) => {
    wanted = keys;
    return kept.prepare({} as Around);
  };
  const reload = async (keys: string) => {
    const prepared = await prepare(keys);
    prepared.commit();
    await prepared.end();
    prepared.begin();
  };
  return { running, done, kept, prepare, reload };
}

test("a thing that is wanted again is kept and handed its settings, one that is not is ended", async () => {
  const { running, done, kept, reload } = workshop();
  await reload("ab");
  await reload("bc");
  expect(running).toEqual(["b2", "c3"]);
  expect(done).toEqual([
    ...["a1: settings of a", "b2: settings of b", "begin a1", "begin b2"],
    ...["refresh b2", "b2: settings of b", "c3: settings of c", "begin c3"],
  ]);
  await kept.stop();
  expect(running).toEqual([]);
});

test("what cannot be made changes nothing, and what was made before it is ended", async () => {
  const { running, done, prepare, reload } = workshop();
  await reload("a");
  done.length = 0;
  await expect(prepare("abx")).rejects.toThrow("x cannot be made");
  expect(running).toEqual(["a1"]);
  expect(done).toEqual(["refresh a1"]);
});

test("what is not wanted any more runs until its time, and is there at once for who wants it again", async () => {
  const { running, kept, prepare, reload } = workshop();
  await reload("a");
  const left = await prepare("b");
  left.commit();
  expect(running).toEqual(["a1", "b2"]);
  // Wanted again before the time: neither is made anew, and the time then ends neither.
  await reload("ab");
  await left.end();
  expect(running).toEqual(["a1", "b2"]);
  await kept.stop();
  expect(running).toEqual([]);
});

test("what nobody wants by its time is ended, also after a reload that was given up", async () => {
  const { running, prepare, reload } = workshop();
  await reload("a");
  const left = await prepare("b");
  left.commit();
  const refused = await prepare("ac");
  expect(running).toEqual(["a1", "b2", "c3"]);
  await left.end();
  await refused.cancel();
  expect(running).toEqual(["b2"]);
});

test("a reload that was given up leaves things to their time", async () => {
  const { running, kept, prepare, reload } = workshop();
  await reload("a");
  (await prepare("b")).commit();
  await (await prepare("a")).cancel();
  expect(running).toEqual(["a1", "b2"]);
  await kept.stop();
  expect(running).toEqual([]);
});
