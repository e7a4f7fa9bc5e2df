import { randomBytes } from "node:crypto";
import type { Around, Kept, Part, PartDeps, Prepared, Stoppable } from "./app/part.ts";
import { components } from "./app/parts/components.ts";
import { credentials } from "./app/parts/credentials.ts";
import { diskStores } from "./app/parts/disk-stores.ts";
import { folderLocks } from "./app/parts/folder-locks.ts";
import { ledgerWorkers } from "./app/parts/ledger-workers.ts";
import { ledgers } from "./app/parts/ledgers.ts";
import { listeners } from "./app/parts/listeners.ts";
import { opsServers } from "./app/parts/ops-servers.ts";
import { serviceUrls } from "./app/parts/service-urls.ts";
import { signingKeys } from "./app/parts/signing-keys.ts";
import { spentFiles } from "./app/parts/spent-files.ts";
import { watchedStores } from "./app/parts/watched-stores.ts";
import { pooledRandomBytes } from "./app/random-pool.ts";
import type { Config } from "./config/config.ts";
import { CheckMarks } from "./ops/check-marks.ts";
import type { Logger } from "./ops/log.ts";
import { Metrics } from "./ops/metrics.ts";
import { followProcess } from "./ops/process-metrics.ts";
import { newReference } from "./ops/reference.ts";
import { version } from "./version.ts";

/** Everything with a lifetime, each part after those that it is made with. */
const parts: readonly Part<Stoppable>[] = [
  folderLocks,
  signingKeys,
  credentials,
  diskStores,
  ledgers,
  spentFiles,
  watchedStores,
  ledgerWorkers,
  listeners,
  components,
  serviceUrls,
  opsServers,
];

/** A running slotd. */
export interface App {
  readonly metrics: Metrics;
  /** Which objects are of "slotd check". */
  readonly checks: CheckMarks;
  /** What runs of a part. */
  of<Item extends Stoppable>(part: Part<Item>): readonly Item[];
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
  const app = new RunningApp(log);
  await app.reload(config);
  return app;
}

class RunningApp implements App {
  readonly metrics = new Metrics();
  readonly checks = new CheckMarks(() => performance.now());
  readonly #deps: PartDeps;
  readonly #kept: ReadonlyMap<Part<Stoppable>, Kept<Stoppable>>;
  /** Ends when what reloads took away has ended. */
  #leaving: Promise<unknown> = Promise.resolve();
  #config: Config | undefined;

  constructor(log: Logger) {
    const random = pooledRandomBytes(randomBytes);
    const reference = () => newReference(random);
    this.#deps = {
      now: () => new Date(),
      randomBytes: random,
      random: Math.random,
      running: this,
      watchers: {
        ...{ log, metrics: this.metrics, checks: this.checks, reference },
        monotonic: () => performance.now(),
      },
    };
    this.metrics.set("info", { version, runtime: `Bun ${process.versions.bun ?? "unknown"}` }, 1);
    followProcess(this.metrics);
    this.#kept = new Map(parts.map((part) => [part, part.open(this.#deps)]));
  }

  get config(): Config | undefined {
    return this.#config;
  }

  of<Item extends Stoppable>(part: Part<Item>): readonly Item[] {
    // Each part opened what is kept of it, and its items are of its own type.
    return (this.#kept.get(part) as Kept<Item> | undefined)?.running ?? [];
  }

  async reload(config: Config): Promise<void> {
    const prepared = await this.#prepare(config);
    this.#config = config;
    for (const each of prepared.values()) each.commit();
    const before = this.#leaving;
    const ends = endsInOrder(async (part) => {
      // What an earlier reload took away may still use it.
      if (isLate(part) && !part.lingers) await before;
      await prepared.get(part)?.end();
    });
    this.#leaving = Promise.all([before, ...ends.values()]);
    for (const part of parts) if (!isLate(part)) await ends.get(part);
    for (const each of prepared.values()) each.begin();
  }

  async stop(): Promise<void> {
    const stop = (part: Part<Stoppable>) => this.#kept.get(part)?.stop() ?? Promise.resolve();
    const ends = endsInOrder(async (part) => {
      if (part.isObserver || part.yields) return;
      if (isLate(part) && !part.lingers) await this.#leaving;
      await stop(part);
    });
    for (const part of parts) if (part.yields) await stop(part);
    await Promise.all([this.#leaving, ...ends.values()]);
    for (const part of parts) if (part.isObserver) await stop(part);
  }

  /** Makes all that is new and reads all that may have changed, or nothing of it. */
  async #prepare(config: Config): Promise<ReadonlyMap<Part<Stoppable>, Prepared<Stoppable>>> {
    const prepared = new Map<Part<Stoppable>, Prepared<Stoppable>>();
    const around: Around = {
      config,
      deps: this.#deps,
      // As in `of`.
      of: <Item extends Stoppable>(part: Part<Item>) =>
        (prepared.get(part) as Prepared<Item> | undefined)?.items ?? new Map<string, Item>(),
    };
    try {
      for (const [part, kept] of this.#kept) prepared.set(part, await kept.prepare(around));
      return prepared;
    } catch (error) {
      for (const each of [...prepared.values()].reverse()) await each.cancel();
      throw error;
    }
  }
}

/** Ends each part when all that need it have ended. */
function endsInOrder(
  end: (part: Part<Stoppable>) => Promise<void>,
): ReadonlyMap<Part<Stoppable>, Promise<void>> {
  const ends = new Map<Part<Stoppable>, Promise<void>>();
  for (const part of [...parts].reverse()) {
    const users = parts.filter((other) => other.needs.includes(part));
    ends.set(
      part,
      Promise.all(users.map((user) => ends.get(user))).then(() => end(part)),
    );
  }
  return ends;
}

/** Whether a part may end long after a reload: it lingers, or one that needs it does. */
function isLate(part: Part<Stoppable>): boolean {
  return part.lingers || parts.some((other) => other.needs.includes(part) && isLate(other));
}
