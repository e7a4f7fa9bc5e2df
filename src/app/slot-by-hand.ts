import { randomBytes } from "node:crypto";
import type { DomainConfig } from "../config/config.ts";
import { credentialsOf } from "../config/credentials.ts";
import { takesUploads } from "../config/places.ts";
import type { Logger } from "../ops/log.ts";
import type { Slot, SlotRequest } from "../slot/slot.ts";
import { makeSlot } from "../slots.ts";
import { openKeys } from "./buckets/disk-buckets.ts";
import { bucketOf } from "./buckets/domain-buckets.ts";
import { openCredentials } from "./buckets/s3-buckets.ts";
import { forOption } from "./option-error.ts";
import { slotMaker } from "./served-domain.ts";

/**
 * Makes one slot by hand, without XMPP and without asking the policy.
 *
 * @throws {CredentialsError} when there are no keys for the bucket; the log says why.
 */
export async function makeSlotByHand(config: DomainConfig, request: SlotRequest, log: Logger): Promise<Slot> {
  const { path } = config.disk;
  const open = () => openKeys(path, randomBytes, log);
  const keys = takesUploads(config) ? await forOption("disk.path", path, open) : undefined;
  const credentials = config.s3 && (await openCredentials(credentialsOf(config.s3), log));
  try {
    const bucket = bucketOf(config, keys, credentials, undefined);
    return makeSlot(request, slotMaker({ config, bucket, record: undefined }), {
      now: () => new Date(),
      randomBytes,
    });
  } finally {
    keys?.stop();
    credentials?.stop();
  }
}
