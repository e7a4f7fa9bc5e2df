import { parseBucketUrl } from "../store/object-url.ts";

/** One host and path under which a bucket is public. */
export interface Place<Bucket> {
  readonly bucket: Bucket;
  /** As `parseBucketUrl` gives them. */
  readonly host: string;
  readonly prefix: string;
}

/**
 * The places of these buckets, in their order.
 *
 * @throws {TypeError} when a public URL is none.
 */
export function placesOf<Bucket extends { readonly publicUrls: readonly string[] }>(
  buckets: readonly Bucket[],
): readonly Place<Bucket>[] {
  return buckets.flatMap((bucket) =>
    bucket.publicUrls.map((url) => {
      const { host, prefix } = parseBucketUrl(url);
      return { bucket, host, prefix };
    }),
  );
}

/** Places by their hosts, and by host and prefix: found in a time that does not depend on how many there are. */
export class PlaceIndex<Bucket> {
  readonly #byHost: ReadonlyMap<string, readonly Place<Bucket>[]>;
  readonly #byAddress: ReadonlyMap<string, readonly Place<Bucket>[]>;

  constructor(places: readonly Place<Bucket>[]) {
    this.#byHost = Map.groupBy(places, ({ host }) => host);
    this.#byAddress = Map.groupBy(places, ({ host, prefix }) => host + prefix);
  }

  /** The places at the host that was asked for, in whatever case it was written; none when it is not known. */
  at(host: string): readonly Place<Bucket>[] {
    return this.#byHost.get(host.toLowerCase()) ?? [];
  }

  /** Those of them with this prefix. */
  under(host: string, prefix: string): readonly Place<Bucket>[] {
    return this.#byAddress.get(host.toLowerCase() + prefix) ?? [];
  }
}
