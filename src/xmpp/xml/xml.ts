/**
 * An XML element with its namespace resolved. Attributes are those without a namespace, and `xml:lang`:
 * nothing else carries meaning in what slotd reads or writes.
 */
export interface Element {
  readonly name: string;
  readonly ns: string;
  readonly attrs: Readonly<Record<string, string>>;
  readonly children: readonly Node[];
}

export type Node = Element | string;

/** Makes an element. Attributes whose value is undefined are left out. */
export function element(
  name: string,
  ns: string,
  attrs: Readonly<Record<string, string | undefined>> = {},
  children: readonly Node[] = [],
): Element {
  const kept: Record<string, string> = {};
  for (const key in attrs) {
    const value = attrs[key];
    if (value !== undefined) kept[key] = value;
  }
  return { name, ns, attrs: kept, children };
}

/** The child elements of an element. */
export function childElements(parent: Element): Element[] {
  return parent.children.filter((child): child is Element => typeof child !== "string");
}

/** The first child of this name and namespace. */
export function childOf(parent: Element, name: string, ns: string): Element | undefined {
  return childElements(parent).find((child) => child.name === name && child.ns === ns);
}

/** The text directly in an element, joined. */
export function textOf(parent: Element): string {
  return parent.children.filter((child) => typeof child === "string").join("");
}

/**
 * Writes an element. A namespace is declared where it differs from the parent's, so that the outcome can stand
 * inside a stream whose default namespace is `outerNs`.
 */
export function serialize(node: Element, outerNs: string): string {
  let xml = `<${node.name}`;
  if (node.ns !== outerNs) xml += ` xmlns='${escapeXml(node.ns)}'`;
  for (const key in node.attrs) xml += ` ${key}='${escapeXml(node.attrs[key] ?? "")}'`;
  if (node.children.length === 0) return `${xml}/>`;
  xml += ">";
  for (const child of node.children) {
    xml += typeof child === "string" ? escapeXml(child) : serialize(child, node.ns);
  }
  return `${xml}</${node.name}>`;
}

/** Whether `serialize` writes these in no more than so many characters, each counted as its longest reference. */
export function isWrittenWithin(nodes: readonly Node[], limit: number): boolean {
  return room(nodes, limit) >= 0;
}

/** What a limit leaves when these are written; negative as soon as it is exceeded, without looking any further. */
function room(nodes: readonly Node[], limit: number): number {
  let left = limit;
  for (const node of nodes) {
    if (typeof node === "string") left -= LONGEST_REFERENCE * node.length;
    else {
      left -= 2 * node.name.length + LONGEST_REFERENCE * node.ns.length + "< xmlns=''></>".length;
      for (const key in node.attrs)
        left -= key.length + LONGEST_REFERENCE * (node.attrs[key]?.length ?? 0) + " =''".length;
      if (left >= 0) left = room(node.children, left);
    }
    if (left < 0) break;
  }
  return left;
}

const LONGEST_REFERENCE = "&quot;".length;
const rare = /[<>'"\t\n\r]/;

/** Escapes a text for use in an attribute or between tags; white space other than a blank survives in an attribute. */
export function escapeXml(text: string): string {
  // Of these a URL has "&" only, and this way it costs half.
  const escaped = text.includes("&") ? text.replaceAll("&", "&amp;") : text;
  if (!rare.test(escaped)) return escaped;
  return escaped.replace(/[<>'"\t\n\r]/g, (character) => references[character] ?? character);
}

const references: Readonly<Record<string, string>> = {
  "<": "&lt;",
  ">": "&gt;",
  "'": "&apos;",
  '"': "&quot;",
  "\t": "&#9;",
  "\n": "&#10;",
  "\r": "&#13;",
};
