import type { StoreGuard } from "../../admin/store-guard.ts";
import type { DomainConfig } from "../../config/config.ts";
import type { Logger } from "../../ops/log.ts";
import { groupBy } from "../group-by.ts";
import { ledgerKey } from "../ledgers/ledger-key.ts";
import { NoLedgerError, openForCommand } from "../open-for-command.ts";

/** What a store is to the ledger of some domains. */
export interface StoreLook {
  readonly domains: readonly string[];
  /** "new": there is no ledger yet. "failed": one of the two cannot be asked; `text` says why. */
  readonly is: "right" | "other" | "unreadable" | "new" | "failed";
  readonly text: string;
}

/**
 * Looks whether each store is the one that the ledger knows, beside a slotd that may be running; changes nothing.
 * Domains without a ledger are left out.
 */
export async function lookAtStores(
  domains: readonly DomainConfig[],
  log: Logger,
): Promise<readonly StoreLook[]> {
  const recorded = domains.filter(({ ledger }) => ledger.url.kind !== "none");
  const looks: StoreLook[] = [];
  for (const sharing of groupBy(recorded, ledgerKey).values()) {
    looks.push(...(await lookAtLedger(sharing, log)));
  }
  return looks;
}

async function lookAtLedger(sharing: readonly DomainConfig[], log: Logger): Promise<readonly StoreLook[]> {
  const names = sharing.map(({ domain }) => domain);
  try {
    const openDomains = await openForCommand({ domains: sharing }, log);
    try {
      const guards = new Set(openDomains.domains.flatMap(({ guard }) => guard ?? []));
      const looks: StoreLook[] = [];
      for (const guard of guards) looks.push(await lookAtStore(guard));
      return looks;
    } finally {
      await openDomains.close();
    }
  } catch (error) {
    if (!(error instanceof NoLedgerError)) return [failed(names, error)];
    return [{ domains: names, is: "new", text: "There is no ledger yet, and therefore nothing to compare." }];
  }
}

async function lookAtStore(guard: StoreGuard): Promise<StoreLook> {
  const { domains } = guard;
  try {
    await guard.look();
  } catch (error) {
    return failed(domains, error);
  }
  const problem = domains.map((domain) => guard.problem(domain)).find((text) => text !== undefined);
  if (problem !== undefined) return { domains, is: "other", text: problem };
  const verdicts = [...(guard.match?.verdicts.values() ?? [])];
  if (guard.match?.found.is === "denied" || verdicts.includes("unknown")) {
    return { domains, is: "unreadable", text: "The key may not read the identity of the store." };
  }
  return { domains, is: "right", text: "The store matches the ledger." };
}

function failed(domains: readonly string[], error: unknown): StoreLook {
  return { domains, is: "failed", text: error instanceof Error ? error.message : String(error) };
}
