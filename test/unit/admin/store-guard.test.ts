import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StoreGuard } from "../../../src/admin/store-guard.ts";
import type { StoreToMatch } from "../../../src/admin/store-match.ts";
import { LedgerAwayError } from "../../../src/ledger/errors.ts";
import { diskIdentity } from "../../../src/store/disk/disk-identity.ts";
import { diskInventory } from "../../../src/store/disk/disk-inventory.ts";
import { openDiskStore } from "../../../src/store/disk/disk-store.ts";
import { S3RequestError } from "../../../src/store/s3/s3-answer.ts";
import type { FoundIdentity, StoreIdentity } from "../../../src/store/store-identity.ts";
import { noLimits, type TestLedger } from "../../contract/ledger.ts";
import { bodyOf, meta } from "../../contract/object-store.ts";
import { openTestLedger } from "../ledger/test-ledger.ts";

let folder: string;
let opened: TestLedger;
const away = () => `${folder}-away`;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "slotd-guard-"));
  opened = await openTestLedger(() => new Date());
});
afterEach(async () => {
  await opened.stop();
  await rm(folder, { recursive: true, force: true });
  await rm(away(), { recursive: true, force: true });
});

/** As an unmounted volume looks: the folder is there, and empty. */
function unmount(): void {
  renameSync(folder, away());
  mkdirSync(folder);
}

function mount(): void {
  rmSync(folder, { recursive: true });
  renameSync(away(), folder);
}

interface Change extends Partial<StoreToMatch> {
  readonly mayWrite?: boolean;
  readonly id?: string;
}

function guardOf({ mayWrite = true, id, ...change }: Change = {}): StoreGuard {
  const identity = diskIdentity(folder, { randomBytes });
  const { ledger } = opened;
  const store = { ledger, domains: ["example.org"], identity, inventory: diskInventory(folder), ...change };
  return new StoreGuard(store, {
    mayWrite: () => mayWrite,
    newId: () => id ?? randomBytes(16).toString("hex"),
    monotonic: () => performance.now(),
  });
}

/** What an upload by way of slotd comes to. */
async function upload(domain = "example.org"): Promise<string> {
  const token = randomBytes(16).toString("hex");
  const store = await openDiskStore(folder, { now: () => new Date(), randomBytes });
  await store.put(meta({ token, size: 5 }), bodyOf("hello"));
  await enter(token, domain);
  return token;
}

async function enter(token: string, domain = "example.org"): Promise<void> {
  const about = {
    domain,
    jid: `juliet@${domain}`,
    purpose: "message",
    filename: "a.txt",
    expires: undefined,
  };
  await opened.ledger.reserve(
    { ...about, token, size: 5, putUntil: new Date(Date.now() + 60_000) },
    noLimits,
  );
  await opened.ledger.complete(token, 5, () => noLimits);
}

const idInStore = () => JSON.parse(readFileSync(join(folder, "store-identity.json"), "utf8")).id;
const idInLedger = async (domain = "example.org") => (await opened.ledger.storeIds([domain])).get(domain);
const may = (guard: StoreGuard, domain = "example.org") => [guard.mayStore(domain), guard.mayForget(domain)];
const object = (token: string) => ({ token, filename: "a.txt" });

describe("a store for which the ledger has no files", () => {
  test("gets an identity, which the ledger knows from then on; a command writes none", async () => {
    const command = guardOf({ mayWrite: false });
    await command.look();
    expect([may(command), await idInLedger()]).toEqual([[true, true], undefined]);
    const guard = guardOf();
    await guard.look();
    expect(may(guard)).toEqual([true, true]);
    expect(await idInLedger()).toBe(idInStore());
  });

  test("keeps the identity that another one wrote, also when two write at once", async () => {
    const guards = [guardOf(), guardOf(), guardOf({ domains: ["example.net"] })];
    await Promise.all(guards.map((guard) => guard.look()));
    await Promise.all(guards.map((guard) => guard.look()));
    expect([await idInLedger(), await idInLedger("example.net")]).toEqual([idInStore(), idInStore()]);
    expect(new Set(guards.map(({ identity }) => identity)).size).toBe(1);
  });

  test("may have an identity that is damaged; it is written anew", async () => {
    for (const text of ["", "{", '{"id":5}', '{"id":"../../etc"}', "x".repeat(10_000)]) {
      writeFileSync(join(folder, "store-identity.json"), text);
      await guardOf().look();
      expect(idInStore()).toMatch(/^[0-9a-f]{32}$/);
    }
  });
});

describe("a store without an identity", () => {
  test("is recognised by some of the ledger's files", async () => {
    for (let i = 0; i < 5; i += 1) await upload();
    // One of them was removed by hand.
    await enter(randomBytes(16).toString("hex"));
    const guard = guardOf();
    await guard.look();
    expect(guard.match?.verdicts.get("example.org")).toBe("recognised");
    expect([may(guard), await idInLedger()]).toEqual([[true, true], idInStore()]);
  });

  test("is recognised when a rule of the store has removed it, and gets the same again", async () => {
    await upload();
    await guardOf().look();
    const id = idInStore();
    rmSync(join(folder, "store-identity.json"));
    const guard = guardOf({ id: "0123456789abcdef" });
    await guard.look();
    expect([idInStore(), await idInLedger()]).toEqual([id, id]);
  });

  test("is another one when none of the ledger's files is there: nothing is written, taken or forgotten", async () => {
    const token = await upload();
    unmount();
    const guard = guardOf();
    await guard.look();
    expect([may(guard), await idInLedger()]).toEqual([[false, false], undefined]);
    expect(() => idInStore()).toThrow("ENOENT");
    const inventory = guard.inventoryFor("example.org");
    await expect(inventory.sizeOf(object(token))).rejects.toMatchObject({ code: "other-store" });
    await expect(inventory.remove([object(token)])).rejects.toMatchObject({ code: "other-store" });
    await expect(Array.fromAsync(inventory.list())).rejects.toMatchObject({ code: "other-store" });
    mount();
    await guard.look();
    expect([may(guard), await idInLedger()]).toEqual([[true, true], idInStore()]);
    expect(await inventory.sizeOf(object(token))).toBe(5);
    expect(await inventory.remove([object(token)])).toEqual([]);
  });

  test("is another one also by files that only wait for their removal", async () => {
    await opened.ledger.markForDeletion([await upload()]);
    unmount();
    const guard = guardOf();
    await guard.look();
    expect(may(guard)).toEqual([false, false]);
  });
});

describe("a store that goes away", () => {
  test("between two looks: what is missing there counts for nothing, whenever that was", async () => {
    const tokens = [await upload(), await upload()];
    const guard = guardOf();
    await guard.look();
    const inventory = guard.inventoryFor("example.org");
    unmount();
    expect(may(guard)).toEqual([true, true]);
    await expect(inventory.sizeOf(object(tokens[0]!))).rejects.toMatchObject({ code: "other-store" });
    expect(may(guard)).toEqual([false, false]);
    mount();
    expect(await inventory.remove([object(tokens[0]!)])).toEqual([]);
    expect(await inventory.sizeOf(object(tokens[0]!))).toBeUndefined();
  });

  test("in the middle of a removal: what it seemed to remove is not taken for removed", async () => {
    const token = await upload();
    const raw = diskInventory(folder);
    const remove: typeof raw.remove = async (objects) => {
      unmount();
      return raw.remove(objects);
    };
    const guard = guardOf({ inventory: { ...raw, remove } });
    await guard.look();
    const removal = guard.inventoryFor("example.org").remove([object(token)]);
    await expect(removal).rejects.toMatchObject({ code: "other-store" });
    mount();
    expect(await raw.sizeOf(object(token))).toBe(5);
  });

  test("and another one with an identity of its own comes in its place", async () => {
    await upload();
    await guardOf().look();
    unmount();
    await diskIdentity(folder, { randomBytes }).write("0123456789abcdef0123456789abcdef");
    const guard = guardOf();
    await guard.look();
    expect(may(guard)).toEqual([false, false]);
    expect(guard.problem("example.org")).toContain("another identity (01234567…)");
    await guard.accept();
    expect([may(guard), await idInLedger()]).toEqual([[true, true], "0123456789abcdef0123456789abcdef"]);
  });
});

describe("domains that share a store", () => {
  const domains = ["example.org", "example.net"];

  test("have one identity; one that comes later has it too, and one with no files yet does not make it right", async () => {
    await upload();
    await guardOf().look();
    const both = guardOf({ domains });
    await both.look();
    expect(await idInLedger("example.net")).toBe(idInStore());
    unmount();
    const fresh = guardOf({ domains: [...domains, "example.com"] });
    await fresh.look();
    expect([...domains, "example.com"].map((domain) => may(fresh, domain)[0])).toEqual([false, false, false]);
    expect(await idInLedger("example.com")).toBeUndefined();
  });

  test("are told apart: one whose files are elsewhere is refused by itself", async () => {
    await upload();
    await enter(randomBytes(16).toString("hex"), "example.net");
    const guard = guardOf({ domains });
    await guard.look();
    expect(domains.map((domain) => may(guard, domain))).toEqual([
      [true, true],
      [false, false],
    ]);
    expect(guard.problem("example.net")).toContain("has files of example.net");
    expect(guard.problem("example.org")).toBeUndefined();
    expect(await idInLedger("example.net")).toBeUndefined();
  });
});

describe("what cannot be asked", () => {
  test("a ledger that is away at the start: uploads are taken where there is an identity", async () => {
    const ledger = new Proxy(opened.ledger, {
      get: (target, name) =>
        name === "storeIds"
          ? () => Promise.reject(new LedgerAwayError("unplugged"))
          : Reflect.get(target, name),
    });
    const guard = guardOf({ ledger });
    await expect(guard.look()).rejects.toMatchObject({ code: "ledger-away" });
    expect(may(guard)).toEqual([false, false]);
    await guardOf().look();
    await expect(guard.look()).rejects.toMatchObject({ code: "ledger-away" });
    expect(may(guard)).toEqual([true, false]);
  });

  test("a store that fails: what was known holds, and nothing is forgotten", async () => {
    await upload();
    let fails = false;
    const real = diskIdentity(folder, { randomBytes });
    const read = async () => {
      if (fails) throw new Error("the store is overloaded");
      return real.read();
    };
    const guard = guardOf({ identity: { ...real, read } });
    await guard.look();
    fails = true;
    const missing = guard.inventoryFor("example.org").sizeOf(object("00000000000000ff"));
    await expect(missing).rejects.toThrow("overloaded");
    expect(guard.mayStore("example.org")).toBe(true);
  });

  const denied = (written: string[] = []): StoreIdentity => ({
    read: async (): Promise<FoundIdentity> => ({ is: "denied" }),
    write: async (id) => written.push(id) > 0,
    renew: async () => false,
  });
  const blind = () => {
    const refuse = () => Promise.reject(new S3RequestError("denied", "HEAD was answered with 403"));
    return { ...diskInventory(folder), sizeOf: refuse };
  };

  test("credentials that may only PUT: uploads go on, and it is known that nothing is known", async () => {
    await upload();
    const guard = guardOf({ identity: denied(), inventory: blind() });
    await guard.look();
    expect([may(guard), guard.match?.verdicts.get("example.org"), await idInLedger()]).toEqual([
      [true, true],
      "unknown",
      undefined,
    ]);
  });

  test("credentials that could look and cannot any more: uploads go on, nothing is forgotten", async () => {
    const token = await upload();
    await guardOf().look();
    const guard = guardOf({ identity: denied(), inventory: blind() });
    await guard.look();
    expect(may(guard)).toEqual([true, false]);
    await expect(guard.inventoryFor("example.org").remove([object(token)])).rejects.toMatchObject({
      code: "other-store",
    });
  });

  test("a store that takes no identity is judged by its files each time", async () => {
    await upload();
    const read = async (): Promise<FoundIdentity> => ({ is: "none" });
    const guard = guardOf({ identity: { read, write: async () => false, renew: async () => false } });
    await guard.look();
    expect([may(guard), guard.identity, await idInLedger()]).toEqual([[true, true], undefined, undefined]);
    unmount();
    await guard.look();
    expect(may(guard)).toEqual([false, false]);
  });
});
