import type { Random } from "../../fuzz/random.ts";
import { hostileElement } from "./hostile-xml.ts";

/** Content of a stanza of about so many characters. */
export interface Shape {
  readonly name: string;
  make(length: number): string;
}

const repeated = (name: string, part: string): Shape => ({
  name,
  make: (length) => part.repeat(Math.floor(length / part.length)),
});

/** Tags that are numbered, side by side or each in the one before. */
function numbered(name: string, tag: (number: number) => string, isNested: boolean): Shape {
  const make = (length: number): string => {
    const parts: string[] = [];
    for (let left = length; left > 0; left -= 4 + (parts.at(-1)?.length ?? 0))
      parts.push(`<a${tag(parts.length)}>`);
    return isNested
      ? parts.join("") + "</a>".repeat(parts.length)
      : parts.map((open) => `${open}</a>`).join("");
  };
  return { name, make };
}

/** One tag of numbered attributes. */
function attributes(name: string, first: string, one: (number: number) => string): Shape {
  const make = (length: number): string => {
    const parts: string[] = [];
    for (let left = length; left > 0; left -= parts.at(-1)?.length ?? 1) parts.push(one(parts.length));
    return `<a${first}${parts.join("")}/>`;
  };
  return { name, make };
}

/**
 * Siblings of 64 characters, each with an attribute and a text: about what an item of a service discovery or of a roster
 * has, and a slot request's <request/>.
 */
export const flat: Shape = repeated(
  "flat",
  "<item id='12345678'>text here text here text here text</item>".padEnd(64),
);

/** The shapes that were found to cost most, and what is like them. */
export const knownShapes: readonly Shape[] = [
  numbered("nested prefixes", (number) => ` xmlns:p${number}='x'`, true),
  numbered("prefixes side by side", (number) => ` xmlns:p${number}='x'`, false),
  numbered("one prefix declared anew", () => " xmlns:p='x'", true),
  attributes("attributes", "", (number) => ` a${number}=''`),
  attributes("attributes with a prefix", " xmlns:p='urn:p'", (number) => ` p:a${number}=''`),
  attributes("attributes of XML's namespace", "", (number) => ` xml:a${number}=''`),
  attributes("prefixes in one tag", "", (number) => ` xmlns:p${number}='x'`),
  attributes("a long namespace", ` xmlns:p='${"u".repeat(20_000)}'`, (number) => ` p:a${number}=''`),
  repeated("empty elements", "<a/>"),
  repeated("CDATA sections", "<![CDATA[]]>"),
  repeated("references", "&lt;"),
  repeated("numbered references", "&#65;"),
  repeated("brackets", "]]&gt;"),
  { name: "depth", make: (length) => "<a>".repeat(length / 7) + "</a>".repeat(length / 7) },
  { name: "a long name", make: (length) => `<${"n".repeat(length / 2)}></${"n".repeat(length / 2)}>` },
  { name: "a long name in Cyrillic", make: (length) => `<${"ы".repeat(length / 4)}/>` },
  { name: "one attribute", make: (length) => `<a b='${"\u{1f600}".repeat(length / 4)}'/>` },
  { name: "white space in a tag", make: (length) => `<a${" ".repeat(length)}/>` },
  { name: "text", make: (length) => "x".repeat(length) },
];

/** Shapes of the generator's. */
export function hostileShapes(random: Random, count: number): Shape[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `generated ${index + 1}`,
    make: (length) => hostileElement(random, length),
  }));
}
