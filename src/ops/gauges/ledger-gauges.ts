import type { Allowance, Holding, Ledger, LedgerSums, Limits } from "../../ledger/ledger.ts";
import type { LabelsOf } from "../metric-list.ts";
import type { Metrics, Sample } from "../metrics.ts";

/** A served domain, and what its quotas allow. */
export interface LimitedDomain extends Pick<Limits, "domain" | "total" | "whenFull"> {
  readonly name: string;
}

/** A ledger, and the served domains that it is of. */
export interface GaugedLedger {
  readonly ledger: Pick<Ledger, "sums">;
  readonly domains: readonly LimitedDomain[];
}

/**
 * Asks each ledger what is held, and sets what is stored, reserved and allowed. What is not known has no series: of a
 * ledger that is away, and of domains that are not asked about any more. Costs a few rows for each domain, however many
 * files there are. Never throws; failures of a ledger are told elsewhere.
 */
export async function gaugeLedgers(ledgers: readonly GaugedLedger[], metrics: Metrics): Promise<void> {
  const looks = await Promise.all(
    ledgers.map(async ({ ledger, domains }) => ({
      domains,
      sums: await ledger.sums(domains.map(({ name }) => name)).catch(() => undefined),
    })),
  );
  const samples = noSamples();
  for (const { domains, sums } of looks) {
    if (sums === undefined) continue;
    addHeld(samples, domains, sums);
    addQuotas(samples, domains, sums);
  }
  const replace = <Key extends GaugeKey>(key: Key) => metrics.replace<Key>(key, samples[key]);
  for (const key of keys) await replace(key);
}

const keys = [
  ...(["storedBytes", "storedFiles", "reservedBytes", "reservedFiles"] as const),
  ...(["quotaBytes", "quotaFiles", "quotaUsedBytes", "quotaUsedFiles"] as const),
];

type GaugeKey = (typeof keys)[number];

type Samples = { readonly [Key in GaugeKey]: Sample<Key>[] };

function noSamples(): Samples {
  return {
    ...{ storedBytes: [], storedFiles: [], reservedBytes: [], reservedFiles: [] },
    ...{ quotaBytes: [], quotaFiles: [], quotaUsedBytes: [], quotaUsedFiles: [] },
  };
}

const nothing: Holding = { bytes: 0, files: 0 };

function addHeld(samples: Samples, domains: readonly LimitedDomain[], { parts }: LedgerSums): void {
  const add = (labels: LabelsOf<"storedBytes">, held: Holding, reserved: Holding): void => {
    samples.storedBytes.push({ labels, value: held.bytes - reserved.bytes });
    samples.storedFiles.push({ labels, value: held.files - reserved.files });
    samples.reservedBytes.push({ labels, value: reserved.bytes });
    samples.reservedFiles.push({ labels, value: reserved.files });
  };
  for (const { domain, purpose, reserved, ...held } of parts) add({ domain, purpose }, held, reserved);
  // A domain whose first file is still to come has its series too.
  const known = new Set(parts.map(({ domain }) => domain));
  for (const { name } of domains)
    if (!known.has(name)) add({ domain: name, purpose: "message" }, nothing, nothing);
}

function addQuotas(samples: Samples, domains: readonly LimitedDomain[], { parts, total }: LedgerSums): void {
  const used = new Map<string, Holding>();
  for (const { domain, bytes, files } of parts) {
    const before = used.get(domain) ?? nothing;
    used.set(domain, { bytes: before.bytes + bytes, files: before.files + files });
  }
  for (const { name: domain, whenFull: when_full, ...limits } of domains) {
    addQuota(samples, { domain, scope: "domain", when_full }, limits.domain, used.get(domain) ?? nothing);
    addQuota(samples, { domain, scope: "total", when_full }, limits.total, total);
  }
}

function addQuota(samples: Samples, labels: LabelsOf<"quotaBytes">, allowed: Allowance, used: Holding): void {
  const { domain, scope } = labels;
  if (allowed.bytes !== undefined) {
    samples.quotaBytes.push({ labels, value: allowed.bytes });
    samples.quotaUsedBytes.push({ labels: { domain, scope }, value: used.bytes });
  }
  if (allowed.files !== undefined) {
    samples.quotaFiles.push({ labels, value: allowed.files });
    samples.quotaUsedFiles.push({ labels: { domain, scope }, value: used.files });
  }
}
