import { access } from "node:fs/promises";
import { openPremises, type Premises } from "../admin/premises.ts";
import type { Config, DomainConfig } from "../config/config.ts";
import { credentialsOf } from "../config/credentials.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { Logger } from "../ops/log.ts";
import type { OpenCredentials } from "../store/credentials.ts";
import type { Inventory } from "../store/inventory.ts";
import { inventoryOf } from "./inventories.ts";
import { openLedger } from "./open-ledger.ts";
import { openCredentials } from "./s3-buckets.ts";

const deps = { now: () => new Date() };

/** The ledger that a command needs is not there. */
export class NoLedgerError extends Error {
  readonly code = "no-ledger";
  constructor(message: string) {
    super(message);
    this.name = "NoLedgerError";
  }
}

/**
 * Opens the ledgers and stores of a configuration for a command, beside the slotd that serves them.
 *
 * @throws {NoLedgerError} for a ledger that slotd has not made yet: the command may run as a user whose files slotd
 * could not write to.
 */
export async function openForCommand(config: Config, log: Logger): Promise<Premises> {
  const open: OpenCredentials[] = [];
  const stop = (): void => {
    for (const credentials of open) credentials.stop();
  };
  const openInventory = async (domain: DomainConfig): Promise<Inventory> => {
    if (domain.s3 === undefined) return inventoryOf(domain, undefined, deps);
    const credentials = await openCredentials(credentialsOf(domain.s3), log);
    open.push(credentials);
    return inventoryOf(domain, credentials, deps);
  };
  try {
    const premises = await openPremises(config, {
      openLedger: (domain) => openExisting(domain, log),
      openInventory,
    });
    return { ...premises, close: () => premises.close().finally(stop) };
  } catch (error) {
    stop();
    throw error;
  }
}

async function openExisting(
  { domain, ledger: { url } }: DomainConfig,
  log: Logger,
): Promise<Ledger | undefined> {
  if (url.kind === "sqlite") {
    await access(url.path).catch(() => {
      throw new NoLedgerError(
        `There is no ledger for ${domain} at ${url.path} yet; slotd makes it when it starts.`,
      );
    });
  }
  return openLedger(url, { ...deps, log });
}
