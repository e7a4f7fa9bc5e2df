import { formerKinds } from "../../address/former-kinds.ts";
import type { DomainConfig } from "../../config/config.ts";
import { credentialsOf as credentialsIn } from "../../config/credentials.ts";
import type { AddressedFiles, AddressedStore } from "../../http/addressed/addresses.ts";
import { BoundedLookup } from "../../http/addressed/bounded-lookup.ts";
import { s3Addressed } from "../../store/s3/s3-addressed.ts";
import { s3Signer } from "../../store/s3/s3-signer.ts";
import type { Opened } from "./opened.ts";
import { present } from "./present.ts";

export interface LookupDeps {
  readonly now: () => Date;
  /** Milliseconds of a clock that never goes back. */
  readonly monotonic: () => number;
}

type Stores = Pick<Opened, "credentialsOf" | "folderOf" | "unavailableFor">;

/**
 * What a listener answers for in the place of former services. Domains that share a folder or a bucket share what
 * looks into it, so that the bound on questions is one for each bucket.
 */
export function addressedFiles(
  domains: readonly DomainConfig[],
  stores: Stores,
  deps: LookupDeps,
): AddressedFiles[] {
  const known = new Map<string, AddressedStore>();
  return domains
    .filter(({ former }) => former.length > 0)
    .flatMap((domain) => {
      const key = storeKey(domain);
      const store = known.get(key) ?? storeOf(domain, stores, deps);
      known.set(key, store);
      return domain.former.map(({ urls, kind }) => ({ urls, ...formerKinds[kind], store }));
    });
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
