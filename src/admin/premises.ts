import type { Config, DomainConfig } from "../config/config.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { Inventory } from "../store/inventory.ts";

/** One served domain as the commands see it. */
export interface Premise {
  readonly config: DomainConfig;
  /** undefined: it keeps none. */
  readonly ledger: Ledger | undefined;
  readonly inventory: Inventory;
  /** The same for domains whose files lie in one place. */
  readonly place: string;
}

/** The ledgers and stores of a configuration, open beside a slotd that may be running. */
export interface Premises {
  /** In the order of `domains`. */
  readonly domains: readonly [Premise, ...Premise[]];
  /** Each once. */
  readonly ledgers: readonly Ledger[];
  close(): Promise<void>;
}

/** How the ledger and the store of a domain are opened. */
export interface PremisesDeps {
  readonly openLedger: (domain: DomainConfig) => Promise<Ledger | undefined>;
  readonly openInventory: (domain: DomainConfig) => Inventory | Promise<Inventory>;
}

/**
 * Opens the ledgers and stores of all domains, each ledger once.
 *
 * @throws what opening one of them throws; nothing stays open then.
 */
export async function openPremises({ domains }: Config, deps: PremisesDeps): Promise<Premises> {
  const ledgers = new Map<string, Ledger | undefined>();
  const close = async (): Promise<void> => {
    await Promise.all([...ledgers.values()].map((ledger) => ledger?.close()));
  };
  try {
    const opened: Premise[] = [];
    for (const config of domains) {
      const key = JSON.stringify(config.ledger.url);
      if (!ledgers.has(key)) ledgers.set(key, await deps.openLedger(config));
      const inventory = await deps.openInventory(config);
      opened.push({ config, ledger: ledgers.get(key), inventory, place: placeOf(config) });
    }
    const [first, ...others] = opened;
    if (first === undefined) throw new Error("a configuration without domains");
    const open = [...ledgers.values()].filter((ledger) => ledger !== undefined);
    return { domains: [first, ...others], ledgers: open, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function placeOf({ s3, disk }: DomainConfig): string {
  return s3 === undefined ? `disk ${disk.path}` : `s3 ${s3.bucketUrl}`;
}
