import type { DomainConfig } from "../../config/config.ts";
import { usesHttp } from "../../config/places.ts";
import { formatListen, type HttpListen } from "../../config/values.ts";
import type { HttpReceiver } from "../../http/http-receiver.ts";
import { type HttpServer, type HttpServerOptions, startHttpServer } from "../../http/server/http-server.ts";
import { watchHttp, watchTls } from "../../ops/events.ts";
import { diskInventory } from "../../store/disk/disk-inventory.ts";
import { servedOn, uploadBucketOf } from "../buckets/domain-buckets.ts";
import type { Opened } from "../buckets/opened.ts";
import { present } from "../buckets/present.ts";
import { groupBy } from "../group-by.ts";
import { checkCertificate, httpSettings, listenerKey } from "../http-settings.ts";
import { observerOf } from "../ledgers/ledger-worker.ts";
import { forOption } from "../option-error.ts";
import { type Around, part, type Stoppable } from "../part.ts";
import { httpReceivers } from "../receivers/http-receivers.ts";
import { unavailableIn } from "../stores/watched-stores.ts";
import { credentials, credentialsOf } from "./credentials.ts";
import { diskStores, storeIn } from "./disk-stores.ts";
import { ledgerWorkers, workerOf } from "./ledger-workers.ts";
import { keysOf, signingKeys } from "./signing-keys.ts";
import { spentFiles, spentOf } from "./spent-files.ts";
import { storeOf, watchedStores } from "./watched-stores.ts";

/** One address at which slotd's HTTP server listens. */
export interface Listener extends Stoppable {
  readonly server: HttpServer;
}

export const listeners = part<Listener, HttpServerOptions>({
  needs: [signingKeys, credentials, diskStores, spentFiles, watchedStores, ledgerWorkers],
  lingers: true,
  wanted(around) {
    const { config } = around;
    checkCertificate(config.http);
    const used = groupBy(config.domains.filter(usesHttp), (domain) => keyOf(around, domain));
    return new Map([...used].map(([key, domains]) => [key, settingsFor(domains, around)]));
  },
  async make(options, { deps }) {
    const server = await forOption("http.listen", formatListen(options.listen), () =>
      startHttpServer(options),
    );
    // The grace is the one in force when it ends.
    return { server, stop: () => server.stop(deps.running.config?.shutdownGrace) };
  },
  use: ({ server }, options) => server.use(options),
  observe({ running, watchers: { metrics } }) {
    metrics.beforeScrape(() => {
      metrics.forget("certificateExpiry");
      for (const { server } of running.of(listeners)) {
        const { certificate } = server;
        if (certificate === undefined) continue;
        metrics.set("certificateExpiry", { path: certificate.path }, certificate.expires.getTime() / 1000);
      }
    });
  },
});

/** Where clients of a domain reach slotd's HTTP server; undefined where they do not. */
export function addressOf(around: Around, domain: DomainConfig): HttpListen | undefined {
  return around.of(listeners).get(keyOf(around, domain))?.server.address;
}

function keyOf({ config }: Around, { http }: DomainConfig): string {
  return listenerKey(http.listen, config.http);
}

/** The receivers of a domain: their files go where its own do. */
function receiversOf(domain: DomainConfig, opened: Opened, around: Around): readonly HttpReceiver[] {
  if (domain.receivers.length === 0) return [];
  const { now, watchers } = around.deps;
  return httpReceivers(domain, {
    ...{ now, log: watchers.log, spent: spentOf(around, domain), worker: workerOf(around, domain) },
    inventory: domain.s3 === undefined ? diskInventory(domain.disk.path) : undefined,
    bucket: uploadBucketOf(domain, opened, { now }),
  });
}

function settingsFor(domains: readonly [DomainConfig, ...DomainConfig[]], around: Around): HttpServerOptions {
  const { config, deps } = around;
  const { now, watchers } = deps;
  const { monotonic } = watchers;
  const opened: Opened = {
    keysOf: (domain) => keysOf(around, domain),
    credentialsOf: (domain) => credentialsOf(around, domain),
    folderOf: (path) => ({
      store: storeIn(around, path),
      keys: present(around.of(signingKeys).get(path)).keys,
    }),
    unavailableFor: unavailableIn((domain) => storeOf(around, domain)),
    observerOf: (some) =>
      observerOf(
        [...new Set(some.flatMap((domain) => workerOf(around, domain) ?? []))],
        some.map(({ domain }) => domain),
      ),
    spentOf: (domain) => spentOf(around, domain),
  };
  const served = servedOn(domains, opened, { now, monotonic });
  const receivers = domains.flatMap((domain) => receiversOf(domain, opened, around));
  return httpSettings(
    config.http,
    domains[0].http.listen,
    { ...served, receivers },
    {
      ...{ now, onEvent: watchHttp(watchers), onTlsEvent: watchTls(watchers) },
      reference: watchers.reference,
    },
  );
}
