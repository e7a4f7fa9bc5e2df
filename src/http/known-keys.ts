import { cachedSigningKeys, type SigningKeys } from "../sigv4/signing-key.ts";
import { placeMark } from "../store/object-url.ts";
import type { HttpBucket } from "./http-bucket.ts";
import { PlaceIndex, placesOf } from "./places.ts";

/** A host and prefix for which a key signs, and the buckets that such a URL opens: mostly one. */
export interface SignedPlace {
  readonly host: string;
  readonly prefix: string;
  readonly secretAccessKey: string;
  /** In their order; the first takes the upload. */
  readonly buckets: readonly [HttpBucket, ...HttpBucket[]];
}

/** An access key id that some bucket knows, and all places that it signs for. */
export interface KnownKey {
  readonly places: readonly SignedPlace[];
  /** The same by host and prefix. */
  readonly index: PlaceIndex<SignedPlace>;
  /** The first place of each prefix. */
  readonly byPrefix: ReadonlyMap<string, SignedPlace>;
  /** By `placeMark`. */
  readonly byMark: ReadonlyMap<string, readonly SignedPlace[]>;
  /** A cache of its own: nobody makes another key's be derived again. */
  readonly signingKeys: SigningKeys;
}

/** The buckets' keys by region and access key id. It is made anew when one of their lists has changed. */
export class KnownKeys {
  readonly #buckets: readonly HttpBucket[];
  readonly #regions: ReadonlySet<string>;
  readonly #sources: ReadonlyMap<HttpBucket["keys"][number], { last: unknown }>;
  #keys: ReadonlyMap<string, KnownKey> = new Map();

  constructor(buckets: readonly HttpBucket[]) {
    this.#buckets = buckets;
    this.#regions = new Set(buckets.map(({ region }) => region));
    this.#sources = new Map(
      buckets.flatMap(({ keys }) => keys.map((source) => [source, { last: undefined }])),
    );
  }

  hasRegion(region: string): boolean {
    return this.#regions.has(region);
  }

  /** Undefined when no bucket of this region knows it. */
  find(region: string, accessKeyId: string): KnownKey | undefined {
    if (this.#haveChanged()) this.#keys = indexOf(this.#buckets);
    return this.#keys.get(keyName(region, accessKeyId));
  }

  /** Compares one pointer for each list of keys; domains that share a folder share one. */
  #haveChanged(): boolean {
    let haveChanged = false;
    for (const [source, seen] of this.#sources) {
      const { value } = source;
      if (value === seen.last) continue;
      seen.last = value;
      haveChanged = true;
    }
    return haveChanged;
  }
}

function keyName(region: string, accessKeyId: string): string {
  return `${region}\n${accessKeyId}`;
}

function indexOf(buckets: readonly HttpBucket[]): ReadonlyMap<string, KnownKey> {
  const found = new Map<string, Map<string, SignedPlace>>();
  for (const { bucket, host, prefix } of placesOf(buckets)) {
    for (const { accessKeyId, secretAccessKey } of bucket.keys.flatMap(({ value }) => value)) {
      const name = keyName(bucket.region, accessKeyId);
      const places = found.get(name) ?? new Map<string, SignedPlace>();
      found.set(name, places);
      const same = JSON.stringify([host, prefix, secretAccessKey]);
      const others: readonly HttpBucket[] = places.get(same)?.buckets ?? [];
      const [first = bucket, ...more] = others.includes(bucket) ? others : [...others, bucket];
      places.set(same, { host, prefix, secretAccessKey, buckets: [first, ...more] });
    }
  }
  return new Map([...found].map(([name, places]) => [name, knownKey([...places.values()])]));
}

function knownKey(places: readonly SignedPlace[]): KnownKey {
  return {
    places,
    index: new PlaceIndex(places.map((place) => ({ ...place, bucket: place }))),
    byPrefix: new Map(places.toReversed().map((place) => [place.prefix, place])),
    byMark: Map.groupBy(places, placeMark),
    signingKeys: cachedSigningKeys(),
  };
}

/** A signature is tried for so many places at most; the same key is seldom used for more. */
const mostTries = 6;

/** What a request says about its place; nothing of it is believed. */
export interface AskedPlace {
  /** As it was sent. */
  readonly host: string;
  /** Whether some bucket is public at this host. */
  readonly isKnownHost: boolean;
  /** The public prefix of the path; "" also where a proxy has taken it off. */
  readonly prefix: string;
  /** The mark in its query. */
  readonly mark: string | undefined;
}

/**
 * The hosts and places that a URL may have been signed for, the likeliest first, each once, six at most.
 *
 * A URL of slotd's has its place's mark, and then it is for no other. Where it has none, or one of a place that is no
 * more, the host that was asked for comes first. A proxy may have taken the prefix off the path or changed the host, so
 * others follow. The host of one place is not a host that a proxy made up for another: two buckets may share their
 * keys.
 */
export function placesToTry(
  key: KnownKey,
  { host, isKnownHost, prefix, mark }: AskedPlace,
): readonly { readonly host: string; readonly place: SignedPlace }[] {
  const itself = (place: SignedPlace) => ({ host: place.host, place });
  const marked = mark === undefined ? undefined : key.byMark.get(mark);
  if (marked !== undefined) return marked.slice(0, mostTries).map(itself);
  const made = isKnownHost ? [] : [key.byPrefix.get(prefix) ?? [], ...some(key.byPrefix.values())].flat();
  const own = [...key.index.under(host, prefix), ...some(key.index.at(host))].map(({ bucket }) => bucket);
  const tries = [...made.map((place) => ({ host, place })), ...[...own, ...some(key.places)].map(itself)];
  const each = new Map(
    tries.map((one) => [JSON.stringify([one.host, one.place.prefix, one.place.secretAccessKey]), one]),
  );
  return some(each.values());
}

function some<Item>(items: Iterable<Item>): readonly Item[] {
  const taken: Item[] = [];
  for (const item of items) {
    if (taken.length === mostTries) break;
    taken.push(item);
  }
  return taken;
}
