import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { type DataFolder, openKeys } from "./app/disk-buckets.ts";
import { bucketOf, credentialsKey, servedOn } from "./app/domain-buckets.ts";
import { type FolderLock, folderLocksWanted } from "./app/folder-locks.ts";
import { groupBy } from "./app/group-by.ts";
import { checkCertificate, httpSettings, listenerKey } from "./app/http-settings.ts";
import { Keep, type Prepared, type Stoppable } from "./app/keep.ts";
import { keepersWanted, ledgerKey, recordedDomains } from "./app/keepers.ts";
import { present } from "./app/present.ts";
import { pooledRandomBytes } from "./app/random-pool.ts";
import { readyChecks } from "./app/ready-checks.ts";
import { type RecordedDomain, type RecordKeeper, witnessOf } from "./app/record-keeper.ts";
import { openCredentials } from "./app/s3-buckets.ts";
import { componentKey, type DomainSettings, ServedDomain } from "./app/served-domain.ts";
import type { WatchedStore } from "./app/watched-store.ts";
import { unavailableIn, watchedBucket, watchedStoreOf, watchedStoresWanted } from "./app/watched-stores.ts";
import type { Config, DiskConfig, DomainConfig, HttpListen, ListenAddress } from "./config/config.ts";
import { takesUploads, usesHttp } from "./config/places.ts";
import { type HttpServer, type HttpServerOptions, startHttpServer } from "./http/http-server.ts";
import { takeSqliteLock } from "./lock/sqlite-lock.ts";
import { type Watchers, watchHttp, watchTls } from "./ops/events.ts";
import type { Logger } from "./ops/log.ts";
import { Metrics } from "./ops/metrics.ts";
import { type OpsServer, startOpsServer } from "./ops/ops-server.ts";
import { followProcess } from "./ops/process-metrics.ts";
import { newReference } from "./ops/reference.ts";
import type { Seconds } from "./slot/slot.ts";
import type { CredentialSource } from "./store/credentials.ts";
import { openDiskStore } from "./store/disk-store.ts";
import type { ObjectStore } from "./store/object-store.ts";
import type { SigningKeys } from "./store/signing-keys.ts";
import type { Watched } from "./store/watched.ts";
import { version } from "./version.ts";

const deps = { now: () => new Date(), randomBytes: pooledRandomBytes(randomBytes) };

/** A running slotd. */
export interface App {
  /** Where the embedded HTTP server listens; none with S3 alone. */
  readonly httpAddresses: readonly HttpListen[];
  /** Where metrics and health are served; undefined: nowhere. */
  readonly opsAddress: ListenAddress | undefined;
  readonly metrics: Metrics;
  /**
   * Goes by another configuration: everything that it needs is made first, and then it is in force at once.
   * Connections, listeners and data folders whose settings are the same stay as they are. Reloads must not overlap.
   *
   * @throws when something cannot be had, as `start` does; nothing has changed then.
   */
  reload(config: Config): Promise<void>;
  /** Takes no new request, lets uploads under way finish for `shutdown_grace`, and closes the streams properly. */
  stop(): Promise<void>;
}

/**
 * The composition root: starts a component for each served domain and the HTTP server for those on disk.
 * Resolves when slots can be asked for as soon as the XMPP server lets the components in; it does not wait for it.
 *
 * @throws when a listener or a data folder cannot be had; nothing stays open then.
 */
export async function start(config: Config, log: Logger): Promise<App> {
  const running = new Running(log);
  await running.reload(config);
  return running;
}

/** What is open while it is used, and stops at once. */
interface Kept<Item> {
  readonly item: Item;
  stop(): Promise<void>;
}

/** A disk store that is open as long as it is used. */
interface OpenStore {
  readonly store: ObjectStore;
  stop(): Promise<void>;
}

/** A listener, and what ends it with the grace in force at that time. */
interface Listener {
  readonly server: HttpServer;
  stop(): Promise<void>;
}

class Running implements App {
  readonly metrics = new Metrics();
  readonly #watchers: Watchers;
  readonly #locks = new Keep<FolderLock>();
  readonly #stores = new Keep<OpenStore>();
  readonly #keys = new Keep<Kept<Watched<SigningKeys>>>();
  readonly #credentials = new Keep<Kept<CredentialSource>>();
  readonly #keepers = new Keep<RecordKeeper>();
  readonly #watched = new Keep<WatchedStore>();
  readonly #listeners = new Keep<Listener>();
  readonly #domains = new Keep<ServedDomain>();
  readonly #opsServers = new Keep<OpsServer>();
  /** Ends when the listeners that a reload took away have let their uploads finish. */
  #leaving: Promise<void> = Promise.resolve();
  #grace: Seconds = 0;

  #configs: readonly DomainConfig[] = [];

  constructor(log: Logger) {
    const reference = () => newReference(deps.randomBytes);
    this.#watchers = { log, metrics: this.metrics, monotonic: () => performance.now(), reference };
    this.metrics.set("info", { version, runtime: `Bun ${process.versions.bun ?? "unknown"}` }, 1);
    followProcess(this.metrics);
    this.metrics.beforeScrape(() => {
      this.metrics.forget("componentUp");
      for (const { served, isOnline } of this.#domains.running)
        this.metrics.set("componentUp", served, isOnline ? 1 : 0);
      this.metrics.forget("storeMatches");
      for (const store of this.#watched.running)
        for (const domain of store.guard.domains)
          this.metrics.set("storeMatches", { domain }, store.refusal(domain) === undefined ? 1 : 0);
    });
  }

  get httpAddresses(): readonly HttpListen[] {
    return this.#listeners.running.map(({ server }) => server.address);
  }

  get opsAddress(): ListenAddress | undefined {
    return this.#opsServers.running[0]?.address;
  }

  async stop(): Promise<void> {
    const ended = Promise.all([this.#domains.stop(), this.#listeners.stop()]);
    // From here on no upload is taken, and what ends those under way gets along with another slotd.
    await this.#locks.stop();
    await Promise.all([ended, this.#leaving]);
    await this.#watched.stop();
    await this.#keepers.stop();
    await Promise.all([this.#stores.stop(), this.#keys.stop(), this.#credentials.stop()]);
    await this.#opsServers.stop();
  }

  async reload(config: Config): Promise<void> {
    const prepared: { cancel(): Promise<void> }[] = [];
    try {
      const next = await this.#prepare(config, prepared);
      this.#grace = config.shutdownGrace;
      await this.#apply(next);
    } catch (error) {
      for (const part of prepared) await part.cancel();
      throw error;
    }
  }

  /** Makes all that is new and reads all that may have changed. What was made is added to `prepared`. */
  async #prepare(config: Config, prepared: { cancel(): Promise<void> }[]): Promise<Next> {
    const prepare = async <Item extends Stoppable>(
      keep: Keep<Item>,
      wanted: ReadonlyMap<string, () => Item | Promise<Item>>,
    ): Promise<Prepared<Item>> => {
      const part = await keep.prepare(wanted);
      prepared.unshift(part);
      return part;
    };
    const onDisk = config.domains.filter(({ backend }) => backend === "disk");
    const overHttp = config.domains.filter(usesHttp);
    const paths = [...new Set(onDisk.map(({ disk }) => disk.path))];
    const lockDeps = { take: takeSqliteLock, log: this.#watchers.log };
    const folderLocks = await folderLocksWanted(paths, lockDeps);
    const locks = await prepare(this.#locks, folderLocks.wanted);
    const keys = await prepare(this.#keys, this.#keysWanted(config.domains.filter(takesUploads)));
    // Kept ones as well: a reload that finds a damaged file changes nothing.
    for (const { item } of keys.items.values()) await item.refresh();
    const credentials = await prepare(this.#credentials, this.#credentialsWanted(config.domains));
    const storeKey = (path: string) => JSON.stringify([path, config.disk]);
    const stores = await prepare(
      this.#stores,
      new Map(paths.map((path) => [storeKey(path), () => openStore(path, config.disk)])),
    );
    const keysOf = ({ disk }: DomainConfig) => keys.items.get(disk.path)?.item;
    const credentialsOf = ({ s3 }: DomainConfig) => credentials.items.get(credentialsKey(s3))?.item;
    const folderOf = (path: string): DataFolder => ({
      store: present(stores.items.get(storeKey(path))).store,
      keys: present(keys.items.get(path)).item,
    });
    const keepers = await prepare(
      this.#keepers,
      keepersWanted(config.domains, { now: deps.now, watchers: this.#watchers }),
    );
    const keeperOf = (domain: DomainConfig) => keepers.items.get(ledgerKey(domain));
    const watched = await prepare(
      this.#watched,
      watchedStoresWanted(config.domains, {
        ...{ ...deps, watchers: this.#watchers, credentialsOf, recordsOf: keeperOf },
        keysOf: (path) => keys.items.get(path)?.item,
        lockOf: (path) => locks.items.get(folderLocks.keys.get(path) ?? ""),
      }),
    );
    const storeOf = watchedStoreOf([...watched.items.values()]);
    const records = recordedDomains(config.domains, storeOf);
    const witnessed = (domains: readonly DomainConfig[]) =>
      witnessOf(
        [...new Set(domains.flatMap((domain) => keeperOf(domain) ?? []))],
        domains.map(({ domain }) => domain),
      );
    checkCertificate(config.http);
    const listenKey = ({ http }: DomainConfig) => listenerKey(http.listen, config.http);
    const wanted = new Map(
      [...groupBy(overHttp, listenKey)].map(([key, domains]) => {
        const unavailableFor = unavailableIn(storeOf);
        const opened = { keysOf, credentialsOf, folderOf, unavailableFor, witnessOf: witnessed };
        const served = servedOn(domains, opened, deps);
        const about = {
          now: deps.now,
          onEvent: watchHttp(this.#watchers),
          onTlsEvent: watchTls(this.#watchers),
          reference: this.#watchers.reference,
        };
        return [key, httpSettings(config.http, domains[0].http.listen, served, about)];
      }),
    );
    const listeners = await prepare(
      this.#listeners,
      new Map([...wanted].map(([key, options]) => [key, () => this.#listener(options)])),
    );
    const settings = await Promise.all(
      config.domains.map(async (domain): Promise<DomainSettings> => {
        const address = listeners.items.get(listenKey(domain))?.server.address;
        const made = bucketOf(domain, keysOf(domain), credentialsOf(domain), address);
        const bucket = watchedBucket(made, domain.domain, storeOf(domain));
        const record = keeperOf(domain)?.recordOf(domain);
        return { config: domain, bucket, record, ca: await authorities(domain) };
      }),
    );
    const byKey = new Map(settings.map((each) => [componentKey(each.config), each]));
    const domainDeps = { ...deps, watchers: this.#watchers, random: Math.random };
    const domains = await prepare(
      this.#domains,
      new Map([...byKey].map(([key, each]) => [key, () => new ServedDomain(each, domainDeps)])),
    );
    const { listen } = config.ops;
    const ops = await prepare(
      this.#opsServers,
      new Map(listen === undefined ? [] : [[JSON.stringify(listen), () => this.#opsServer(listen)]]),
    );
    return {
      locks,
      stores,
      keys,
      credentials,
      keepers,
      watched,
      records,
      listeners,
      wanted,
      domains,
      ops,
      settings: byKey,
    };
  }

  #opsServer(listen: ListenAddress): Promise<OpsServer> {
    const checks = () =>
      readyChecks(this.#domains.running, this.#configs, this.#keepers.running, this.#watched.running);
    return startOpsServer({ listen, metrics: this.metrics, checks });
  }

  #keysWanted(domains: readonly DomainConfig[]): Map<string, () => Promise<Kept<Watched<SigningKeys>>>> {
    return new Map(
      domains.map(({ disk }) => [
        disk.path,
        async () => kept(await openKeys(disk.path, randomBytes, this.#watchers.log)),
      ]),
    );
  }

  #credentialsWanted(domains: readonly DomainConfig[]): Map<string, () => Promise<Kept<CredentialSource>>> {
    return new Map(
      domains.flatMap(({ s3 }) =>
        s3 === undefined
          ? []
          : [
              [
                credentialsKey(s3),
                async () => kept(await openCredentials(s3.credentials, this.#watchers.log)),
              ],
            ],
      ),
    );
  }

  async #listener(options: HttpServerOptions): Promise<Listener> {
    const server = await startHttpServer(options);
    return { server, stop: () => server.stop(this.#grace) };
  }

  /** Puts in force what was prepared. A component that goes is gone before one that comes takes its JID. */
  async #apply(next: Next): Promise<void> {
    const {
      locks,
      stores,
      keys,
      credentials,
      keepers,
      watched,
      records,
      listeners,
      wanted,
      domains,
      ops,
      settings,
    } = next;
    this.#configs = [...settings.values()].map(({ config }) => config);
    for (const [key, keeper] of keepers.items) keeper.use(present(records.get(key)));
    for (const [key, { server }] of listeners.items) server.use(present(wanted.get(key)));
    for (const [key, domain] of domains.items) domain.use(present(settings.get(key)));
    for (const store of watched.items.values()) store.start();
    await domains.commit();
    for (const domain of domains.added) domain.start();
    await ops.commit();
    const left = Promise.all([this.#leaving, listeners.commit()]);
    const settled = keepers.commit(watched.commit(left));
    const closed = Promise.all([stores.commit(settled), keys.commit(settled), credentials.commit(settled)]);
    this.#leaving = Promise.all([closed, locks.commit(settled)]).then(() => undefined);
  }
}

/** A configuration that is ready to be put in force. */
interface Next {
  readonly locks: Prepared<FolderLock>;
  readonly stores: Prepared<OpenStore>;
  readonly keys: Prepared<Kept<Watched<SigningKeys>>>;
  readonly credentials: Prepared<Kept<CredentialSource>>;
  readonly keepers: Prepared<RecordKeeper>;
  readonly watched: Prepared<WatchedStore>;
  readonly records: ReadonlyMap<string, readonly RecordedDomain[]>;
  readonly listeners: Prepared<Listener>;
  readonly wanted: ReadonlyMap<string, HttpServerOptions>;
  readonly domains: Prepared<ServedDomain>;
  readonly ops: Prepared<OpsServer>;
  readonly settings: ReadonlyMap<string, DomainSettings>;
}

function kept<Item extends { stop(): void }>(item: Item): Kept<Item> {
  return {
    item,
    async stop() {
      item.stop();
    },
  };
}

async function openStore(path: string, options: DiskConfig): Promise<OpenStore> {
  const store = await openDiskStore(path, deps, options);
  return { store, stop: () => Promise.resolve() };
}

async function authorities({ xmpp }: DomainConfig): Promise<string | undefined> {
  return xmpp.tlsCa === undefined ? undefined : readFile(xmpp.tlsCa, "utf8");
}
