import { spaceName } from "../../address/address-space.ts";
import { formerKinds } from "../../address/former-kinds.ts";
import type { DomainConfig, ReceiverConfig } from "../../config/config.ts";
import type { HttpReceiver, UploadBucket } from "../../http/http-receiver.ts";
import type { ReceiverSettings } from "../../receive/receiver.ts";
import { prepareDomain } from "../../slot/jid.ts";
import { type AddressRecordDeps, addressRecord } from "./address-record.ts";
import { formerAt, spaceUrlOf } from "./former-at.ts";
import { secretGeneration } from "./secret-generation.ts";

export interface HttpReceiversDeps extends Omit<AddressRecordDeps, "generation"> {
  /** Where the files of the domain go, whatever URL leads there. */
  readonly bucket: Omit<UploadBucket, "publicUrls">;
}

/** The receivers of one domain. */
export function httpReceivers(config: DomainConfig, deps: HttpReceiversDeps): readonly HttpReceiver[] {
  return config.receivers.map((receiver) => {
    const { name, url, secret } = receiver;
    const former = formerAt(url, config.former);
    const space = spaceName(spaceUrlOf(url, config.former));
    const generation =
      deps.spent === undefined ? () => Promise.resolve(0) : secretGeneration(space, secret, deps.spent);
    return {
      ...{ name, url, space, settings: settingsOf(receiver, config) },
      otherRules: [...new Set(former.map(({ kind }) => formerKinds[kind].rule))],
      bucket: { ...deps.bucket, publicUrls: [url] },
      record: addressRecord(config, { ...deps, generation }),
    };
  });
}

function settingsOf(
  { protocol, secret, maxFileSize, retention, allowedTypes, hosts, jidInUrl }: ReceiverConfig,
  domain: DomainConfig,
): ReceiverSettings {
  return {
    ...{ protocol, secret, maxFileSize, retention, jidInUrl },
    types: { allowed: allowedTypes ?? domain.allowedTypes, denied: domain.deniedTypes },
    hosts: (hosts ?? []).map(prepareDomain),
  };
}
