import { afterEach, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rotateSigningKeys } from "../../../src/store/key-rotation.ts";
import { openSigningKeys, type SigningKeys, watchSigningKeys } from "../../../src/store/signing-keys.ts";
import { waitUntil } from "../../peers/process.ts";

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "slotd-rotation-"));
  folders.push(folder);
  return folder;
}

const day = 86_400_000;
const start = Date.parse("2026-03-01T00:00:00Z");
const depsAt = (days: number) => ({ randomBytes, now: () => new Date(start + days * day) });

test("a new key signs, and the former one verifies for seven days after it was retired", async () => {
  const folder = await newFolder();
  const [first] = await openSigningKeys(folder, randomBytes);
  const once = await rotateSigningKeys(folder, false, depsAt(0));
  expect(once).toMatchObject({ verify: [first.accessKeyId], removed: [] });
  expect((await openSigningKeys(folder, randomBytes)).map((key) => key.accessKeyId)).toEqual([
    once.signs,
    first.accessKeyId,
  ]);
  const twice = await rotateSigningKeys(folder, false, depsAt(6.9));
  expect(twice).toMatchObject({ verify: [once.signs, first.accessKeyId], removed: [] });
  const later = await rotateSigningKeys(folder, false, depsAt(7.1));
  expect(later).toMatchObject({ verify: [twice.signs, once.signs], removed: [first.accessKeyId] });
  expect(await readdir(folder)).toEqual(["signing-keys.json"]);
  expect((await stat(join(folder, "signing-keys.json"))).mode & 0o777).toBe(0o600);
});

test("a key that has become known can be forgotten at once", async () => {
  const folder = await newFolder();
  const [first] = await openSigningKeys(folder, randomBytes);
  const rotation = await rotateSigningKeys(folder, true, depsAt(0));
  expect(rotation).toMatchObject({ verify: [], removed: [first.accessKeyId] });
  expect(await openSigningKeys(folder, randomBytes)).toHaveLength(1);
});

test("a damaged file stays as it is", async () => {
  const folder = await newFolder();
  const path = join(folder, "signing-keys.json");
  await writeFile(path, "{}");
  await expect(rotateSigningKeys(folder, false, depsAt(0))).rejects.toMatchObject({ code: "damaged" });
  expect(await readFile(path, "utf8")).toBe("{}");
});

test("a slotd that runs has the new keys soon; damage leaves it the former ones", async () => {
  const folder = await newFolder();
  const problems: unknown[] = [];
  const onProblem = (error: unknown) => problems.push(error);
  const watched = await watchSigningKeys(folder, randomBytes, { onProblem, interval: 5 });
  try {
    const { signs } = await rotateSigningKeys(folder, false, depsAt(0));
    await waitUntil("the new key", () => watched.value[0].accessKeyId === signs);
    expect(watched.value).toHaveLength(2);
    await writeFile(join(folder, "signing-keys.json"), "");
    await waitUntil("the problem", () => problems.length > 0);
    expect(watched.value[0].accessKeyId).toBe(signs);
    await expect(watched.refresh()).rejects.toMatchObject({ code: "damaged" });
  } finally {
    watched.stop();
  }
});

test("keys whose file is gone stay in force, and no others are made in its place; they change when it is back", async () => {
  const folder = await newFolder();
  const changes: string[] = [];
  const onProblem = (error: unknown) => {
    throw error;
  };
  const onChange = ([{ accessKeyId }]: SigningKeys) => changes.push(accessKeyId);
  const watched = await watchSigningKeys(folder, randomBytes, { onProblem, onChange, interval: 5 });
  try {
    const [first] = watched.value;
    await rename(folder, `${folder}-away`);
    await mkdir(folder);
    await watched.refresh();
    // Several looks later nothing has changed either.
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(watched.value).toEqual([first]);
    expect(await readdir(folder)).toEqual([]);
    await rm(folder, { recursive: true });
    await rename(`${folder}-away`, folder);
    // Back, they are the same: that is no change.
    await new Promise((resolve) => setTimeout(resolve, 50));
    const { signs } = await rotateSigningKeys(folder, false, depsAt(0));
    await waitUntil("the new key", () => watched.value[0].accessKeyId === signs);
    expect(changes).toEqual([signs]);
  } finally {
    watched.stop();
  }
});
