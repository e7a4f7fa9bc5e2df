import { uriDecode } from "../sigv4/encode.ts";
import { readAddressBase } from "./address-space.ts";

/** A base as an XMPP server was told it. */
export interface LiteralBase<Value> {
  readonly url: string;
  /** Whether the server adds the final slash that the URL lacks; else what it signs may stick to its last segment. */
  readonly addsSlash: boolean;
  readonly value: Value;
}

/** What belongs to a base, and what of the path follows it. */
export interface AtLiteralBase<Value> {
  readonly value: Value;
  /** Decoded once, without the slash between them. */
  readonly path: string;
}

interface Known<Value> {
  readonly host: string;
  readonly base: string;
  readonly value: Value;
}

/**
 * Finds the base that a request is under, literally: where a base has no final slash, what follows it may follow
 * without one. COMPAT(Prosody mod_http_upload_external): it puts the base before the slot as it is. Of several bases
 * that fit the longest counts. Hosts are told apart as by `AddressIndex`.
 */
export class LiteralBaseIndex<Value> {
  readonly #byHost: ReadonlyMap<string, readonly Known<Value>[]>;
  readonly #byName: ReadonlyMap<string, readonly Known<Value>[]>;

  /** @throws {TypeError} for a URL that `readAddressBase` does not read. */
  constructor(bases: readonly LiteralBase<Value>[]) {
    const known = bases.map(knownBase).sort((a, b) => b.base.length - a.base.length);
    this.#byHost = Map.groupBy(known, ({ host }) => host);
    this.#byName = Map.groupBy(known, ({ host }) => nameOf(host));
  }

  /** Takes a time that grows with the path, and with the bases of one host. */
  find(host: string, rawPath: string): AtLiteralBase<Value> | undefined {
    const named = host.toLowerCase();
    const here = this.#byHost.get(named) ?? this.#byName.get(nameOf(named));
    const path = here && uriDecode(rawPath);
    const found = path === undefined ? undefined : here?.find(({ base }) => path.startsWith(base));
    if (path === undefined || found === undefined) return undefined;
    const rest = path.slice(found.base.length);
    const isOpen = !found.base.endsWith("/");
    return { value: found.value, path: isOpen && rest.startsWith("/") ? rest.slice(1) : rest };
  }
}

function knownBase<Value>({ url, addsSlash, value }: LiteralBase<Value>): Known<Value> {
  const base = readAddressBase(url);
  if (base === undefined) throw new TypeError("A base of addresses is an http or https URL without query.");
  const [, path = ""] = /^https?:\/\/[^/?#\\]+(.*)$/i.exec(url) ?? [];
  const decoded = uriDecode(path) ?? "";
  const isComplete = decoded.endsWith("/") || (decoded !== "" && !addsSlash);
  return { host: base.host, base: isComplete ? decoded : `${decoded}/`, value };
}

function nameOf(host: string): string {
  return host.replace(/\.?(?::\d*)?$/, "");
}
