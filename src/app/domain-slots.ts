import type { DomainConfig } from "../config/config.ts";
import { bucketOf } from "./buckets/domain-buckets.ts";
import type { Around } from "./part.ts";
import { credentials, credentialsOf } from "./parts/credentials.ts";
import { ledgerWorkers, workerOf } from "./parts/ledger-workers.ts";
import { addressOf } from "./parts/listeners.ts";
import { keysOf, signingKeys } from "./parts/signing-keys.ts";
import { storeOf, watchedStores } from "./parts/watched-stores.ts";
import type { DomainSettings } from "./served-domain.ts";
import { watchedBucket } from "./stores/watched-stores.ts";

/** The parts that `domainSlots` goes by. */
export const slotParts = [signingKeys, credentials, watchedStores, ledgerWorkers];

/** What slots of a domain are made with, whoever asks for them. */
export function domainSlots(config: DomainConfig, around: Around): Omit<DomainSettings, "ca"> {
  const [keys, keysOfBucket] = [keysOf(around, config), credentialsOf(around, config)];
  const bucket = bucketOf(config, keys, keysOfBucket, addressOf(around, config));
  return {
    config,
    bucket: watchedBucket(bucket, config.domain, storeOf(around, config)),
    record: workerOf(around, config)?.recordOf(config),
  };
}
