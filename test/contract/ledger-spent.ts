import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { addressToken } from "../../src/address/address-token.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import type { TestLedger } from "./ledger.ts";

const space = "upload.example.org/files";
const tokens = Array.from({ length: 600 }, (_, i) => addressToken(space, `path ${i}`));
const [a = "", b = "", c = ""] = tokens;

/** What every ledger promises about addresses whose files were deleted, whatever the database behind it. */
export function ledgerSpentContract(name: string, open: (now: () => Date) => Promise<TestLedger>): void {
  describe(`${name}: spent addresses`, () => {
    let opened: TestLedger;
    let ledger: Ledger;
    beforeEach(async () => {
      opened = await open(() => new Date());
      ledger = opened.ledger;
    });
    afterEach(() => opened.stop());

    test("are remembered, each alone, and by another slotd too", async () => {
      await ledger.addSpent([a, b, a]);
      await ledger.addSpent([a]);
      const other = await opened.again();
      for (const each of [ledger, other]) {
        expect([await each.isSpent(a), await each.isSpent(b), await each.isSpent(c)]).toEqual([
          true,
          true,
          false,
        ]);
      }
    });

    test("are free for a secret that came after them, and spent again for the one before", async () => {
      const first = await ledger.secretGeneration(space, "one");
      await ledger.addSpent([a]);
      const second = await ledger.secretGeneration(space, "two");
      await ledger.addSpent([b]);
      expect([await ledger.isSpent(a, second), await ledger.isSpent(b, second)]).toEqual([false, true]);
      const again = await (await opened.again()).secretGeneration(space, "one");
      expect(again).toBe(first);
      expect([await ledger.isSpent(a, again), await ledger.isSpent(b, again)]).toEqual([true, true]);
      await ledger.addSpent([a]);
      expect(await ledger.isSpent(a, second)).toBe(true);
    });

    test("that were spent before an address space had its first secret stay spent for it", async () => {
      await ledger.secretGeneration("other.example.org", "one");
      await ledger.secretGeneration("other.example.org", "two");
      await ledger.addSpent([a]);
      const generation = await ledger.secretGeneration(space, "one");
      expect(await ledger.isSpent(a, generation)).toBe(true);
    });

    test("are written by several slotd at once, each once", async () => {
      const other = await opened.again();
      await Promise.all([
        ledger.addSpent(tokens),
        other.addSpent(tokens.toReversed()),
        ledger.secretGeneration(space, "x"),
      ]);
      for (const token of tokens) expect(await other.isSpent(token)).toBe(true);
    });
  });
}
