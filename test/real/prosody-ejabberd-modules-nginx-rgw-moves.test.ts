import { afterAll, beforeAll, expect, test } from "bun:test";
import { hardFiles } from "../moves/hard-names.ts";
import { move } from "../moves/move.ts";
import { moves } from "../moves/moves.ts";
import { moveSamples, sampleMoves } from "../moves/samples.ts";
import type { Backend } from "../moves/slotd-target.ts";
import { brokenOf } from "../moves/table.ts";
import { type Rgw, startRgw } from "../peers/servers/rgw.ts";

let rgw: Rgw;

beforeAll(async () => {
  rgw = await startRgw();
}, 60_000);
afterAll(() => rgw?.stop());

const short = ["prosody-migrated", "ejabberd-sha1"];
/** Names with spaces, encodings, both forms of letters beyond ASCII, and 200 bytes. */
const files = hardFiles.slice(0, 10);

test.each(moves.filter(({ name }) => short.includes(name)).map((each) => [each.name, each] as const))(
  "%s moves, and every old URL answers as before",
  async (name, { prepare }) => {
    // One into a bucket and one to disk is enough for the short form; test:moves does both with all.
    const backends: Backend[] = [name === "ejabberd-sha1" ? { name: "RGW", rgw } : { name: "disk" }];
    const moved = await move({
      prepare: () => prepare(files),
      files,
      hasClients: name === "ejabberd-sha1",
      backends,
    });
    expect(moved.map(({ backend }) => backend)).toEqual(backends.map(({ name }) => name));
    for (const { comparisons, problems } of moved) {
      expect(comparisons.length).toBeGreaterThan(80);
      expect(brokenOf(comparisons)).toEqual([]);
      expect(problems).toEqual([]);
    }
  },
  120_000,
);

test("every URL of the samples answers as the real services did", async () => {
  const moved = await moveSamples({ name: "disk" });
  expect(moved.map(({ sample }) => sample)).toEqual(sampleMoves.map(({ sample }) => sample));
  for (const { comparisons } of moved) {
    expect(comparisons.length).toBeGreaterThan(10);
    expect(brokenOf(comparisons)).toEqual([]);
  }
}, 120_000);
