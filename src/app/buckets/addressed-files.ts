import { formerKinds } from "../../address/former-kinds.ts";
import type { DomainConfig, ReceiverConfig } from "../../config/config.ts";
import { credentialsOf as credentialsIn } from "../../config/credentials.ts";
import type { AddressedFiles, AddressedStore } from "../../http/addressed/addresses.ts";
import { BoundedLookup } from "../../http/addressed/bounded-lookup.ts";
import { addsSlash, receiverRules } from "../../receive/receiver.ts";
import { s3Addressed } from "../../store/s3/s3-addressed.ts";
import { s3Signer } from "../../store/s3/s3-signer.ts";
import { spaceUrlOf } from "../receivers/former-at.ts";
import type { Opened } from "./opened.ts";
import { present } from "./present.ts";

export interface LookupDeps {
  readonly now: () => Date;
  /** Milliseconds of a clock that never goes back. */
  readonly monotonic: () => number;
}

type Stores = Pick<Opened, "credentialsOf" | "folderOf" | "unavailableFor" | "spentOf">;

/**
 * What a listener answers for in the place of former services, and for uploads to its receivers. Domains that share a folder or a bucket share what
 * looks into it, so that the bound on questions is one for each bucket.
 */
export function addressedFiles(
  domains: readonly DomainConfig[],
  stores: Stores,
  deps: LookupDeps,
): AddressedFiles[] {
  const known = new Map<string, AddressedStore>();
  return domains
    .filter(({ former, receivers }) => former.length + receivers.length > 0)
    .flatMap((domain) => {
      const key = storeKey(domain);
      const store = known.get(key) ?? storeOf(domain, stores, deps);
      known.set(key, store);
      const shared = { store, spent: stores.spentOf(domain) };
      return [
        ...domain.former.map(({ urls, kind }) => ({ urls, ...formerKinds[kind], ...shared })),
        ...domain.receivers.map((receiver) => ({ ...receivedFiles(receiver, domain), ...shared })),
      ];
    });
}

/** What was uploaded to a receiver has its own name and type, whatever its address says. */
function receivedFiles(
  { url, protocol }: ReceiverConfig,
  { former }: DomainConfig,
): Omit<AddressedFiles, "store" | "spent"> {
  const isOpen = !url.endsWith("/") && !addsSlash(protocol);
  return {
    urls: [...new Set([spaceUrlOf(url, former), url])],
    rule: receiverRules[protocol],
    filenameFrom: "file",
    // Prosody's own server answers so for its slots.
    tellsGone: protocol === "jwt",
    openBase: isOpen ? url : undefined,
  };
}

function storeOf(domain: DomainConfig, stores: Stores, deps: LookupDeps): AddressedStore {
  const { s3, disk } = domain;
  if (s3 === undefined) {
    const { store } = stores.folderOf(disk.path);
    return {
      kind: "folder",
      open: (token) => store.open(token),
      unavailable: () => stores.unavailableFor([domain]),
    };
  }
  const { bucketUrl, region, getExpirationTime } = s3;
  const bucket = { bucketUrl, region, credentials: present(stores.credentialsOf(domain)) };
  return {
    kind: "bucket",
    objects: new BoundedLookup(s3Addressed(bucket, deps), deps.monotonic),
    signer: s3Signer({ ...bucket, expiresIn: getExpirationTime }),
  };
}

function storeKey({ s3, disk }: DomainConfig): string {
  if (s3 === undefined) return `folder ${disk.path}`;
  return `bucket ${JSON.stringify([s3.bucketUrl, s3.region, credentialsIn(s3), s3.getExpirationTime])}`;
}
