/**
 * What must not stand in a log and does: the secrets given, anything of the URLs given but their host, any
 * signature, any URL, and any hex that is long enough to be a token, a signature or a digest.
 */
export function leaksIn(log: string, secrets: readonly string[], urls: readonly string[] = []): string[] {
  const parts = urls.map((url) => new URL(url)).flatMap(({ pathname, search }) => [pathname, search]);
  const words = [...secrets, ...parts.filter((part) => part.length > 1)].filter((word) => log.includes(word));
  const shapes = [/X-Amz-[A-Za-z-]*/g, /Signature=?/g, /[a-z]+:\/\/\S*/g, /(?=[0-9]*[a-f])[0-9a-f]{16,}/gi];
  return [...words, ...shapes.flatMap((shape) => log.match(shape) ?? [])];
}
