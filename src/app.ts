import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { type DataFolder, diskBucket, diskBuckets, signingKeysIn } from "./app/disk-buckets.ts";
import { groupBy } from "./app/group-by.ts";
import { Keep, type Prepared, type Stoppable } from "./app/keep.ts";
import { componentKey, type DomainSettings, ServedDomain, slotMaker } from "./app/served-domain.ts";
import type { Config, DomainConfig, ListenAddress } from "./config/config.ts";
import type { HttpBucket } from "./http/http-bucket.ts";
import { type HttpServer, startHttpServer } from "./http/http-server.ts";
import { logHttp } from "./ops/events.ts";
import type { Logger } from "./ops/log.ts";
import type { Seconds, Slot, SlotRequest } from "./slot/slot.ts";
import { makeSlot } from "./slots.ts";
import { openDiskStore } from "./store/disk-store.ts";
import type { ObjectStore } from "./store/object-store.ts";
import { s3Bucket } from "./store/s3-bucket.ts";
import type { SigningKeys } from "./store/signing-keys.ts";

const deps = { now: () => new Date(), randomBytes };

/** A running slotd. */
export interface App {
  /** Where the embedded HTTP server listens; none with S3 alone. */
  readonly httpAddresses: readonly ListenAddress[];
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

/** Makes one slot by hand, without XMPP and without asking the policy. */
export async function makeSlotByHand(config: DomainConfig, request: SlotRequest): Promise<Slot> {
  const bucket = config.s3
    ? s3Bucket(config.s3)
    : diskBucket(config, await signingKeysIn(config.disk.path, randomBytes), undefined);
  return makeSlot(request, slotMaker({ config, bucket, ca: undefined }), deps);
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
  readonly #log: Logger;
  readonly #stores = new Keep<OpenStore>();
  readonly #listeners = new Keep<Listener>();
  readonly #domains = new Keep<ServedDomain>();
  /** Ends when the listeners that a reload took away have let their uploads finish. */
  #leaving: Promise<void> = Promise.resolve();
  #grace: Seconds = 0;

  constructor(log: Logger) {
    this.#log = log;
  }

  get httpAddresses(): readonly ListenAddress[] {
    return this.#listeners.running.map(({ server }) => server.address);
  }

  async stop(): Promise<void> {
    await Promise.all([this.#domains.stop(), this.#listeners.stop(), this.#leaving]);
    await this.#stores.stop();
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
    const paths = [...new Set(onDisk.map(({ disk }) => disk.path))];
    const keys = new Map<string, SigningKeys>();
    for (const path of paths) keys.set(path, await signingKeysIn(path, randomBytes));
    const stores = await prepare(this.#stores, new Map(paths.map((path) => [path, () => openStore(path)])));
    const folderOf = (path: string): DataFolder => ({
      store: present(stores.items.get(path)).store,
      keys: present(keys.get(path)),
    });
    const buckets = new Map(
      [...groupBy(onDisk, listenKey)].map(([key, domains]) => [key, diskBuckets(domains, folderOf)]),
    );
    const listeners = await prepare(
      this.#listeners,
      new Map(onDisk.map((domain) => [listenKey(domain), this.#listener(domain, buckets)])),
    );
    const settings = await Promise.all(
      config.domains.map(async (domain): Promise<DomainSettings> => {
        const address = listeners.items.get(listenKey(domain))?.server.address;
        const bucket = domain.s3
          ? s3Bucket(domain.s3)
          : diskBucket(domain, folderOf(domain.disk.path).keys, address);
        return { config: domain, bucket, ca: await authorities(domain) };
      }),
    );
    const byKey = new Map(settings.map((each) => [componentKey(each.config), each]));
    const domainDeps = { ...deps, log: this.#log, monotonic: () => performance.now(), random: Math.random };
    const domains = await prepare(
      this.#domains,
      new Map([...byKey].map(([key, each]) => [key, () => new ServedDomain(each, domainDeps)])),
    );
    return { stores, listeners, buckets, domains, settings: byKey };
  }

  #listener(
    { http }: DomainConfig,
    buckets: ReadonlyMap<string, readonly HttpBucket[]>,
  ): () => Promise<Listener> {
    const key = addressKey(http.listen);
    return async () => {
      const server = await startHttpServer({
        listen: http.listen,
        buckets: present(buckets.get(key)),
        now: deps.now,
        onEvent: logHttp(this.#log),
      });
      return { server, stop: () => server.stop(this.#grace) };
    };
  }

  /** Puts in force what was prepared. A component that goes is gone before one that comes takes its JID. */
  async #apply({ stores, listeners, buckets, domains, settings }: Next): Promise<void> {
    for (const [key, { server }] of listeners.items) server.serve(present(buckets.get(key)));
    for (const [key, domain] of domains.items) domain.use(present(settings.get(key)));
    await domains.commit();
    for (const domain of domains.added) domain.start();
    this.#leaving = Promise.all([this.#leaving, listeners.commit()]).then(() => stores.commit());
  }
}

/** A configuration that is ready to be put in force. */
interface Next {
  readonly stores: Prepared<OpenStore>;
  readonly listeners: Prepared<Listener>;
  readonly buckets: ReadonlyMap<string, readonly HttpBucket[]>;
  readonly domains: Prepared<ServedDomain>;
  readonly settings: ReadonlyMap<string, DomainSettings>;
}

async function openStore(path: string): Promise<OpenStore> {
  const store = await openDiskStore(path, deps);
  return { store, stop: () => Promise.resolve() };
}

async function authorities({ xmpp }: DomainConfig): Promise<string | undefined> {
  return xmpp.tlsCa === undefined ? undefined : readFile(xmpp.tlsCa, "utf8");
}

function listenKey({ http }: DomainConfig): string {
  return addressKey(http.listen);
}

function addressKey({ host, port }: ListenAddress): string {
  return `${host} ${port}`;
}

function present<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error("slotd lost track of what it has prepared");
  return value;
}
