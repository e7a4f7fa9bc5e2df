import { type PrefixedAttribute, type StartTag, XmlError } from "./xml-syntax.ts";

const NS_XML = "http://www.w3.org/XML/1998/namespace";
const NS_XMLNS = "http://www.w3.org/2000/xmlns/";

/** The namespaces that are in force at a place. */
export interface NamespaceScope {
  /** "" for none. */
  readonly defaultNs: string;
  readonly prefixes: ReadonlyMap<string, string>;
}

/** Outside the root element. */
export const outermostScope: NamespaceScope = { defaultNs: "", prefixes: new Map([["xml", NS_XML]]) };

/**
 * The namespaces in force in an element.
 *
 * @throws {XmlError} for a declaration that is not allowed. Source: Namespaces in XML 1.0 §3.
 */
export function scopeWithin(outer: NamespaceScope, tag: StartTag): NamespaceScope {
  const { xmlns, prefixed } = tag;
  if (xmlns === undefined && prefixed === undefined) return outer;
  if (xmlns === NS_XML || xmlns === NS_XMLNS) throw new XmlError("a reserved namespace is declared");
  const declared = declaredPrefixes(prefixed ?? []);
  if (xmlns === undefined && declared === undefined) return outer;
  const prefixes = declared === undefined ? outer.prefixes : new Map([...outer.prefixes, ...declared]);
  return { defaultNs: xmlns ?? outer.defaultNs, prefixes };
}

function declaredPrefixes(attributes: readonly PrefixedAttribute[]): Map<string, string> | undefined {
  let declared: Map<string, string> | undefined;
  for (const { prefix: kind, local: prefix, value: uri } of attributes) {
    if (kind !== "xmlns") continue;
    const isXml = prefix === "xml" && uri === NS_XML;
    const isReserved = prefix === "xml" || prefix === "xmlns" || uri === NS_XML || uri === NS_XMLNS;
    if (uri === "" || (isReserved && !isXml)) throw new XmlError("a namespace prefix is declared wrongly");
    if (declared?.has(prefix)) throw new XmlError("an attribute is given twice");
    declared ??= new Map();
    declared.set(prefix, uri);
  }
  return declared;
}

/**
 * The namespace of an element.
 *
 * @throws {XmlError} when its prefix is not declared. Source: Namespaces in XML 1.0 §5, §6.1.
 */
export function namespaceOf(tag: StartTag, scope: NamespaceScope): string {
  return tag.prefix === undefined ? scope.defaultNs : lookUp(tag.prefix, scope);
}

/**
 * The value of `xml:lang`, where it is given. The other attributes with a prefix carry no meaning in a stream, but
 * are held to the rules.
 *
 * @throws {XmlError} when a prefix is not declared, or one attribute is given twice. Source: Namespaces in XML 1.0 §6.3.
 */
export function languageOf(tag: StartTag, scope: NamespaceScope): string | undefined {
  let language: string | undefined;
  let seen: Set<string> | undefined;
  for (const { prefix, local, value } of tag.prefixed ?? []) {
    if (prefix === "xmlns") continue;
    const uri = lookUp(prefix, scope);
    if (tag.prefixed?.length !== 1) {
      seen ??= new Set();
      const name = `${uri} ${local}`;
      if (seen.has(name)) throw new XmlError("an attribute is given twice");
      seen.add(name);
    }
    if (prefix === "xml" && local === "lang") language = value;
  }
  return language;
}

function lookUp(prefix: string, scope: NamespaceScope): string {
  const uri = scope.prefixes.get(prefix);
  if (uri === undefined) throw new XmlError("a namespace prefix is not declared");
  return uri;
}
