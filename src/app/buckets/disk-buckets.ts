import { mkdir } from "node:fs/promises";
import type { DomainConfig } from "../../config/config.ts";
import type { HttpListen } from "../../config/values.ts";
import type { HttpBucket } from "../../http/http-bucket.ts";
import type { Logger } from "../../ops/log.ts";
import type { Bytes } from "../../slot/slot.ts";
import type { Bucket } from "../../store/bucket.ts";
import { type SigningKeys, watchSigningKeys } from "../../store/keys/signing-keys.ts";
import type { Watched } from "../../store/keys/watched.ts";
import { s3Bucket } from "../../store/s3/s3-bucket.ts";
import { groupBy } from "../group-by.ts";
import type { Opened } from "./opened.ts";

/** The region in the credential scope of slotd's own bucket; S3 clients take this one where nothing else is said. */
export const DISK_REGION = "us-east-1";

/**
 * Reads the signing keys of a data folder, again when they change, and makes both when they are not there at first.
 *
 * @throws {SigningKeysError} when they are damaged; damage that comes later goes to the log.
 */
export async function openKeys(
  path: string,
  randomBytes: (length: number) => Uint8Array,
  log: Logger,
): Promise<Watched<SigningKeys>> {
  await mkdir(path, { recursive: true, mode: 0o750 });
  return watchSigningKeys(path, randomBytes, {
    onProblem: (error) => {
      const text = error instanceof Error ? error.message : String(error);
      log.warn(`slotd cannot use the changed signing keys; the previous keys stay active. ${text}`);
    },
    onChange: ([{ accessKeyId }]) => log.info({ key: accessKeyId }, "The new signing keys are active."),
  });
}

/** The buckets of one HTTP listener: one for each data folder; the domains that share a folder share its keys. */
export function diskBuckets(
  domains: readonly DomainConfig[],
  { folderOf, unavailableFor, observerOf }: Pick<Opened, "folderOf" | "unavailableFor" | "observerOf">,
): HttpBucket[] {
  return [...groupBy(domains, (domain) => domain.disk.path)].map(([path, sharing]) => {
    const { store, keys } = folderOf(path);
    const maxFileSize = largestAllowed(sharing);
    return {
      publicUrls: [...new Set(sharing.map((domain) => domain.http.publicUrl))],
      store,
      keys: [keys],
      region: DISK_REGION,
      maxFileSize: () => maxFileSize,
      observer: observerOf(sharing),
      unavailable: () => unavailableFor(sharing),
    };
  });
}

/**
 * The bucket whose PUT URLs lead to slotd's own HTTP server. `listening`: where that is, for a free port.
 *
 * @param getUrl what GET URLs begin with; the same when absent.
 */
export function diskBucket(
  domain: DomainConfig,
  keys: Watched<SigningKeys>,
  listening: HttpListen | undefined,
  getUrl?: string,
): Bucket {
  return s3Bucket({
    bucketUrl: ownUrl(domain, listening),
    ...(getUrl !== undefined && { publicUrl: getUrl }),
    region: DISK_REGION,
    credentials: { current: () => keys.value[0] },
    addAcl: false,
    echoDeclared: true,
  });
}

/** What clients reach a domain's HTTP server by. */
export function ownUrl({ http }: DomainConfig, listening: HttpListen | undefined): string {
  const port = listening !== undefined && "port" in listening ? listening.port : 0;
  return http.publicUrl.replace(/:0$/, `:${port}`);
}

/** The most that any of these domains takes for one of its purposes; undefined when one has no limit. */
export function largestAllowed(domains: readonly DomainConfig[]): Bytes | undefined {
  return largest(domains.flatMap(sizesAllowed));
}

/** The limits of the purposes that are on: the HTTP server is not told what an upload is for. */
function sizesAllowed({ purpose }: DomainConfig): (Bytes | undefined)[] {
  return Object.values(purpose).flatMap(({ enabled, maxFileSize }) => (enabled ? [maxFileSize] : []));
}

function largest(limits: readonly (Bytes | undefined)[]): Bytes | undefined {
  return limits.reduce<Bytes | undefined>(
    (most, limit) => (most === undefined || limit === undefined ? undefined : Math.max(most, limit)),
    0,
  );
}
