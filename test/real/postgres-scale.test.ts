import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { isKept, lineOf } from "../attack/attack.ts";
import { makeFolder, removeFolder, sleep, startProcess } from "../peers/process.ts";
import { costsBeside } from "../scale/beside.ts";
import { LoopProbe } from "../scale/longest-block.ts";
import { useMemory } from "../scale/memory.ts";
import { type DatabaseKind, ScaleScene } from "../scale/scene.ts";

/** With those of full domains there are about 45,000 rows, and an object for most of them. */
const files = 10_000;

test.each(["SQLite", "PostgreSQL"] as const satisfies DatabaseKind[])(
  "%s: what looks through a ledger of many files holds slotd up for no longer than it may",
  async (kind) => {
    useMemory(files);
    const scene = await ScaleScene.start({ kind, files, hasObjects: true });
    try {
      const tell = (measure: Parameters<typeof lineOf>[0]) => console.log(lineOf(measure));
      const measures = await costsBeside(scene, { isShort: true, reconcileWithin: 60, tell });
      expect(measures.filter((measure) => !isKept(measure))).toEqual([]);
    } finally {
      await scene.stop();
    }
  },
  120_000,
);

test.each([
  [
    "at work",
    "const before = process.cpuUsage(); while (process.cpuUsage(before).user < 60_000);",
    [30, 10_000],
  ],
  ["asleep", "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60);", [0, 30]],
] as const)(
  "the probe sees an event loop that is held while the thread is %s",
  async (_, block, [least, most]) => {
    const folder = makeFolder("probe");
    const probe = new LoopProbe(folder);
    const script = `setInterval(() => { ${block} }, 100)`;
    const held = await startProcess({
      name: "held",
      folder,
      command: [process.execPath, "-e", script],
      env: probe.env,
      isReady: () => existsSync(join(folder, "loop.sock")),
    });
    try {
      const longest = await probe.during(() => sleep(400));
      expect(longest.block).toBeGreaterThan(50);
      expect(longest.onProcessor).toBeWithin(least, most);
    } finally {
      await held.stop();
      removeFolder(folder);
    }
  },
);
