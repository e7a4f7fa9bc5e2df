import { randomBytes } from "node:crypto";
import { access, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openKeys, ownUrl } from "../../app/buckets/disk-buckets.ts";
import { servedOn } from "../../app/buckets/domain-buckets.ts";
import { httpSettings } from "../../app/http-settings.ts";
import type { DomainConfig, HttpConfig } from "../../config/config.ts";
import { takesUploads } from "../../config/places.ts";
import { startHttpServer } from "../../http/server/http-server.ts";
import type { Logger } from "../../ops/log.ts";
import type { CredentialSource } from "../../store/credentials.ts";
import { diskInventory } from "../../store/disk/disk-inventory.ts";
import { openDiskStore } from "../../store/disk/disk-store.ts";
import type { Inventory } from "../../store/inventory.ts";
import type { SigningKeys } from "../../store/keys/signing-keys.ts";
import type { Watched } from "../../store/keys/watched.ts";
import { s3Client } from "../../store/s3/s3-client.ts";
import { s3Inventory } from "../../store/s3/s3-inventory.ts";

/** What stands at `http.listen`: the slotd that runs, or a stand-in for the time of the check. */
export interface OwnServer {
  readonly isStandIn: boolean;
  /** What clients reach it by. */
  readonly publicUrl: string;
  /** What its PUT URLs are signed with; undefined when it takes none, or when no slotd can be running. */
  readonly keys: Watched<SigningKeys> | undefined;
  /** Where what it takes ends up. */
  readonly inventory: Inventory;
  stop(): Promise<void>;
}

/** How the server is to be found: what it would serve, and as what. */
export interface OwnServerOptions {
  readonly config: DomainConfig;
  /** What every listener goes by. */
  readonly http: HttpConfig;
  /** Of the bucket; undefined for files on disk. */
  readonly credentials: CredentialSource | undefined;
  readonly now: () => Date;
  readonly log: Logger;
}

/**
 * Finds the slotd that runs on this configuration, or stands in for it: with the same buckets, but with an empty
 * folder in place of the data folder, which belongs to the slotd that runs.
 *
 * @throws the system's error when it cannot listen for another reason than that somebody does.
 */
export async function findOwnServer(options: OwnServerOptions): Promise<OwnServer> {
  const folder = await mkdtemp(join(tmpdir(), "slotd-check-"));
  try {
    return await standIn(options, folder);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    if (error instanceof Error && "code" in error && error.code === "EADDRINUSE") return running(options);
    throw error;
  }
}

async function standIn(options: OwnServerOptions, folder: string): Promise<OwnServer> {
  const { config, http, credentials, now, log } = options;
  const keys = await openKeys(folder, randomBytes, log);
  try {
    const store = await openDiskStore(folder, { now, randomBytes });
    const opened = {
      ...{ keysOf: () => keys, credentialsOf: () => credentials },
      ...{
        folderOf: () => ({ store, keys }),
        unavailableFor: () => undefined,
        spentOf: () => undefined,
        observerOf: () => undefined,
      },
    };
    const served = servedOn([config], opened, { now, monotonic: () => performance.now() });
    const silent = { onEvent: () => undefined, onTlsEvent: () => undefined, reference: () => "check" };
    const server = await startHttpServer(httpSettings(http, config.http.listen, served, { now, ...silent }));
    const stop = async (): Promise<void> => {
      keys.stop();
      await server.stop(1);
      await rm(folder, { recursive: true, force: true });
    };
    const publicUrl = ownUrl(config, server.address);
    return { isStandIn: true, publicUrl, keys, inventory: inventoryOf(options, folder), stop };
  } catch (error) {
    keys.stop();
    throw error;
  }
}

async function running(options: OwnServerOptions): Promise<OwnServer> {
  const { config, log } = options;
  const { path } = config.disk;
  // Only a slotd makes this file; where there is none, it is another program that holds the port.
  const hasKeys = takesUploads(config) && (await isThere(join(path, "signing-keys.json")));
  const keys = hasKeys ? await openKeys(path, randomBytes, log) : undefined;
  return {
    ...{ isStandIn: false, publicUrl: config.http.publicUrl },
    ...{ keys, inventory: inventoryOf(options, path) },
    stop: async () => keys?.stop(),
  };
}

function inventoryOf({ config, credentials, now }: OwnServerOptions, folder: string): Inventory {
  const { s3 } = config;
  if (s3 === undefined || credentials === undefined) return diskInventory(folder);
  const current = async () => {
    const keys = credentials.current(now());
    if (keys === undefined) throw new Error("The keys of the bucket have expired.");
    return keys;
  };
  return s3Inventory(s3Client({ bucketUrl: s3.bucketUrl, region: s3.region, credentials: current, now }));
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
