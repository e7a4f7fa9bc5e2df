import { expect, test } from "bun:test";
import { ledgerChaos } from "../chaos/ledger.ts";

// npm run test:ledger-chaos does the same for a minute.
test("after kills of either slotd and of PostgreSQL ledger and store agree, and no quota was ever exceeded", async () => {
  const result = await ledgerChaos(10);
  expect(result).toMatchObject({ violations: [], disagreements: [], onlyInLedger: [], onlyInStore: [] });
  for (const kills of Object.values(result.kills)) expect(kills).toBeGreaterThan(0);
  expect(result.answers.slot).toBeGreaterThan(50);
  expect(result.answers["internal-server-error"]).toBeUndefined();
  expect(result.uploads).toBeGreaterThan(20);
}, 120_000);
