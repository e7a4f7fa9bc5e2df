import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { hardFiles } from "../moves/hard-names.ts";
import { move } from "../moves/move.ts";
import { moves } from "../moves/moves.ts";
import { moveSample, sampleMoves } from "../moves/samples.ts";
import { brokenOf } from "../moves/table.ts";
import { type Rgw, startRgw } from "../peers/servers/rgw.ts";

let rgw: Rgw;

beforeAll(async () => {
  rgw = await startRgw();
}, 60_000);
afterAll(() => rgw?.stop());

const short = ["prosody-sqlite", "prosody-migrated", "ejabberd-sha1"];
/** Names with spaces, encodings, both forms of letters beyond ASCII, and 200 bytes. */
const files = hardFiles.slice(0, 12);

test.each(moves.filter(({ name }) => short.includes(name)).map((each) => [each.name, each] as const))(
  "%s moves into a folder and into a bucket, and every old URL answers as before",
  async (name, { prepare }) => {
    const moved = await move({
      prepare: () => prepare(files),
      files,
      hasClients: name === "prosody-sqlite",
      backends: [{ name: "disk" }, { name: "RGW", rgw }],
    });
    expect(moved.map(({ backend }) => backend)).toEqual(["disk", "RGW"]);
    for (const { comparisons, problems } of moved) {
      expect(comparisons.length).toBeGreaterThan(100);
      expect(brokenOf(comparisons)).toEqual([]);
      expect(problems).toEqual([]);
    }
  },
  120_000,
);

describe.each(sampleMoves)("the sample $sample", (sample) => {
  test("is imported, and every URL answers as the real service did", async () => {
    const comparisons = await moveSample(sample, { name: "disk" });
    expect(comparisons.length).toBeGreaterThan(10);
    expect(brokenOf(comparisons)).toEqual([]);
  });
});
