import { expect, test } from "bun:test";
import { isKept, lineOf } from "../attack/attack.ts";
import { costsBeside } from "../scale/beside.ts";
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
  60_000,
);
