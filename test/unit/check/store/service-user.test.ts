import { afterAll, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findServiceUser, findUnusable } from "../../../../src/check/store/service-user.ts";

const root = mkdtempSync(join(tmpdir(), "slotd-service-user-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const passwd = join(root, "passwd");
const group = join(root, "group");
writeFileSync(
  passwd,
  "root:x:0:0::/root:/bin/sh\nslotd:x:991:990::/:/bin/false\nbob:x:1001:1001::/:/bin/sh\n",
);
writeFileSync(group, "root:x:0:\nslotd:x:990:\nfiles:x:77:slotd,bob\nothers:x:78:bob\n");

test("the user is that of the slotd that runs, else the folder's owner, else the usual one", async () => {
  const nowhere = join(root, "nowhere");
  const find = (runningUid: number | undefined, folder: string) =>
    findServiceUser({ runningUid, folder, passwd, group });
  expect(await find(1001, root)).toEqual({ uid: 1001, name: "bob", gids: new Set([1001, 77, 78]) });
  expect(await find(undefined, nowhere)).toEqual({ uid: 991, name: "slotd", gids: new Set([990, 77]) });
  expect(await find(4711, nowhere)).toEqual({ uid: 4711, name: "4711", gids: new Set() });
  expect(await findServiceUser({ runningUid: undefined, folder: nowhere, passwd: nowhere })).toBeUndefined();
});

test("finds what another user has made, down to the folders of objects, and nothing that is as it should be", async () => {
  const folder = join(root, "data");
  const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  mkdirSync(join(folder, "objects", "ab"), { recursive: true, mode: 0o750 });
  const keys = join(folder, "signing-keys.json");
  writeFileSync(keys, "{}", { mode: 0o600 });
  const unusable = async (user: { uid: number; gids: number[] }) =>
    (await findUnusable({ name: "x", uid: user.uid, gids: new Set(user.gids) }, folder, undefined)).map(
      ({ path }) => path.slice(folder.length),
    );
  const other = uid + 1;
  chmodSync(folder, 0o770);
  chmodSync(join(folder, "objects"), 0o777);
  expect(await unusable({ uid: other, gids: [gid] })).toEqual(["/signing-keys.json", "/objects/ab"]);
  expect(await unusable({ uid: other, gids: [] })).toEqual(["", "/signing-keys.json", "/objects/ab"]);
  chmodSync(keys, 0o660);
  chmodSync(join(folder, "objects", "ab"), 0o770);
  expect(await unusable({ uid: other, gids: [gid] })).toEqual([]);
  // The class of the owner comes first, whatever others may.
  chmodSync(keys, 0o066);
  if (uid !== 0) expect(await unusable({ uid, gids: [] })).toEqual(["/signing-keys.json"]);
});
