import { afterAll, beforeAll, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { main } from "../../src/cli/main.ts";
import { noLimits } from "../../src/ledger/ledger.ts";
import { type Postgres, startPostgres } from "../peers/servers/postgres.ts";
import { openScene, type Scene } from "../unit/admin/open-domains-fixture.ts";
import { fakeIo } from "../unit/cli/fake-io.ts";

let postgres: Postgres;
let scene: Scene;

beforeAll(async () => {
  postgres = await startPostgres();
  const url = await postgres.makeDatabase("commands");
  scene = await openScene(`ledger.url = ${JSON.stringify(url)}\n`);
}, 60_000);
afterAll(async () => {
  await scene?.stop();
  await postgres?.stop();
});

async function command(...words: string[]) {
  const io = { ...fakeIo(scene.folder), now: () => new Date() };
  const code = await main([...words, "--json"], io);
  expect(io.err()).toBe("");
  return { code, ...JSON.parse(io.out()) };
}

test("the commands work on PostgreSQL, page by page, and advice what differs", async () => {
  const reserved = Array.from({ length: 1100 }, () => scene.reserve({ purpose: "profile" }));
  for (const token of await Promise.all(reserved)) {
    await scene.ledger.complete(token, await scene.put(token), () => noLimits);
  }
  const [bobs, lost, unknown] = [
    await scene.upload({ jid: "bob@example.org" }),
    await scene.upload({ jid: "bob@example.org" }),
    randomBytes(16).toString("hex"),
  ];
  expect(await command("reconcile")).toMatchObject({ code: 0, looked: 1102, differences: [], sums: [] });

  await scene.openDomains.domains[0].inventory.remove([{ token: lost, filename: "a.txt" }]);
  await scene.put(unknown);
  const { code, differences } = await command("reconcile", "--fix");
  const kinds = differences.map((difference: { kind: string }) => difference.kind);
  expect([code, kinds.sort()]).toEqual([0, ["missing", "unknown"]]);
  expect(await command("reconcile")).toMatchObject({ code: 0, looked: 1102, differences: [] });

  expect((await command("files", "--jid", "alice@example.org")).files).toHaveLength(1100);
  expect(await command("purge", "--jid", "alice@example.org")).toMatchObject({
    ...{ code: 0, files: 1100, bytes: 1100 * 32, isWhole: true },
  });
  expect((await command("usage")).total).toEqual({ files: 2, bytes: 64 });
  expect(await scene.store.has(bobs)).toBe(true);
  // What was purged stays in the ledger while its PUT URL may bring it once more.
  expect(await command("reconcile")).toMatchObject({ code: 0, looked: 1102, differences: [], sums: [] });
  expect(await command("purge", "--jid", "alice@example.org")).toMatchObject({ code: 0, files: 0 });
}, 60_000);
