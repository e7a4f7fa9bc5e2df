import { parseBucketUrl } from "../store/object-url.ts";

/** What is known of a list of public URLs. */
interface PublicPrefixes {
  readonly all: ReadonlySet<string>;
  readonly byHost: ReadonlyMap<string, ReadonlySet<string>>;
}

/** A list of URLs may have thousands; it is read once. */
const known = new WeakMap<readonly string[], PublicPrefixes>();

/**
 * The path by which clients reach what a request asked for: the path that came, with the public prefix before it when
 * a proxy has taken that off. Where several prefixes may have been taken off, it is the path that came.
 *
 * @param host that was asked for.
 * @param publicUrls of the bucket.
 */
export function publicPath(rawPath: string, host: string, publicUrls: readonly string[]): string {
  const { all, byHost } = prefixesOf(publicUrls);
  // Of a path with its prefix, what stands before the last two segments is one.
  const came = /^(.*)\/[^/]+\/[^/]+$/s.exec(rawPath)?.[1] ?? "";
  if (came !== "") return rawPath;
  const [prefix = "", ...others] = byHost.get(host.toLowerCase()) ?? all;
  return others.length === 0 ? prefix + rawPath : rawPath;
}

function prefixesOf(publicUrls: readonly string[]): PublicPrefixes {
  const earlier = known.get(publicUrls);
  if (earlier !== undefined) return earlier;
  const places = publicUrls.map(parseBucketUrl);
  const prefixes = {
    all: new Set(places.map(({ prefix }) => prefix)),
    byHost: new Map(
      [...Map.groupBy(places, ({ host }) => host)].map(([host, here]) => [
        host,
        new Set(here.map(({ prefix }) => prefix)),
      ]),
    ),
  };
  known.set(publicUrls, prefixes);
  return prefixes;
}
