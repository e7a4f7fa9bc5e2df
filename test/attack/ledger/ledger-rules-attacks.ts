import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeFolder, removeFolder, waitUntil } from "../../peers/process.ts";
import type { Attack, AttackOptions, Measure } from "../attack.ts";
import { missing, type SlotAnswer, SlotScene } from "../slot-scene.ts";

const mallory = "mallory@example.org/x";
const [kib, mib, tib] = [2 ** 10, 2 ** 20, 2 ** 40];

const granted = (answers: readonly SlotAnswer[]): number =>
  answers.filter(({ kind }) => kind === "slot").length;

const unusedSlots: Attack = {
  name: "unused-slots",
  promise:
    "slots that are never used delete nobody's file, and a complete upload takes the place of the oldest",
  needs: [],
  async run({ isShort, random }: AttackOptions): Promise<readonly Measure[]> {
    const scene = await SlotScene.start(
      `expiration_time = ${isShort ? 60 : 5}\nquota.domain = "1MiB"\nquota.when_full = "delete-oldest"`,
    );
    try {
      const uploads = Array.from({ length: 16 }, (_, i) =>
        scene.upload(`user${i}@example.org/x`, Buffer.alloc(64 * kib, "x")),
      );
      const urls = (await Promise.all(uploads)).filter((url) => url !== undefined);
      let slots = 0;
      for (let round = 0; round < (isShort ? 0 : 3); round += 1) {
        slots += granted(await askOften(scene, 400, () => 1 + random.below(128 * kib)));
        // Given up, they leave room for the next round.
        const one = async () => (await askOften(scene, 1, () => 64 * kib))[0]?.kind === "slot";
        await waitUntil("slots to be given up", one);
      }
      const bobs = await scene.ask({ from: "bob@example.org/x", size: 64 * kib });
      slots += granted(await askOften(scene, 400, () => 1 + random.below(128 * kib)));
      const lost = await missing(urls);
      const status = bobs.kind === "slot" ? await put(bobs.putUrl, 64 * kib) : 0;
      return [
        { what: "slots given and not used", measured: slots, unit: "answers", atLeast: 5 },
        { what: "files of others that are gone", measured: lost, unit: "files", atMost: 0 },
        {
          what: "status of a complete upload meanwhile",
          measured: status,
          unit: "answers",
          atLeast: 201,
          atMost: 201,
        },
        {
          what: "files that were evicted for it",
          measured: await goneAfter(urls),
          unit: "files",
          atLeast: 1,
          atMost: 1,
        },
      ];
    } finally {
      await scene.stop();
    }
  },
};

const hugeSlots: Attack = {
  name: "huge-slots",
  promise: "whatever size is announced where nothing is limited, others get their slots",
  needs: [],
  async run({ isShort, random }: AttackOptions): Promise<readonly Measure[]> {
    const scene = await SlotScene.start('max_file_size = "infinity"\nretention = "never"');
    try {
      const sizes = [2 ** 53 - 1, 2 ** 52, tib + 1, tib, tib - 1];
      await askOften(scene, isShort ? 500 : 5_000, () =>
        random.below(2) === 0 ? random.of(sizes) : random.below(2 ** 31) * 2 ** random.below(22),
      );
      const others = Array.from({ length: 50 }, (_, i) =>
        scene.ask({ from: `u${i}@example.org/x`, size: 100 * mib }),
      );
      const refused = 50 - granted(await Promise.all(others));
      const over = granted(await askOften(scene, 3, () => tib + 1));
      return [
        { what: "slots of 100 MiB that others were refused", measured: refused, unit: "answers", atMost: 0 },
        { what: "slots above 1 TiB", measured: over, unit: "answers", atMost: 0 },
      ];
    } finally {
      await scene.stop();
    }
  },
};

const emptyFiles: Attack = {
  name: "empty-files",
  promise: "a quota of bytes bounds the number of files too",
  needs: [],
  async run({ random }: AttackOptions): Promise<readonly Measure[]> {
    const scene = await SlotScene.start('quota.user = "64KiB"');
    try {
      const answers = await askOften(scene, 200, () => random.below(3));
      return [
        {
          what: "empty and tiny files within 64 KiB",
          measured: granted(answers),
          unit: "files",
          atLeast: 16,
          atMost: 16,
        },
      ];
    } finally {
      await scene.stop();
    }
  },
};

const wrongClock: Attack = {
  name: "wrong-clock",
  promise:
    "after a clock that was ahead nobody is locked out of rate, day or quota for longer than some seconds",
  needs: [],
  async run({ random }: AttackOptions): Promise<readonly Measure[]> {
    const folder = makeFolder("wrong-clock");
    const options = `expiration_time = 60
[quota]
user = 1000
user_files = 1000
user_daily = 1500
user_daily_files = 1000
[rate]
slots_per_minute = 600
burst = 20`;
    const days = 2 + random.below(4_000);
    try {
      const before = await SlotScene.start(options, aheadBy(folder, days), folder);
      const year = Number(/"time":"(\d{4})/.exec(before.slotd.process.log())?.[1]);
      await askOften(before, 30, () => 50);
      await before.stop(true);
      const after = await SlotScene.start(options, {}, folder);
      const begun = performance.now();
      try {
        await waitUntil(
          "a slot of 500 bytes",
          async () => (await askOften(after, 1, () => 500))[0]?.kind === "slot",
        );
        const seconds = (performance.now() - begun) / 1000;
        return [
          {
            what: "the year that slotd took it for",
            measured: year,
            unit: "answers",
            atLeast: new Date(Date.now() + days * 86_400_000).getUTCFullYear(),
          },
          { what: "until a slot was given again", measured: seconds, unit: "s", atMost: 6 },
        ];
      } finally {
        await after.stop(true);
      }
    } finally {
      removeFolder(folder);
    }
  },
};

/** What makes Bun begin with a clock that is so many days ahead. */
function aheadBy(folder: string, days: number): Record<string, string> {
  const path = join(folder, "ahead.ts");
  writeFileSync(
    path,
    `const Right = Date;
const ahead = ${days * 86_400_000};
globalThis.Date = class extends Right {
  constructor(...values) {
    if (values.length === 0) super(Right.now() + ahead);
    else super(...values);
  }
  static now() {
    return Right.now() + ahead;
  }
};`,
  );
  return { BUN_OPTIONS: `--preload ${path}` };
}

/** Requests of one user, 50 at a time. */
async function askOften(scene: SlotScene, times: number, size: () => number): Promise<SlotAnswer[]> {
  const answers: SlotAnswer[] = [];
  for (let left = times; left > 0; left -= 50) {
    const some = Array.from({ length: Math.min(50, left) }, () => scene.ask({ from: mallory, size: size() }));
    answers.push(...(await Promise.all(some)));
  }
  return answers;
}

async function put(url: string, size: number): Promise<number> {
  return (await fetch(url, { method: "PUT", body: new Uint8Array(size) })).status;
}

/** How many are gone when what is to be removed was removed. */
async function goneAfter(urls: readonly string[]): Promise<number> {
  await waitUntil("the sweep", async () => (await missing(urls)) > 0, 8_000).catch(() => undefined);
  return missing(urls);
}

export const ledgerRulesAttacks: readonly Attack[] = [unusedSlots, hugeSlots, emptyFiles, wrongClock];
