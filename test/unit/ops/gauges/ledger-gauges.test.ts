import { expect, test } from "bun:test";
import type { LedgerSums } from "../../../../src/ledger/ledger.ts";
import {
  type GaugedLedger,
  gaugeLedgers,
  type LimitedDomain,
} from "../../../../src/ops/gauges/ledger-gauges.ts";
import { Metrics } from "../../../../src/ops/metrics.ts";

const noLimit = { bytes: undefined, files: undefined };
const nothing = { bytes: 0, files: 0 };

const domain = (name: string, limits: Partial<LimitedDomain> = {}): LimitedDomain => ({
  ...{ name, domain: noLimit, total: noLimit, whenFull: "refuse" },
  ...limits,
});

const ledgerOf = (sums: LedgerSums, ...domains: LimitedDomain[]): GaugedLedger => ({
  ledger: { sums: async () => sums },
  domains,
});

const away = (...domains: LimitedDomain[]): GaugedLedger => ({
  ledger: { sums: () => Promise.reject(new Error("away")) },
  domains,
});

async function series(metrics: Metrics): Promise<string[]> {
  const lines = (await metrics.text()).text.split("\n");
  return lines.filter((line) => /^slotd_(stored|reserved|quota)_/.test(line)).sort();
}

test("tells stored from reserved files, by domain and purpose; a domain without files has its series", async () => {
  const metrics = new Metrics();
  const reserved = { bytes: 30, files: 2 };
  const parts = [
    { domain: "a.example", purpose: "message", bytes: 100, files: 5, reserved },
    { domain: "a.example", purpose: "profile", bytes: 7, files: 1, reserved: nothing },
  ];
  const sums = { parts, total: { bytes: 500, files: 50 } };
  await gaugeLedgers([ledgerOf(sums, domain("a.example"), domain("b.example"))], metrics);
  expect(await series(metrics)).toEqual([
    'slotd_reserved_bytes{domain="a.example",purpose="message"} 30',
    'slotd_reserved_bytes{domain="a.example",purpose="profile"} 0',
    'slotd_reserved_bytes{domain="b.example",purpose="message"} 0',
    'slotd_reserved_files{domain="a.example",purpose="message"} 2',
    'slotd_reserved_files{domain="a.example",purpose="profile"} 0',
    'slotd_reserved_files{domain="b.example",purpose="message"} 0',
    'slotd_stored_bytes{domain="a.example",purpose="message"} 70',
    'slotd_stored_bytes{domain="a.example",purpose="profile"} 7',
    'slotd_stored_bytes{domain="b.example",purpose="message"} 0',
    'slotd_stored_files{domain="a.example",purpose="message"} 3',
    'slotd_stored_files{domain="a.example",purpose="profile"} 1',
    'slotd_stored_files{domain="b.example",purpose="message"} 0',
  ]);
});

test("tells what quotas allow and what of it is used, reservations and all purposes included", async () => {
  const metrics = new Metrics();
  const reserved = { bytes: 30, files: 2 };
  const parts = [
    { domain: "a.example", purpose: "message", bytes: 100, files: 5, reserved },
    { domain: "a.example", purpose: "profile", bytes: 7, files: 1, reserved: nothing },
  ];
  const limited = domain("a.example", {
    domain: { bytes: 1000, files: 60 },
    total: { bytes: 2000, files: undefined },
    whenFull: "delete-oldest",
  });
  await gaugeLedgers([ledgerOf({ parts, total: { bytes: 500, files: 50 } }, limited)], metrics);
  expect((await series(metrics)).filter((line) => line.startsWith("slotd_quota"))).toEqual([
    'slotd_quota_bytes{domain="a.example",scope="domain",when_full="delete-oldest"} 1000',
    'slotd_quota_bytes{domain="a.example",scope="total",when_full="delete-oldest"} 2000',
    'slotd_quota_files{domain="a.example",scope="domain",when_full="delete-oldest"} 60',
    'slotd_quota_used_bytes{domain="a.example",scope="domain"} 107',
    'slotd_quota_used_bytes{domain="a.example",scope="total"} 500',
    'slotd_quota_used_files{domain="a.example",scope="domain"} 6',
  ]);
});

test("forgets limits and domains that are gone, and what a ledger holds that is away", async () => {
  const metrics = new Metrics();
  const sums = { parts: [], total: nothing };
  const limited = domain("a.example", { domain: { bytes: 1, files: 1 }, total: { bytes: 1, files: 1 } });
  await gaugeLedgers([ledgerOf(sums, limited), ledgerOf(sums, domain("b.example"))], metrics);
  expect(await series(metrics)).toHaveLength(16);
  await gaugeLedgers([away(limited), ledgerOf(sums, domain("b.example"))], metrics);
  expect((await series(metrics)).map((line) => /domain="([^"]*)"/.exec(line)?.[1])).toEqual([
    ...["b.example", "b.example", "b.example", "b.example"],
  ]);
  await gaugeLedgers([], metrics);
  expect(await series(metrics)).toEqual([]);
});
