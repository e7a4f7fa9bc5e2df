import { expect, test } from "bun:test";
import { hardFiles } from "../moves/hard-names.ts";
import { move } from "../moves/move.ts";
import { moves } from "../moves/moves.ts";
import { moveSamples, sampleMoves } from "../moves/samples.ts";
import { brokenOf } from "../moves/table.ts";

/** Names with spaces, encodings, both forms of letters beyond ASCII, and 200 bytes. */
const files = hardFiles.slice(0, 10);

// `npm run test:moves` does it with seven services, on disk and in a bucket.
test("a migrated Prosody moves, and every old URL answers as before", async () => {
  const { prepare } = moves.find(({ name }) => name === "prosody-migrated") ?? {};
  if (prepare === undefined) throw new Error("no such move");
  const moved = await move({
    ...{ prepare: () => prepare(files), files, hasClients: false },
    backends: [{ name: "disk" }],
  });
  expect(moved.length).toBe(1);
  for (const { comparisons, problems } of moved) {
    expect(comparisons.length).toBeGreaterThan(80);
    expect(brokenOf(comparisons)).toEqual([]);
    expect(problems).toEqual([]);
  }
}, 120_000);

test("every URL of the samples answers as the real services did", async () => {
  const moved = await moveSamples({ name: "disk" });
  expect(moved.map(({ sample }) => sample)).toEqual(sampleMoves.map(({ sample }) => sample));
  for (const { comparisons } of moved) {
    expect(comparisons.length).toBeGreaterThan(10);
    expect(brokenOf(comparisons)).toEqual([]);
  }
}, 120_000);
