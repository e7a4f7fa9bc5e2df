import { randomBytes } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import type { Config, DomainConfig, ListenAddress } from "./config/config.ts";
import type { HttpBucket } from "./http/http-bucket.ts";
import { type HttpServer, startHttpServer } from "./http/http-server.ts";
import { logComponent, logHttp, logSlot } from "./ops/events.ts";
import type { Logger } from "./ops/log.ts";
import { purposesOn } from "./slot/policy.ts";
import type { Bytes, Slot, SlotRequest } from "./slot/slot.ts";
import { makeSlot, requestSlot, type SlotMaker } from "./slots.ts";
import type { Bucket } from "./store/bucket.ts";
import { openDiskStore } from "./store/disk-store.ts";
import { s3Bucket } from "./store/s3-bucket.ts";
import { openSigningKeys, type SigningKeys } from "./store/signing-keys.ts";
import { version } from "./version.ts";
import { pingRoute, versionRoute } from "./xmpp/basics.ts";
import { Component } from "./xmpp/component.ts";
import { discoRoutes } from "./xmpp/disco.ts";
import { Router } from "./xmpp/router.ts";
import { purposeFeatures, type SlotService, uploadForms, uploadRoutes } from "./xmpp/upload.ts";

/** The region in the credential scope of slotd's own bucket; S3 clients take this one where nothing else is said. */
const DISK_REGION = "us-east-1";

const monotonic = () => performance.now();
const deps = { now: () => new Date(), randomBytes };

/** A running slotd. */
export interface App {
  /** Where the embedded HTTP server listens; none with S3 alone. */
  readonly httpAddresses: readonly ListenAddress[];
  /** Ends everything: streams are closed properly, uploads under way get a moment to finish. */
  stop(): Promise<void>;
}

/**
 * The composition root: starts a component for each served domain and the HTTP server for those on disk.
 * Resolves when slots can be asked for as soon as the XMPP server lets the components in; it does not wait for it.
 *
 * @throws when a listener or a data folder cannot be had; nothing stays open then.
 */
export async function start(config: Config, log: Logger): Promise<App> {
  const servers: HttpServer[] = [];
  const components: Component[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(components.map((component) => component.stop()));
    await Promise.all(servers.map((server) => server.stop()));
  };
  try {
    const addresses = new Map<string, ListenAddress>();
    for (const domains of groupBy(onDisk(config), (domain) => listenKey(domain.http.listen)).values()) {
      const server = await startHttpServer({
        listen: firstOf(domains).http.listen,
        buckets: await diskBuckets(domains),
        now: deps.now,
        onEvent: logHttp(log),
      });
      servers.push(server);
      for (const { domain } of domains) addresses.set(domain, server.address);
    }
    for (const domain of config.domains) {
      const bucket = await bucketOf(domain, addresses.get(domain.domain));
      components.push(await makeComponent(domain, bucket, log));
    }
    for (const component of components) component.start();
    return { httpAddresses: servers.map((server) => server.address), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Makes one slot by hand, without XMPP and without asking the policy. */
export async function makeSlotByHand(domain: DomainConfig, request: SlotRequest): Promise<Slot> {
  return makeSlot(request, makerOf(domain, await bucketOf(domain, undefined)), deps);
}

function onDisk(config: Config): DomainConfig[] {
  return config.domains.filter((domain) => domain.backend === "disk");
}

/** One bucket for each data folder; the domains that share a folder share its keys. */
function diskBuckets(domains: readonly DomainConfig[]): Promise<HttpBucket[]> {
  const folders = groupBy(domains, (domain) => domain.disk.path);
  return Promise.all(
    [...folders].map(async ([path, sharing]) => {
      const store = await openDiskStore(path, deps);
      const keys = await signingKeys(path);
      return {
        publicUrls: [...new Set(sharing.map((domain) => domain.http.publicUrl))],
        store,
        credentials: (id: string) => keys.find((key) => key.accessKeyId === id)?.secretAccessKey,
        region: DISK_REGION,
        maxFileSize: () => largest(sharing.flatMap(sizesAllowed)),
      };
    }),
  );
}

async function signingKeys(path: string): Promise<SigningKeys> {
  await mkdir(path, { recursive: true, mode: 0o750 });
  return openSigningKeys(path, randomBytes);
}

/** The bucket that a domain's slots are for. `listening`: where the HTTP server ended up, for a port chosen freely. */
async function bucketOf(domain: DomainConfig, listening: ListenAddress | undefined): Promise<Bucket> {
  if (domain.s3) return s3Bucket(domain.s3);
  const [key] = await signingKeys(domain.disk.path);
  const bucketUrl = domain.http.publicUrl.replace(/:0$/, `:${listening?.port ?? 0}`);
  return s3Bucket({ bucketUrl, region: DISK_REGION, ...key, addAcl: false, echoDeclared: true });
}

function makerOf(domain: DomainConfig, bucket: Bucket): SlotMaker {
  const { access, deny, types, purposes, expirationTime, tokenBytes } = domain;
  return { policy: { access, deny, types, purposes }, bucket, expirationTime, tokenBytes };
}

async function makeComponent(domain: DomainConfig, bucket: Bucket, log: Logger): Promise<Component> {
  const { host, xmpp } = domain;
  const maker = makerOf(domain, bucket);
  const service: SlotService = (request, requester) => {
    const outcome = requestSlot(request, requester, maker, deps);
    logSlot(log, host, requester, outcome);
    return outcome;
  };
  const routes = [...uploadRoutes(service), pingRoute, versionRoute("slotd", version)];
  const identity = { category: "store", type: "file", name: "HTTP File Upload" };
  const forms = () => uploadForms(maker.policy.purposes.message.maxFileSize);
  const features = () => purposeFeatures(purposesOn(maker.policy));
  const ca = xmpp.tlsCa === undefined ? undefined : await readFile(xmpp.tlsCa, "utf8");
  const { host: server, port } = xmpp.address;
  return new Component(
    {
      settings: { host, domain: domain.domain, address: `${server}:${port}`, secret: xmpp.secret },
      connectTo: { host: server, port, tls: xmpp.tls ? { ca } : undefined },
      router: new Router(host, [...routes, ...discoRoutes(identity, routes, forms, features)]),
    },
    { events: logComponent(log, host, monotonic), monotonic, random: Math.random },
  );
}

/** The limits of the purposes that are on: the HTTP server is not told what an upload is for. */
function sizesAllowed({ purposes }: DomainConfig): (Bytes | undefined)[] {
  return Object.values(purposes).flatMap(({ isOn, maxFileSize }) => (isOn ? [maxFileSize] : []));
}

function largest(limits: readonly (number | undefined)[]): number | undefined {
  return limits.reduce<number | undefined>(
    (most, limit) => (most === undefined || limit === undefined ? undefined : Math.max(most, limit)),
    0,
  );
}

function listenKey({ host, port }: ListenAddress): string {
  return `${host} ${port}`;
}

function groupBy<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
): Map<string, [Item, ...Item[]]> {
  const groups = new Map<string, [Item, ...Item[]]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}

function firstOf<Item>([first]: readonly [Item, ...Item[]]): Item {
  return first;
}
