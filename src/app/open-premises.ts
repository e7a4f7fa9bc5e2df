import { access } from "node:fs/promises";
import { openPremises, type Premises } from "../admin/premises.ts";
import type { Config, DomainConfig, S3Config } from "../config/config.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { openSqlLedger } from "../ledger/sql-ledger.ts";
import { openSqlite } from "../ledger/sqlite.ts";
import type { Logger } from "../ops/log.ts";
import { type CredentialSource, CredentialsError, type OpenCredentials } from "../store/credentials.ts";
import { diskInventory } from "../store/disk-inventory.ts";
import type { Inventory } from "../store/inventory.ts";
import { s3Client } from "../store/s3-client.ts";
import { s3Inventory } from "../store/s3-inventory.ts";
import { openCredentials } from "./s3-buckets.ts";

const now = () => new Date();

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
  const stop = () => open.forEach((credentials) => void credentials.stop());
  const openInventory = async ({ s3, disk }: DomainConfig): Promise<Inventory> => {
    if (s3 === undefined) return diskInventory(disk.path);
    const credentials = await openCredentials(s3.credentials, log);
    open.push(credentials);
    return bucketInventory(s3, credentials);
  };
  try {
    const premises = await openPremises(config, { openLedger, openInventory });
    return { ...premises, close: () => premises.close().finally(stop) };
  } catch (error) {
    stop();
    throw error;
  }
}

async function openLedger({ domain, ledger }: DomainConfig): Promise<Ledger | undefined> {
  switch (ledger.kind) {
    case "none":
      return undefined;
    case "sqlite":
      await access(ledger.path).catch(() => {
        throw new NoLedgerError(
          `There is no ledger for ${domain} at ${ledger.path} yet; slotd makes it when it starts.`,
        );
      });
      return openSqlLedger(await openSqlite(ledger.path), { now });
    case "postgres":
      throw new NoLedgerError("PostgreSQL is not known here yet.");
  }
}

/**
 * What is in a bucket.
 *
 * @throws {TypeError} when the bucket URL cannot be used.
 */
export function bucketInventory({ bucketUrl, region }: S3Config, source: CredentialSource): Inventory {
  const credentials = () => {
    const current = source.current(now());
    if (current === undefined) throw new CredentialsError();
    return current;
  };
  return s3Inventory(s3Client({ bucketUrl, region, credentials, now }));
}
