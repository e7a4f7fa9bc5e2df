import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { Allowance, LedgerFile, Limits } from "../../src/ledger/ledger.ts";
import { Random } from "../fuzz/random.ts";
import { noLimits, type TestLedger } from "./ledger.ts";
import { bytes, days, files, LedgerScene, seconds } from "./ledger-scene.ts";

/** What every ledger promises of `delete-oldest`, whatever the database behind it. */
export function ledgerEvictContract(name: string, open: (now: () => Date) => Promise<TestLedger>): void {
  // A hook outside would run for the tests of every other contract too.
  describe("eviction", () => eviction(name, open));
}

function eviction(name: string, open: (now: () => Date) => Promise<TestLedger>): void {
  let scene: LedgerScene;
  beforeEach(async () => {
    scene = await LedgerScene.open(open);
  });
  afterEach(() => scene.stop());
  const whenFull = "delete-oldest";
  const user = { user: bytes(100), whenFull } as const;

  describe(`${name}: delete-oldest`, () => {
    test("evicts the oldest complete files when the upload is complete, no more than needed", async () => {
      const oldest = await scene.upload({ size: 30 });
      const second = await scene.upload({ size: 30 });
      const third = await scene.upload({ size: 30 });
      const slot = await scene.slot({ size: 50 }, user);
      expect(await scene.held()).toEqual([140, 4]);
      await scene.finish(slot, user);
      expect(scene.evicted).toEqual([oldest, second]);
      expect(await scene.held()).toEqual([80, 2]);
      expect(await scene.stateOf(third)).toBe("complete");
      const gone = await scene.ledger.pendingDeletion(["example.org"], 10);
      expect(gone.map(({ token }) => token).sort()).toEqual([oldest, second].sort());
    });

    test("loses nothing to slots that are never used, however many are asked for", async () => {
      const domain = { domain: bytes(100), whenFull } as const;
      for (let i = 0; i < 10; i += 1) await scene.upload({ size: 10, jid: `user${i}@example.org` });
      for (let round = 0; round < 5; round += 1) {
        for (let i = 0; i < 20; i += 1) await scene.reserve({ size: 10, jid: "mallory@example.org" }, domain);
        expect(await scene.held("mallory@example.org")).toEqual([100, 10]);
        scene.clock += 120 * seconds;
        for (const { token } of await scene.ledger.toAsk(["example.org"], 100)) {
          await scene.ledger.abandon(token);
        }
      }
      expect(await scene.held()).toEqual([100, 10]);
      expect(scene.evicted).toEqual([]);
    });

    test("grants no more reservations than the limit, and each of them finds its room", async () => {
      for (let i = 0; i < 10; i += 1) await scene.upload({ size: 10 });
      const outcomes = await Promise.all(Array.from({ length: 15 }, () => scene.reserve({ size: 10 }, user)));
      expect(outcomes.filter((outcome) => "evicted" in outcome).length).toBe(10);
      expect(await scene.refused({ size: 1 }, user)).toMatchObject({ over: "user", used: 100, asked: 1 });
      const reserved = (await scene.ledger.files({ limit: 100 })).filter(({ state }) => state === "reserved");
      await Promise.all(reserved.map(({ token }) => scene.finish(token, user)));
      expect(await scene.held()).toEqual([100, 10]);
      expect(new Set(scene.evicted).size).toBe(10);
    });

    test("spares reservations, other users' files, and purposes that may not be deleted", async () => {
      await scene.slot({ size: 30 });
      await scene.upload({ size: 30, purpose: "permanent" });
      await scene.upload({ size: 100, jid: "romeo@example.org" });
      const mine = await scene.upload({ size: 40 });
      await scene.upload({ size: 40 }, user);
      expect(scene.evicted).toEqual([mine]);
      expect((await scene.refused({ size: 50 }, user)).over).toBe("user");
    });

    test("deletes nothing for a request that is refused", async () => {
      await scene.upload({ size: 100 });
      await scene.refused({ size: 101 }, user);
      await scene.refused({ size: 10 }, { ...user, userDaily: bytes(100) });
      await scene.refused({ size: 10 }, { ...user, purpose: bytes(5) });
      expect(await scene.held()).toEqual([100, 1]);
    });

    test("takes the oldest of all users where the domain is full, in the order of their slots", async () => {
      const domain = { domain: bytes(100), whenFull } as const;
      const romeos = await scene.upload({ size: 30, jid: "romeo@example.org" });
      const mine = await scene.upload({ size: 30, purpose: "ephemeral" });
      const other = await scene.upload({ size: 100, domain: "example.net" });
      await scene.upload({ size: 40 });
      await scene.upload({ size: 50 }, domain);
      expect(scene.evicted).toEqual([romeos, mine]);
      expect(await scene.stateOf(other)).toBe("complete");
    });

    test("takes the oldest of all domains where the whole is full", async () => {
      const total = { total: files(4), whenFull } as const;
      const order: string[] = [];
      for (const domain of ["a.example", "b.example", "a.example", "c.example"]) {
        order.push(await scene.upload({ size: 0, domain }));
      }
      for (let i = 0; i < 3; i += 1) await scene.upload({ size: 0, domain: "d.example" }, total);
      expect(scene.evicted).toEqual(order.slice(0, 3));
      expect(await scene.held()).toEqual([0, 4]);
    });

    test("replaces a purpose's own files where nothing else is evicted, and those of no other", async () => {
      const limits = { ...user, purpose: bytes(40) };
      const avatar = await scene.upload({ size: 40, purpose: "profile" });
      const blog = await scene.upload({ size: 40, purpose: "permanent" });
      await scene.upload({ size: 30, purpose: "profile" }, limits);
      expect(scene.evicted).toEqual([avatar]);
      expect((await scene.refused({ size: 40, purpose: "message" }, user)).over).toBe("user");
      expect(await scene.stateOf(blog)).toBe("complete");
    });

    test("evicts many files in several transactions, and the limit holds in the end", async () => {
      const many = { user: bytes(700), whenFull } as const;
      const adopted = Array.from({ length: 700 }, (_, i) => ({
        ...{ token: (0xf000 + i).toString(16).padStart(16, "0"), domain: "example.org", size: 1 },
        ...{ jid: "juliet@example.org", purpose: "message", filename: "a", expires: undefined },
        completed: new Date(scene.clock),
      }));
      await Promise.all(adopted.map((file) => scene.ledger.adopt(file)));
      await scene.upload({ size: 650 }, many);
      expect(scene.evicted.length).toBe(650);
      expect(await scene.held()).toEqual([700, 51]);
    });

    test("lets a late file take its place again, which older ones make for it", async () => {
      const slot = await scene.slot({ size: 60 }, user);
      await scene.ledger.abandon(slot, new Date(scene.clock + days));
      const older = await scene.upload({ size: 90 }, user);
      await scene.finish(slot, user);
      expect(scene.evicted).toEqual([older]);
      expect(await scene.held()).toEqual([60, 1]);
    });

    test("tells a time only for what is in the way", async () => {
      await scene.upload({ size: 40, expires: new Date(scene.clock + 600 * seconds) });
      await scene.slot({ size: 80 }, user);
      const { retryAt } = await scene.refused({ size: 50 }, user);
      expect(retryAt?.getTime()).toBeGreaterThan(scene.clock + 60 * seconds);
      expect(retryAt?.getTime()).toBeLessThan(scene.clock + 90 * seconds);
      await scene.upload({ size: 20, purpose: "permanent", expires: undefined });
      await scene.upload({ size: 70, purpose: "profile", expires: undefined });
      expect((await scene.refused({ size: 50 }, user)).retryAt).toBeUndefined();
    });

    test.each([1, 2, 3, 4])(
      "keeps every limit whatever is asked for, uploaded, given up and deleted in any order (seed %i)",
      async (seed) => {
        const random = new Random(seed);
        for (let step = 0; step < 400; step += 1) await randomStep(scene, random);
      },
    );
  });
}

const limits: Limits = {
  ...noLimits,
  ...{ whenFull: "delete-oldest", purpose: { bytes: 60, files: 6 }, user: { bytes: 100, files: 8 } },
  ...{ domain: { bytes: 150, files: 12 }, total: { bytes: 200, files: 15 } },
};

/** One of the things that happen to a ledger; and then nothing that is complete is over a limit. */
async function randomStep(scene: LedgerScene, random: Random): Promise<void> {
  const all = await scene.ledger.files({ limit: 1000 });
  const of = (state: LedgerFile["state"]) => all.filter((file) => file.state === state);
  const some = (from: readonly LedgerFile[]) => from.filter(() => random.below(3) === 0).slice(0, 4);
  switch (random.below(6)) {
    case 0:
      for (const { token } of some(of("reserved"))) await scene.ledger.abandon(token);
      break;
    case 1:
      await scene.ledger.markForDeletion(some(of("complete")).map(({ token }) => token));
      break;
    case 2:
    case 3:
      await Promise.all(some(of("reserved")).map(({ token }) => scene.finish(token, limits)));
      break;
    default:
      await Promise.all(
        Array.from({ length: 1 + random.below(4) }, () =>
          scene.reserve(
            {
              ...{ domain: random.of(["example.org", "example.net"]), size: random.below(50) },
              jid: random.of(["juliet@example.org", "romeo@example.org"]),
              purpose: random.of(["message", "ephemeral", "profile", "permanent"]),
            },
            limits,
          ),
        ),
      );
  }
  expectWithin(await scene.ledger.files({ limit: 1000 }));
}

function expectWithin(all: readonly LedgerFile[]): void {
  for (const state of ["complete", "reserved"] as const) {
    const some = all.filter((file) => file.state === state);
    const expectEach = (by: (file: LedgerFile) => string, allowed: Allowance): void => {
      for (const group of Map.groupBy(some, by).values()) {
        expect(group.reduce((sum, { size }) => sum + size, 0)).toBeLessThanOrEqual(allowed.bytes ?? 0);
        expect(group.length).toBeLessThanOrEqual(allowed.files ?? 0);
      }
    };
    expectEach(({ domain, jid, purpose }) => `${domain} ${jid} ${purpose}`, limits.purpose);
    expectEach(({ domain, jid }) => `${domain} ${jid}`, limits.user);
    expectEach(({ domain }) => domain, limits.domain);
    expectEach(() => "", limits.total);
  }
}
