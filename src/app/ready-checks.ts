import { constants } from "node:fs";
import { access } from "node:fs/promises";
import type { DomainConfig } from "../config/config.ts";
import type { ReadyCheck } from "../ops/ready-checks.ts";
import type { OpenLedger } from "./parts/ledgers.ts";
import type { ServedDomain } from "./served-domain.ts";
import type { WatchedStore } from "./stores/watched-store.ts";

/** What has to be well for these domains: each component, bucket, data folder and ledger once. */
export function readyChecks(
  domains: readonly ServedDomain[],
  configs: readonly DomainConfig[],
  ledgers: readonly OpenLedger[],
  watched: readonly WatchedStore[],
): ReadyCheck[] {
  const stores = new Map(configs.map((config) => storeCheck(config)).map((check) => [check.name, check]));
  const checks = [...domains.map(componentCheck), ...stores.values(), ...ledgers.map(ledgerCheck)];
  return [...checks, ...watched.map(identityCheck)];
}

/** Two ledgers may have files in one store. */
function identityCheck({ name, guard, problem }: WatchedStore): ReadyCheck {
  return { name: `identity of ${name} (${guard.domains.join(", ")})`, check: async () => problem };
}

function componentCheck(domain: ServedDomain): ReadyCheck {
  return {
    name: `component ${domain.served.host}`,
    check: async () =>
      domain.isOnline ? undefined : "not connected to the XMPP server; the log has the reason",
  };
}

/** The name tells several apart without telling where they are: that may be secret. */
function ledgerCheck({ ledger }: OpenLedger, index: number): ReadyCheck {
  return {
    name: index === 0 ? "ledger" : `ledger ${index + 1}`,
    check: async () =>
      (await ledger.isReachable()) ? undefined : "its database is unavailable; the log has the reason",
  };
}

function storeCheck({ s3, disk }: DomainConfig): ReadyCheck {
  if (s3 !== undefined) return { name: `bucket ${s3.bucketUrl}`, check: () => reachBucket(s3.bucketUrl) };
  return { name: `folder ${disk.path}`, check: () => reachFolder(disk.path) };
}

async function reachFolder(path: string): Promise<string | undefined> {
  try {
    await access(path, constants.W_OK);
    return undefined;
  } catch (error) {
    return `slotd cannot write to it: ${error instanceof Error && "code" in error ? String(error.code) : "unknown error"}`;
  }
}

/** Whatever the bucket answers but a failure of its own, it is there: slots need no permission to look at it. */
async function reachBucket(url: string): Promise<string | undefined> {
  try {
    const signal = AbortSignal.timeout(1_800);
    const { status } = await fetch(url, { method: "HEAD", redirect: "manual", signal });
    return status < 500 ? undefined : `responds with ${status}`;
  } catch (error) {
    return `slotd cannot reach it: ${error instanceof Error ? error.message : String(error)}`;
  }
}
