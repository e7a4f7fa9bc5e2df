import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fillSource } from "../scale/fill-source.ts";
import { costOfSource } from "../scale/source-cost.ts";

// `npm run test:scale:sources` is the same with a million files.
const [few, many] = [5_000, 30_000];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "slotd-source-memory-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe.each([["prosody"]] as const)("the memory of a run through %s", (kind) => {
  test("does not grow with the number of files", async () => {
    const peaks: number[] = [];
    for (const files of [few, many]) {
      const source = join(folder, kind, String(files));
      fillSource(kind, source, files);
      const { items, peak } = await costOfSource(kind, source, folder);
      expect((items.file ?? 0) + (items.gone ?? 0)).toBe(files);
      peaks.push(peak);
    }
    const [ofFew = 0, ofMany = 0] = peaks;
    // MB. To hold the item of each of them would take 15, and of a million files a gigabyte.
    expect(ofMany - ofFew).toBeLessThan(12);
  }, 300_000);
});
