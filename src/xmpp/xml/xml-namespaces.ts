import { NamespaceError } from "./xml-error.ts";
import type { PrefixedAttribute, StartTag } from "./xml-syntax.ts";

const NS_XML = "http://www.w3.org/XML/1998/namespace";
const NS_XMLNS = "http://www.w3.org/2000/xmlns/";

/** A prefix that was declared, linked to those declared before it. */
interface Binding {
  readonly prefix: string;
  readonly uri: string;
  readonly before: Binding | undefined;
  /** How many there are up to this one. */
  readonly count: number;
}

/**
 * The namespaces that are in force at a place. A scope adds to the one around it what its own tag declares, and
 * copies nothing. A prefix is looked for along all of them, so their number is to be bounded: `prefixCount`.
 */
export interface NamespaceScope {
  /** "" for none. */
  readonly defaultNs: string;
  /** The last one counts where a prefix is declared again. */
  readonly bindings: Binding | undefined;
}

/** Outside the root element. */
export const outermostScope: NamespaceScope = { defaultNs: "", bindings: undefined };

/** How many declarations of prefixes are linked in a scope; what one lookup compares at most. */
export function prefixCount({ bindings }: NamespaceScope): number {
  return bindings?.count ?? 0;
}

/**
 * The namespaces in force in an element.
 *
 * @throws {NamespaceError} for a declaration that is not allowed. Source: Namespaces in XML 1.0 §3.
 */
export function scopeWithin(outer: NamespaceScope, tag: StartTag): NamespaceScope {
  const { xmlns, prefixed } = tag;
  if (xmlns === undefined && prefixed === undefined) return outer;
  if (xmlns === NS_XML || xmlns === NS_XMLNS) throw new NamespaceError("a reserved namespace is declared");
  const bindings = prefixed === undefined ? outer.bindings : bindingsWithin(outer.bindings, prefixed);
  return { defaultNs: xmlns ?? outer.defaultNs, bindings };
}

function bindingsWithin(
  outer: Binding | undefined,
  attributes: readonly PrefixedAttribute[],
): Binding | undefined {
  let bindings = outer;
  let declared: Set<string> | undefined;
  for (const { prefix: kind, local: prefix, value: uri } of attributes) {
    if (kind !== "xmlns") continue;
    const isXml = prefix === "xml" && uri === NS_XML;
    const isReserved = prefix === "xml" || prefix === "xmlns" || uri === NS_XML || uri === NS_XMLNS;
    if (uri === "" || (isReserved && !isXml))
      throw new NamespaceError("a namespace prefix is declared wrongly");
    declared ??= new Set();
    if (declared.has(prefix)) throw new NamespaceError("an attribute is given twice");
    declared.add(prefix);
    bindings = { prefix, uri, before: bindings, count: (bindings?.count ?? 0) + 1 };
  }
  return bindings;
}

/**
 * The namespace of an element.
 *
 * @throws {NamespaceError} when its prefix is not declared. Source: Namespaces in XML 1.0 §5, §6.1.
 */
export function namespaceOf(tag: StartTag, scope: NamespaceScope): string {
  return tag.prefix === undefined ? scope.defaultNs : lookUp(tag.prefix, scope);
}

/**
 * The value of `xml:lang`, where it is given. The other attributes with a prefix carry no meaning in a stream, but
 * are held to the rules.
 *
 * @throws {NamespaceError} when a prefix is not declared, or one attribute is given twice. Source: Namespaces in XML 1.0
 * §6.3.
 */
export function languageOf(tag: StartTag, scope: NamespaceScope): string | undefined {
  let language: string | undefined;
  let seen: Map<string, string[]> | undefined;
  for (const { prefix, local, value } of tag.prefixed ?? []) {
    if (prefix === "xmlns") continue;
    const uri = lookUp(prefix, scope);
    if (tag.prefixed?.length !== 1) {
      seen ??= new Map();
      // Never joined into one text: a long namespace would be written once for each attribute.
      const namespaces = seen.get(local);
      if (namespaces?.includes(uri)) throw new NamespaceError("an attribute is given twice");
      if (namespaces === undefined) seen.set(local, [uri]);
      else namespaces.push(uri);
    }
    if (prefix === "xml" && local === "lang") language = value;
  }
  return language;
}

function lookUp(prefix: string, scope: NamespaceScope): string {
  if (prefix === "xml") return NS_XML;
  for (let binding = scope.bindings; binding !== undefined; binding = binding.before) {
    if (binding.prefix === prefix) return binding.uri;
  }
  throw new NamespaceError("a namespace prefix is not declared");
}
