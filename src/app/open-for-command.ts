import { randomBytes } from "node:crypto";
import { access } from "node:fs/promises";
import { type OpenDomains, type OpenedStore, openDomainsOf } from "../admin/open-domains.ts";
import type { Config, DomainConfig } from "../config/config.ts";
import { credentialsOf } from "../config/credentials.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { SpentFile } from "../ledger/spent-file.ts";
import type { Logger } from "../ops/log.ts";
import type { OpenCredentials } from "../store/credentials.ts";
import { newStoreId } from "../store/store-identity.ts";
import { openCredentials } from "./buckets/s3-buckets.ts";
import { openLedger } from "./ledgers/open-ledger.ts";
import { openStoreOf } from "./stores/inventories.ts";
import { spentIn, spentInLedger } from "./stores/spent-addresses.ts";

const deps = { now: () => new Date(), randomBytes };

/** The identity of a store is slotd's to write: a command may run before the first start of one that knows of it. */
const guard = {
  mayWrite: () => false,
  newId: () => newStoreId(randomBytes),
  monotonic: () => performance.now(),
};

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
export async function openForCommand(config: Pick<Config, "domains">, log: Logger): Promise<OpenDomains> {
  const open: OpenCredentials[] = [];
  const stop = async (): Promise<void> => {
    for (const credentials of open) credentials.stop();
    for (const spent of spentFiles.values()) await spent.close();
  };
  const spentFiles = new Map<string, SpentFile>();
  const spentFileIn = (path: string): SpentFile => {
    const spent = spentFiles.get(path) ?? spentIn(path);
    spentFiles.set(path, spent);
    return spent;
  };
  const openStore = async (domain: DomainConfig, ledger: Ledger | undefined): Promise<OpenedStore> => {
    if (domain.s3 === undefined)
      return openStoreOf(domain, undefined, { ...deps, spent: spentFileIn(domain.disk.path) });
    const credentials = await openCredentials(credentialsOf(domain.s3), log);
    open.push(credentials);
    return openStoreOf(domain, credentials, { ...deps, spent: ledger && spentInLedger(ledger) });
  };
  try {
    const openDomains = await openDomainsOf(config, {
      openLedger: (domain) => openExisting(domain, log),
      openStore,
      guard,
    });
    return { ...openDomains, close: () => openDomains.close().finally(stop) };
  } catch (error) {
    await stop();
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
