import type { OpenObject } from "../store/object-store.ts";
import type { HttpBucket } from "./http-bucket.ts";
import type { ObjectPath } from "./object-path.ts";
import { PlaceIndex, placesOf } from "./places.ts";
import type { RequestHead } from "./request-head.ts";

/** So many stores are asked for each request, wherever it was sent to. */
const fewStores = 8;

type Opener = HttpBucket & { readonly store: { open(token: string): Promise<OpenObject | undefined> } };

/**
 * Finds the object of a GET among stores that may be many. Those of the host and prefix that were asked for come
 * first, then others until some few were asked: with few stores all are, whatever a proxy has made of the host.
 * With many, a request that names no host or prefix of theirs looks into all of them, but only one such request at a
 * time does, and others come in between.
 */
export class ObjectSearch {
  readonly #openers: readonly Opener[];
  readonly #places: PlaceIndex<Opener>;
  /** Ends when the last search that looks into many stores does. */
  #wide: Promise<unknown> = Promise.resolve();

  constructor(buckets: readonly HttpBucket[]) {
    this.#openers = buckets.filter(opens);
    this.#places = new PlaceIndex(placesOf(this.#openers));
  }

  async find(host: RequestHead["host"], { prefix, token }: ObjectPath): Promise<OpenObject | undefined> {
    const asked = this.#askedFor(host, prefix);
    if (asked.length > fewStores) return this.#findAmongMany(asked, token);
    const stores = new Set(asked);
    for (const opener of this.#openers) {
      if (stores.size >= fewStores) break;
      stores.add(opener);
    }
    for (const { store } of stores) {
      const object = await store.open(token);
      if (object !== undefined) return object;
    }
    return undefined;
  }

  /** The stores of the place that was asked for; of its host when the prefix is none of its; or else all. */
  #askedFor(host: string, prefix: string): readonly Opener[] {
    const under = this.#places.under(host, prefix);
    const places = under.length > 0 ? under : this.#places.at(host);
    return places.length > 0 ? [...new Set(places.map(({ bucket }) => bucket))] : this.#openers;
  }

  #findAmongMany(openers: readonly Opener[], token: string): Promise<OpenObject | undefined> {
    const search = this.#wide.then(async () => {
      for (const [at, { store }] of openers.entries()) {
        const object = await store.open(token);
        if (object !== undefined) return object;
        if (at % fewStores === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      return undefined;
    });
    this.#wide = search.catch(() => undefined);
    return search;
  }
}

function opens(bucket: HttpBucket): bucket is Opener {
  return bucket.store.open !== undefined;
}
