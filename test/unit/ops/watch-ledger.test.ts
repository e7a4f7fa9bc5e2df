import { afterEach, expect, test } from "bun:test";
import { Metrics } from "../../../src/ops/metrics.ts";
import { watchLedger } from "../../../src/ops/watch-ledger.ts";
import { openTestLedger } from "../ledger/test-ledger.ts";

let stop: () => Promise<void> = () => Promise.resolve();
afterEach(() => stop());

test("times each call of the ledger under what it is for, in words of the documents", async () => {
  const opened = await openTestLedger(() => new Date());
  stop = opened.stop;
  const metrics = new Metrics();
  const ledger = watchLedger(opened.ledger, { metrics, monotonic: () => 0 });
  await ledger.toAsk(["a.example"], 1);
  await ledger.pendingDeletion(["a.example"], 1);
  await ledger.markForDeletion([]);
  await ledger.sums(["a.example"]);
  const { text } = await metrics.text();
  const operations = [...text.matchAll(/^slotd_ledger_seconds_count\{operation="(.*)"\}/gm)].map((m) => m[1]);
  expect(operations.sort()).toEqual(["delete", "list-due", "list-pending-deletion", "usage"]);
});
