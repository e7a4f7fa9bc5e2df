import { afterEach, beforeEach, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { takeSqliteLock } from "../../../src/lock/sqlite-lock.ts";

let folder: string;
let path: string;
const ended: (() => void)[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "slotd-lock-"));
  path = join(folder, "slotd.lock");
});
afterEach(() => {
  for (const end of ended.splice(0)) end();
  rmSync(folder, { recursive: true });
});

/** Another process that takes the lock. `said` is "held", or why it was not had. */
function other(patience = 0) {
  const child = spawn(process.execPath, [join(import.meta.dirname, "holder.ts"), path, String(patience)]);
  ended.push(() => child.kill("SIGKILL"));
  const said = new Promise<string>((resolve) => {
    child.stdout.once("data", (data: Buffer) => resolve(data.toString().trim()));
  });
  const gone = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
  });
  const kill = () => {
    child.kill("SIGKILL");
    return gone;
  };
  return { said, kill };
}

test("one process has the lock, and one after it once it was given back", async () => {
  const lock = await takeSqliteLock(path);
  await expect(takeSqliteLock(path)).rejects.toMatchObject({ code: "locked", path });
  expect(await other().said).toBe("locked");
  await lock.release();
  await lock.release();
  expect(await lock.follow()).toBe(false);
  expect(await other().said).toBe("held");
});

test("a process that was killed leaves no lock behind, and nothing in the file", async () => {
  const first = other();
  expect(await first.said).toBe("held");
  await expect(takeSqliteLock(path)).rejects.toMatchObject({ code: "locked" });
  await first.kill();
  const lock = await takeSqliteLock(path);
  expect([readdirSync(folder), statSync(path).size]).toEqual([["slotd.lock"], 0]);
  await lock.release();
});

test("of several that start at once one gets it, again and again", async () => {
  for (let round = 0; round < 5; round += 1) {
    const all = [other(), other(), other(), other()];
    const said = await Promise.all(all.map((each) => each.said));
    expect(said.toSorted()).toEqual(["held", "locked", "locked", "locked"]);
    await Promise.all(all.map((each) => each.kill()));
  }
}, 60_000);

test("within one process one of many gets it", async () => {
  const outcomes = await Promise.allSettled(Array.from({ length: 50 }, () => takeSqliteLock(path)));
  const held = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
  expect(held).toHaveLength(1);
  await held[0]?.release();
});

test("who has patience gets it as soon as it is given back, and is told that there is something to wait for", async () => {
  const first = other();
  expect(await first.said).toBe("held");
  let waits = 0;
  const taken = takeSqliteLock(path, { patience: 30_000, onWait: () => waits++ });
  await expect(takeSqliteLock(path, { patience: 120 })).rejects.toMatchObject({ code: "locked" });
  await first.kill();
  await (await taken).release();
  expect(waits).toBe(1);
});

test("it goes along when another folder comes to its place, unless somebody has the lock there", async () => {
  const data = join(folder, "data");
  mkdirSync(data);
  path = join(data, "slotd.lock");
  const lock = await takeSqliteLock(path);
  expect(await lock.follow()).toBe(true);
  renameSync(data, join(folder, "away"));
  mkdirSync(data);
  const somebody = other();
  expect(await somebody.said).toBe("held");
  expect(await lock.follow()).toBe(false);
  await somebody.kill();
  expect(await lock.follow()).toBe(true);
  expect(await other().said).toBe("locked");
  await lock.release();
});

test("what cannot be locked says so, and not that somebody has it", async () => {
  await expect(takeSqliteLock(join(folder, "not", "there"))).rejects.toMatchObject({ code: "no-locks" });
  writeFileSync(path, "This is no database, and must stay as it is.".repeat(100));
  await expect(takeSqliteLock(path)).rejects.toMatchObject({ code: "no-locks" });
});
