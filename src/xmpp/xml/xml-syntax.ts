import { XmlError } from "./xml-error.ts";
import { ncName, space } from "./xml-names.ts";
import { isCharacter } from "./xml-reference.ts";

/** A start tag as written: its references are resolved, its prefixes are not. */
export interface StartTag {
  readonly prefix: string | undefined;
  readonly local: string;
  /** The attributes without a prefix. The record has no prototype, so every name is a name. */
  readonly attrs: Record<string, string>;
  /** The default namespace that it declares. */
  readonly xmlns: string | undefined;
  /** The attributes with a prefix, in the order they came; undefined where there are none. */
  readonly prefixed: readonly PrefixedAttribute[] | undefined;
  /** How many attributes it has. */
  readonly count: number;
  readonly isEmpty: boolean;
}

export interface PrefixedAttribute {
  readonly prefix: string;
  readonly local: string;
  readonly value: string;
}

const qName = `(?:(${ncName}):)?(${ncName})`;
const tagName = new RegExp(`<${qName}`, "y");
const attribute = new RegExp(`${space}+${qName}${space}*=${space}*(?:"([^<"]*)"|'([^<']*)')`, "y");
const tagEnd = new RegExp(`${space}*(/?)>$`, "y");
const endTag = new RegExp(`^</(${qName})${space}*>$`);
const quoted = (value: string) => `(?:"${value}"|'${value}')`;
const declaration = new RegExp(
  `^<\\?xml${space}+version${space}*=${space}*${quoted("1\\.[0-9]+")}` +
    `(?:${space}+encoding${space}*=${space}*${quoted("[A-Za-z][A-Za-z0-9._-]*")})?` +
    `(?:${space}+standalone${space}*=${space}*${quoted("(?:yes|no)")})?${space}*\\?>$`,
);

/** A character that XML 1.0 does not allow, in text that was decoded from UTF-8. Source: XML 1.0 §2.2. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for.
export const notACharacter = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/;

/**
 * Reads a start tag, from "<" to ">".
 *
 * @returns undefined when it has more than `maxAttributes` attributes.
 * @throws {XmlError}
 */
export function parseStartTag(raw: string, maxAttributes: number): StartTag | undefined {
  tagName.lastIndex = 0;
  const name = tagName.exec(raw);
  if (name === null) throw new XmlError("a tag without a proper name");
  const attrs: Record<string, string> = Object.create(null);
  let xmlns: string | undefined;
  let prefixed: PrefixedAttribute[] | undefined;
  let at = tagName.lastIndex;
  let count = 0;
  for (; ; count += 1) {
    if (count > maxAttributes) return undefined;
    attribute.lastIndex = at;
    const found = attribute.exec(raw);
    if (found === null) break;
    at = attribute.lastIndex;
    const [, prefix, local = "", double, single = ""] = found;
    const value = attributeValue(double ?? single);
    if (prefix !== undefined) {
      prefixed ??= [];
      prefixed.push({ prefix, local, value });
    } else if (local === "xmlns" ? xmlns !== undefined : attrs[local] !== undefined) {
      throw new XmlError("an attribute is given twice");
    } else if (local === "xmlns") xmlns = value;
    else attrs[local] = value;
  }
  tagEnd.lastIndex = at;
  const end = tagEnd.exec(raw);
  if (end === null) throw new XmlError("a tag is not well-formed");
  return { prefix: name[1], local: name[2] ?? "", attrs, xmlns, prefixed, count, isEmpty: end[1] === "/" };
}

/**
 * Reads an attribute without a prefix as it is written in a tag.
 *
 * @returns its name and value; undefined when it is something else.
 * @throws {XmlError} for a reference that is not good.
 */
export function parseAttribute(raw: string): readonly [name: string, value: string] | undefined {
  attribute.lastIndex = 0;
  const [, prefix, local, double, single] = attribute.exec(` ${raw}`) ?? [];
  const value = double ?? single;
  if (local === undefined || value === undefined || prefix !== undefined) return undefined;
  return [local, attributeValue(value)];
}

/**
 * The name in an end tag, as written.
 *
 * @throws {XmlError}
 */
export function parseEndTag(raw: string): string {
  const name = endTag.exec(raw)?.[1];
  if (name === undefined) throw new XmlError("an end tag is not well-formed");
  return name;
}

/** Whether this is an XML declaration. Source: XML 1.0 §2.8. */
export function isDeclaration(raw: string): boolean {
  return declaration.test(raw);
}

/** How many references a text has; counted up to one more than `max`. */
export function countReferences(raw: string, max: number): number {
  let count = 0;
  for (let at = raw.indexOf("&"); at >= 0 && count <= max; at = raw.indexOf("&", at + 1)) count += 1;
  return count;
}

/**
 * The value of an attribute as it counts. Source: XML 1.0 §3.3.3.
 *
 * @throws {XmlError}
 */
export function attributeValue(raw: string): string {
  if (!/[&\t\n\r]/.test(raw)) return raw;
  return resolveReferences(raw.replace(/\r\n|[\t\n\r]/g, " "));
}

/**
 * A text between tags as it counts. Source: XML 1.0 §2.4, §2.11.
 *
 * @throws {XmlError}
 */
export function textValue(raw: string): string {
  if (raw.includes("]]>")) throw new XmlError('a text holds "]]>"');
  return resolveReferences(withLineFeeds(raw));
}

/** A text with every line end a line feed. Source: XML 1.0 §2.11. */
export function withLineFeeds(raw: string): string {
  return raw.includes("\r") ? raw.replace(/\r\n?/g, "\n") : raw;
}

/** Only the five named references are allowed. Source: XML 1.0 §4.1; RFC 6120 §11.1. */
function resolveReferences(text: string): string {
  return text.includes("&")
    ? text.replace(/&([^;]*;?)/g, (_, reference: string) => resolve(reference))
    : text;
}

function resolve(reference: string): string {
  const character = named[reference];
  if (character !== undefined) return character;
  const [, decimal, hex] = /^#(?:([0-9]+)|x([0-9A-Fa-f]+));$/.exec(reference) ?? [];
  const code = decimal === undefined ? Number.parseInt(hex ?? "0", 16) : Number.parseInt(decimal, 10);
  if (!isCharacter(code)) throw new XmlError("a reference is unknown or stands for no character");
  return String.fromCodePoint(code);
}

const named: Readonly<Record<string, string>> = Object.assign(Object.create(null), {
  "amp;": "&",
  "lt;": "<",
  "gt;": ">",
  "apos;": "'",
  "quot;": '"',
});
