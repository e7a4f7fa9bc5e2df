import { uriDecode, uriEncode } from "../sigv4/encode.ts";
import { type AddressBase, readAddressBase } from "./address-space.ts";

/** What belongs to a base, and what of the path follows it. */
export interface AtBase<Value> {
  readonly value: Value;
  /** As it came, not decoded; with its leading slash, or "". */
  readonly rest: string;
}

/** The bases of one host, or of all ports of it. */
interface Host<Value> {
  readonly byPrefix: Map<string, Value[]>;
  /** The most segments that a prefix of its has. */
  depth: number;
}

/**
 * Finds the base that a request is under: by its host, and the longest prefix of its path.
 *
 * Percent-encodings of a prefix are compared by what they decode to, segment by segment; "%2F" is no slash. The host is
 * looked for as it was named and then by its name without the port: proxies drop ports and put their own in. So a base
 * of one port may answer for another one, but never for another name. The time grows
 * with the segments of the longest prefix and with the path, and not with the number of bases.
 */
export class AddressIndex<Value> {
  readonly #exact = new Map<string, Host<Value>>();
  readonly #byName = new Map<string, Host<Value>>();

  /** @throws {TypeError} for a URL that `readAddressBase` does not read; the options refuse those. */
  constructor(bases: readonly { readonly url: string; readonly value: Value }[]) {
    for (const { url, value } of bases) {
      const base = readAddressBase(url);
      if (base === undefined)
        throw new TypeError("A base of addresses is an http or https URL without query.");
      add(this.#exact, base.host, base, value);
      add(this.#byName, nameOf(base.host), base, value);
    }
  }

  /**
   * What belongs to the base that a request is under, each once: first that of the host as it was named.
   *
   * @param host as the Host header has it.
   * @param rawPath of the request, not decoded.
   */
  find(host: string, rawPath: string): readonly AtBase<Value>[] {
    if (host === "" || !rawPath.startsWith("/")) return [];
    const named = canonicalHost(host);
    const exact = longestPrefix(this.#exact.get(named), rawPath);
    const known = new Set(exact.map(({ value }) => value));
    const others = longestPrefix(this.#byName.get(nameOf(named)), rawPath);
    return [...exact, ...others.filter(({ value }) => !known.has(value))];
  }
}

function add<Value>(
  hosts: Map<string, Host<Value>>,
  key: string,
  { prefix }: AddressBase,
  value: Value,
): void {
  const host = hosts.get(key) ?? { byPrefix: new Map<string, Value[]>(), depth: 0 };
  hosts.set(key, host);
  const values = host.byPrefix.get(prefix) ?? [];
  host.byPrefix.set(prefix, values);
  if (!values.includes(value)) values.push(value);
  host.depth = Math.max(host.depth, segmentsIn(prefix));
}

function longestPrefix<Value>(host: Host<Value> | undefined, rawPath: string): readonly AtBase<Value>[] {
  if (host === undefined) return [];
  let found: readonly AtBase<Value>[] = [];
  let prefix = "";
  let end = 0;
  for (let depth = 0; ; depth += 1) {
    const values = host.byPrefix.get(prefix);
    if (values !== undefined) found = values.map((value) => ({ value, rest: rawPath.slice(end) }));
    if (depth === host.depth || end >= rawPath.length) return found;
    const next = rawPath.indexOf("/", end + 1);
    const segment = uriDecode(rawPath.slice(end + 1, next < 0 ? undefined : next));
    if (segment === undefined) return found;
    prefix += `/${uriEncode(segment)}`;
    end = next < 0 ? rawPath.length : next;
  }
}

function segmentsIn(prefix: string): number {
  return prefix.split("/").length - 1;
}

/** Default ports are left out of bases, and some clients write them all the same. */
function canonicalHost(host: string): string {
  return host
    .toLowerCase()
    .replace(/:(80|443)?$/, "")
    .replace(/\.(?=:|$)/, "");
}

function nameOf(host: string): string {
  return host.replace(/:\d*$/, "");
}
