import { describe, expect, test } from "bun:test";
import { PacedReads } from "../../../src/xmpp/paced-reads.ts";

/** Reads of which each slice takes a millisecond; what happened, in its order. */
function paced() {
  const told: string[] = [];
  let now = 0;
  const bytes: number[] = [];
  const socket = { pause: () => told.push("pause"), resume: () => told.push("resume") };
  const reads = new PacedReads(socket, () => now, {
    take(slice) {
      now += 1;
      bytes.push(...slice);
      told.push(`slice of ${slice.length}`);
    },
    endTurn: () => told.push("turn ends"),
  });
  return { told, bytes, reads, done: () => new Promise<void>((resolve) => reads.whenDone(resolve)) };
}

const numbered = (length: number, first = 0): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => (first + index) % 251);

describe("reads", () => {
  test("that are small are handed on at once", () => {
    const { told, reads } = paced();
    reads.read(numbered(10));
    reads.read(numbered(20));
    expect(told).toEqual(["slice of 10", "turn ends", "slice of 20", "turn ends"]);
  });

  test("that are large are handed on in slices and turns, and the socket waits meanwhile", async () => {
    const { told, bytes, reads, done } = paced();
    reads.read(numbered(50_000));
    told.push("others");
    // Some systems hand out one more read after a pause.
    reads.read(numbered(10, 50_000));
    await done();
    const slice = "slice of 8192";
    expect(told).toEqual([
      ...[slice, slice, slice, slice, "turn ends", "pause", "others"],
      ...[slice, slice, "slice of 848", "slice of 10", "turn ends", "resume"],
    ]);
    expect(bytes).toEqual([...numbered(50_010)]);
  });

  test("are done at once when nothing waits", () => {
    const { told, reads } = paced();
    reads.whenDone(() => told.push("done"));
    reads.read(numbered(1));
    reads.whenDone(() => told.push("done"));
    expect(told).toEqual(["done", "slice of 1", "turn ends", "done"]);
  });
});
