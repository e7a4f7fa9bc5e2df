import { BlockList, isIP, isIPv6 } from "node:net";

/** Addresses and networks whose word is taken for where a request came from first. */
export interface TrustedProxies {
  has(address: string): boolean;
}

/**
 * Reads a list of IP addresses and networks in CIDR notation.
 *
 * @returns undefined when one of them is none.
 */
export function parseProxies(texts: readonly string[]): TrustedProxies | undefined {
  const list = new BlockList();
  for (const text of texts) {
    const [address = "", bits, ...more] = text.split("/");
    const family = isIP(address);
    const most = family === 6 ? 128 : 32;
    const prefix = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : most + 1;
    if (family === 0 || prefix > most || more.length > 0) return undefined;
    list.addSubnet(address, prefix, family === 6 ? "ipv6" : "ipv4");
  }
  return { has: (address) => list.check(address, isIPv6(address) ? "ipv6" : "ipv4") };
}

/**
 * The address that a request came from: that of the connection, or, where a trusted proxy made the connection,
 * the last address in X-Forwarded-For that is not one of theirs. What stands left of that anyone can have written.
 *
 * @param peer the other end of the connection as it was when it was accepted; "unix" on a Unix socket, which is trusted
 *   by its permissions; "unknown", whom nobody trusts, for a connection that was closed before.
 * @returns an IP address without brackets, port or zone; else `peer` when nothing better is known.
 */
export function clientAddress(
  peer: string,
  forwardedFor: string | undefined,
  proxies: TrustedProxies,
): string {
  let client = unmapped(peer);
  const hops = forwardedFor?.split(",") ?? [];
  for (let hop = hops.pop(); hop !== undefined; hop = hops.pop()) {
    const address = parseHop(hop);
    if (address === undefined || !(client === "unix" || proxies.has(client))) break;
    client = address;
  }
  return client;
}

/** What counts as one client: an IPv4 address, or the /64 that one IPv6 customer has at least. */
export function clientKey(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = "", tail] = address.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const groups =
    tail === undefined
      ? left
      : [...left, ...Array(Math.max(0, 8 - left.length - right.length)).fill("0"), ...right];
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, "").toLowerCase())
    .join(":")}::/64`;
}

/** Some proxies write the port too. */
function parseHop(hop: string): string | undefined {
  const text = hop.trim().replace(/^"(.*)"$/, "$1");
  const [, bracketed, v4] = /^\[([^\]]+)\](?::\d+)?$|^([\d.]+):\d+$/.exec(text) ?? [];
  const address = unmapped(bracketed ?? v4 ?? text);
  return isIP(address) === 0 ? undefined : address;
}

/** Without the zone, and an IPv4 address as itself. Source: RFC 4291 §2.5.5.2, RFC 4007 §11. */
function unmapped(address: string): string {
  return address.replace(/%.*$/, "").replace(/^::ffff:(?=[\d.]+$)/i, "");
}
