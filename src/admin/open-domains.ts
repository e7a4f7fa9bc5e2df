import type { Config, DomainConfig } from "../config/config.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { Inventory } from "../store/inventory.ts";
import type { StoreIdentity } from "../store/store-identity.ts";
import { type GuardOptions, OtherStoreError, StoreGuard } from "./store-guard.ts";

/** One served domain as the commands see it. */
export interface OpenDomain {
  readonly config: DomainConfig;
  /** undefined: it keeps none. */
  readonly ledger: Ledger | undefined;
  /** Where a ledger is kept, what is missing in it is gone, or an error says that it may be in another store. */
  readonly inventory: Inventory;
  /** undefined: no ledger knows what should be in the store. */
  readonly guard: StoreGuard | undefined;
  /** The same for domains whose files lie in one place. */
  readonly place: string;
}

/** The ledgers and stores of a configuration, open beside a slotd that may be running. */
export interface OpenDomains {
  /** In the order of `domains`. */
  readonly domains: readonly [OpenDomain, ...OpenDomain[]];
  /** Each once. */
  readonly ledgers: readonly Ledger[];
  /**
   * Looks whether every store, or that of one domain, is the one that its ledger knows, for a command that forgets or
   * deletes.
   *
   * @throws {OtherStoreError} when one is not.
   */
  requireStores(only?: OpenDomain): Promise<void>;
  /** Has every ledger take the store that is there for the right one, whatever is missing in it. */
  acceptStores(): Promise<void>;
  close(): Promise<void>;
}

/** What is to be done about a store that the ledger does not know; for the log and for commands. */
export const otherStoreHelp =
  "Mount its volume, or correct disk.path or s3.bucket_url; a running slotd sees by itself that the store is back. " +
  'If those files are gone for good, "slotd reconcile --fix --forget-many" has the ledger forget them.';

/** How the ledger and the store of a domain are opened. */
export interface OpenDomainsDeps {
  readonly openLedger: (domain: DomainConfig) => Promise<Ledger | undefined>;
  readonly openStore: (
    domain: DomainConfig,
    ledger: Ledger | undefined,
  ) => OpenedStore | Promise<OpenedStore>;
  readonly guard: GuardOptions;
}

/** A store, and what tells it from others. */
export interface OpenedStore {
  readonly inventory: Inventory;
  readonly identity: StoreIdentity;
}

/**
 * Opens the ledgers and stores of all domains, each ledger once.
 *
 * @throws what opening one of them throws; nothing stays open then.
 */
export async function openDomainsOf(
  { domains }: Pick<Config, "domains">,
  deps: OpenDomainsDeps,
): Promise<OpenDomains> {
  const ledgers = new Map<string, Ledger | undefined>();
  const close = async (): Promise<void> => {
    await Promise.all([...ledgers.values()].map((ledger) => ledger?.close()));
  };
  try {
    const stores: (Unguarded & OpenedStore)[] = [];
    for (const config of domains) {
      const key = JSON.stringify(config.ledger.url);
      if (!ledgers.has(key)) ledgers.set(key, await deps.openLedger(config));
      stores.push({
        ...(await deps.openStore(config, ledgers.get(key))),
        config,
        ledger: ledgers.get(key),
        place: placeOf(config),
      });
    }
    const [first, ...others] = guarded(stores, deps.guard);
    if (first === undefined) throw new Error("a configuration without domains");
    const open = [...ledgers.values()].filter((ledger) => ledger !== undefined);
    const guards = [...new Set([first, ...others].flatMap(({ guard }) => guard ?? []))];
    const requireStores = async (only?: OpenDomain): Promise<void> => {
      for (const guard of guards) if (only === undefined || only.guard === guard) await requireStore(guard);
    };
    const acceptStores = async (): Promise<void> => {
      for (const guard of guards) await guard.accept();
    };
    return { domains: [first, ...others], ledgers: open, requireStores, acceptStores, close };
  } catch (error) {
    await close();
    throw error;
  }
}

type Unguarded = Omit<OpenDomain, "inventory" | "guard">;

/** One guard for each ledger and place. */
function guarded(stores: readonly (Unguarded & OpenedStore)[], options: GuardOptions): OpenDomain[] {
  const guards = new Map<Ledger, Map<string, StoreGuard>>();
  return stores.map(({ identity, inventory, ...openDomain }) => {
    const { ledger, place, config } = openDomain;
    if (ledger === undefined) return { ...openDomain, inventory, guard: undefined };
    const ofLedger = guards.get(ledger) ?? new Map<string, StoreGuard>();
    guards.set(ledger, ofLedger);
    const sharing = stores.filter((each) => each.ledger === ledger && each.place === place);
    const names = sharing.map((each) => each.config.domain);
    const guard =
      ofLedger.get(place) ?? new StoreGuard({ ledger, domains: names, identity, inventory }, options);
    ofLedger.set(place, guard);
    return { ...openDomain, inventory: guard.inventoryFor(config.domain), guard };
  });
}

async function requireStore(guard: StoreGuard): Promise<void> {
  await guard.look();
  const problem = guard.domains.map((domain) => guard.problem(domain)).find((text) => text !== undefined);
  if (problem !== undefined) throw new OtherStoreError(`${problem} Nothing was done. ${otherStoreHelp}`);
}

/** The same for domains whose files lie in one place. */
export function placeOf({ s3, disk }: DomainConfig): string {
  return s3 === undefined ? `disk ${disk.path}` : `s3 ${s3.bucketUrl}`;
}
