import { beforeEach, describe, expect, test } from "bun:test";
import { type Files, nodeFiles } from "../../../../src/store/disk/disk-files.ts";
import { FreeSpace, type Room } from "../../../../src/store/disk/free-space.ts";
import { Random } from "../../../fuzz/random.ts";

const [mib, gib] = [1024 ** 2, 1024 ** 3];
const reserve = 256 * mib;
const piece = 256 * 1024;
const seconds = 1000;

let clock = 0;
let free = 0;
let space: FreeSpace;

/** A disk with so much room beside the reserve. */
function disk(room: number): void {
  clock = 0;
  free = room + reserve;
  const statfs = (() => ({ bavail: Math.floor(free / 4096), bsize: 4096 })) as unknown as Files["statfs"];
  space = new FreeSpace("/", reserve, { files: { ...nodeFiles, statfs }, monotonic: () => clock });
}

/** Writes so much, piece by piece. Gives false when there is no room. */
function write(room: Room, bytes: number): boolean {
  for (let left = bytes; left > 0; left -= piece) {
    free -= Math.min(piece, left);
    if (!room.use(Math.min(piece, left))) return false;
  }
  return true;
}

/** Lets it come at this pace, in bytes a second, for so many seconds. */
function come(room: Room, pace: number, time: number): boolean {
  for (let second = 0; second < time; second += 1) {
    clock += 1 * seconds;
    if (!write(room, pace)) return false;
  }
  return true;
}

const promised = (size: number): Room => {
  const room = space.promise(size);
  if (room === undefined) throw new Error("there is no room");
  return room;
};

beforeEach(() => disk(100 * gib));

describe("an upload that announces much and brings little", () => {
  test("takes 16 MiB from the others", () => {
    promised(65 * gib);
    expect(space.promise(100 * gib - 15 * mib)).toBeUndefined();
    expect(space.promise(100 * gib - 16 * mib)).toBeDefined();
  });

  test("takes no more when it drips", () => {
    const room = promised(65 * gib);
    for (let minute = 0; minute < 60; minute += 1) {
      clock += 60 * seconds;
      room.use(60);
    }
    expect(space.promise(99 * gib)).toBeDefined();
  });

  test("takes with as many others as it likes a quarter of the room", () => {
    for (let at = 0; at < 20_000; at += 1) space.promise(65 * gib);
    clock += 2 * seconds;
    expect(space.promise(74 * gib)).toBeDefined();
  });

  test("gives back what it was promised when it stops", () => {
    const room = promised(65 * gib);
    expect(come(room, 40 * mib, 60)).toBe(true);
    expect(space.promise(80 * gib)).toBeUndefined();
    clock += 61 * seconds;
    expect(space.promise(97 * gib)).toBeDefined();
  });
});

describe("an upload that keeps its pace", () => {
  test("has its room before others can take it", () => {
    disk(9 * gib);
    const room = promised(8 * gib);
    expect(come(room, 20 * mib, 30)).toBe(true);
    const left = 8 * gib - 600 * mib;
    expect(space.promise(2 * gib)).toBeUndefined();
    const other = promised(gib);
    expect(come(other, 10 * mib, 102)).toBe(true);
    expect(come(room, 20 * mib, Math.ceil(left / (20 * mib)))).toBe(true);
  });

  test("ends where the disk was filled by somebody else, and gives its room back", () => {
    disk(2 * gib);
    const room = promised(gib);
    free = reserve + 10 * mib;
    expect(come(room, 5 * mib, 60)).toBe(false);
    room.release();
    room.release();
    free = reserve + gib;
    expect(space.promise(gib)).toBeDefined();
  });

  test("is told at once when its whole size does not fit", () => {
    disk(gib);
    expect(space.promise(gib + 4096)).toBeUndefined();
    expect(space.promise(gib)).toBeDefined();
  });
});

test("without a reserve nothing is counted", () => {
  const files = { ...nodeFiles, statfs: (() => expect.unreachable()) as unknown as Files["statfs"] };
  const none = new FreeSpace("/", 0, { files, monotonic: () => 0 });
  expect(none.promise(65 * gib)?.use(1)).toBe(true);
});

interface Simulated {
  readonly room: Room;
  readonly pace: number;
  readonly size: number;
  left: number;
}

/**
 * Honest uploads that come and go for an hour; `silent` others announce a twentieth of the disk each and bring nothing.
 */
function crowd(seed: number, capacity: number, silent: number) {
  disk(capacity);
  const random = new Random(seed);
  const counts = { admitted: 0, refused: 0, failed: 0, done: 0, largeDone: 0, largeFailed: 0 };
  const lurkers = () => Array.from({ length: silent }, () => space.promise(capacity / 20));
  let lurking = lurkers();
  let underWay: Simulated[] = [];
  for (let second = 0; second < 3600; second += 1) {
    clock += 1 * seconds;
    // Cut off for their pace, and back at once.
    if (second % 30 === 0) {
      for (const room of lurking) room?.release();
      lurking = lurkers();
    }
    if (random.below(4) === 0) {
      const size = mib * (1 + random.below(random.below(20) === 0 ? 4096 : 64));
      const room = space.promise(size);
      counts[room === undefined ? "refused" : "admitted"] += 1;
      if (room !== undefined) underWay.push({ room, size, left: size, pace: mib * (0.25 + random.below(8)) });
    }
    underWay = underWay.filter((upload) => {
      const bytes = Math.min(upload.left, upload.pace);
      upload.left -= bytes;
      const goesOn = write(upload.room, bytes);
      if (goesOn && upload.left > 0) return true;
      upload.room.release();
      counts[goesOn ? "done" : "failed"] += 1;
      if (upload.size > 64 * mib) counts[goesOn ? "largeDone" : "largeFailed"] += 1;
      if (!goesOn) free += upload.size - upload.left;
      // Stored files leave again, so that the disk stays about full.
      else free += random.below(20) === 0 ? 0 : upload.size;
      return false;
    });
  }
  return counts;
}

test.each([1, 2, 3, 4])(
  "of a crowd on a disk that is about full hardly an upload fails on its way, seed %i",
  (seed) => {
    const { admitted, refused, failed, done, largeFailed } = crowd(seed, 3 * gib, 0);
    expect(refused).toBeGreaterThan(10);
    expect(done).toBeGreaterThan(500);
    expect(failed / admitted).toBeLessThan(0.02);
    expect(largeFailed).toBeLessThan(2);
  },
);

test("a thousand that bring nothing make the crowd lose little", () => {
  const alone = crowd(5, 10 * gib, 0);
  const besieged = crowd(5, 10 * gib, 1000);
  expect(alone.done).toBeGreaterThan(500);
  expect(besieged.done).toBeGreaterThan(0.9 * alone.done);
  expect(besieged.failed / besieged.admitted).toBeLessThan(0.02);
});
