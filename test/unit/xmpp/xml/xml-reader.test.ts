import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { SaxesParser } from "saxes";
import { XmlError } from "../../../../src/xmpp/xml/xml-error.ts";
import { type XmlBounds, XmlReader } from "../../../../src/xmpp/xml/xml-reader.ts";

/** What a document says, or that it is not to be had. Neighbouring texts are one: nobody promises how they are cut. */
type Reading = readonly string[] | "refused";

function joinTexts(told: readonly string[]): string[] {
  const joined: string[] = [];
  for (const entry of told) {
    const last = joined.at(-1);
    if (entry.startsWith("text ") && last?.startsWith("text "))
      joined.push(`${joined.pop()}${entry.slice(5)}`);
    else joined.push(entry);
  }
  return joined;
}

function sorted(attrs: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(attrs).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** So wide that nothing is passed over. */
const wide: XmlBounds = { length: 1e9, depth: 1e9, parts: 1e9, prefixes: 1e9, kept: ["id", "xml:lang"] };

function read(pieces: readonly string[], bounds = wide): Reading {
  const told: string[] = [];
  let depth = 0;
  const reader = new XmlReader(
    {
      open: (name, ns, attrs) => {
        depth += 1;
        told.push(`open ${ns} ${name} ${sorted(attrs)}`);
      },
      close: () => {
        depth -= 1;
        told.push("close");
      },
      text: (text) => told.push(`text ${text}`),
      passedOver: (head) => {
        depth = 1;
        told.push(`passed over ${head?.name} ${sorted(head?.attrs ?? {})}`);
      },
    },
    bounds,
  );
  try {
    for (const piece of pieces) reader.write(piece);
  } catch (error) {
    if (error instanceof XmlError) return "refused";
    throw error;
  }
  return depth === 0 && told.length > 0 && isAtRest(reader) ? joinTexts(told) : "refused";
}

/** Whether the reader is not within a token: a comment is noticed then. */
function isAtRest(reader: XmlReader): boolean {
  try {
    reader.write(" <!-");
    return false;
  } catch (error) {
    return error instanceof XmlError;
  }
}

/** What is not judged in an element that is passed over: the rules on prefixes, and on attributes given twice. */
const unjudged = /prefix|namespace|xmlns|duplicate attribute/i;

/**
 * The same by saxes, a strict parser of the whole of XML, less what a stream must not hold. With `passesOver` the
 * children of the root are what is passed over.
 */
function readBySaxes(document: string, passesOver = false): Reading {
  const told: string[] = [];
  let isRefused = false;
  const refuse = () => {
    isRefused = true;
  };
  const parser = new SaxesParser<{ xmlns: true }>({ xmlns: true });
  parser.on("error", (error) => {
    if (!passesOver || !unjudged.test(error.message)) refuse();
  });
  parser.on("comment", refuse);
  parser.on("processinginstruction", refuse);
  parser.on("doctype", refuse);
  let depth = 0;
  parser.on("opentag", (tag) => {
    depth += 1;
    const attrs: Record<string, string> = {};
    for (const { prefix, local, name, value } of Object.values(tag.attributes)) {
      if (name !== "xmlns" && (prefix === "" || name === "xml:lang")) attrs[prefix ? name : local] = value;
    }
    if (!passesOver || depth === 1) told.push(`open ${tag.uri} ${tag.local} ${sorted(attrs)}`);
    if (passesOver && depth === 2)
      told.push(`passed over ${tag.name} ${sorted(attrs.id === undefined ? {} : { id: attrs.id })}`);
  });
  parser.on("closetag", () => {
    depth -= 1;
    if (!passesOver || depth === 0) told.push("close");
  });
  // Texts directly in the root are not told.
  const text = (text: string) => {
    if (depth > 1 && text !== "" && !passesOver) told.push(`text ${text}`);
  };
  parser.on("text", text);
  parser.on("cdata", text);
  parser.write(document).close();
  return isRefused ? "refused" : joinTexts(told);
}

const scraps = [
  ..."<>/='\"&;! \t\r\n:-]?#x",
  ...[
    "<a",
    "<a>",
    "</a>",
    "<b:c",
    "</b:c>",
    "<é",
    "<a/>",
    " id='1'",
    ' id="<"',
    " b:d='2'",
    " xml:lang='en'",
  ],
  ...[" xmlns='urn:x'", " xmlns:b='urn:b'", " xmlns:c='urn:b'", " c:d='3'", " xmlns:b=''", " xmlns=''"],
  ...[" xmlns:xml='http://www.w3.org/XML/1998/namespace'", " xmlns:xmlns='urn:x'"],
  ...["&amp;", "&#65;", "&#x1F600;", "&#0;", "&nbsp;", "&lt;", "&#xD;", "<![CDATA[", "]]>", "<!--", "-->"],
  ...["text", "ё", "😀", "\u0001", "\ufffe", "<?xml version='1.0'?>", "<?p?>", "<!DOCTYPE a>"],
];
const markup = fc.array(fc.constantFrom(...scraps), { maxLength: 14 }).map((parts) => parts.join(""));
/** Mostly inside a root element, so that many of them are good. */
const documents = fc.oneof(
  markup,
  markup.map((inside) => `<r xmlns:b='urn:b'>${inside}</r>`),
  fc
    .tuple(markup, markup)
    .map(([attributes, inside]) => `<r xmlns:b='urn:b'><a${attributes}>${inside}</a></r>`),
  fc
    .array(fc.constantFrom(" b:d='2'", " id='1'", " xmlns:c='urn:b'", " c:d='3'", " xml:lang='en'", " "))
    .map((attributes) => `<r xmlns:b='urn:b'><a${attributes.join("")}/></r>`),
);

function cut(document: string, places: readonly number[]): string[] {
  const at = [
    0,
    ...places.map((place) => place % (document.length + 1)).sort((a, b) => a - b),
    document.length,
  ];
  return at.slice(1).map((end, index) => document.slice(at[index], end));
}

describe("the XML reader", () => {
  test("reads and refuses what saxes reads and refuses, wherever it is cut", () => {
    let good = 0;
    fc.assert(
      fc.property(documents, fc.array(fc.nat(200), { maxLength: 4 }), (document, places) => {
        const expected = readBySaxes(document);
        if (expected !== "refused") good += 1;
        const reading = read(cut(document, places));
        // A child of the root that only breaks a rule on namespaces is passed over.
        if (expected !== "refused" || readBySaxes(document, true) === "refused")
          expect(reading).toEqual(expected);
        else if (reading !== "refused") expect(reading.join("\n")).toContain("passed over");
      }),
      { numRuns: 6_000 },
    );
    expect(good).toBeGreaterThan(300);
  });

  test("past its bounds judges all but prefixes and repeated attributes as saxes does, wherever it is cut", () => {
    let [good, refused] = [0, 0];
    const shallow = { ...wide, depth: 1, kept: ["id"] };
    const inRoot = fc.oneof(
      markup,
      fc.tuple(markup, markup).map(([attributes, inside]) => `<a${attributes}>${inside}</a>${inside}`),
    );
    fc.assert(
      fc.property(inRoot, fc.array(fc.nat(200), { maxLength: 4 }), (inside, places) => {
        const document = `<r xmlns:b='urn:b'>${inside}</r>`;
        const expected = readBySaxes(document, true);
        if (expected === "refused") refused += 1;
        else good += 1;
        expect(read(cut(document, places), shallow)).toEqual(expected);
      }),
      { numRuns: 12_000 },
    );
    expect(good).toBeGreaterThan(300);
    expect(refused).toBeGreaterThan(300);
  });

  test.each([
    ["an undeclared prefix", "<a><p:b/></a>"],
    ["a prefix that is declared wrongly", "<a><b xmlns:p=''/></a>"],
    [
      "a prefix for the namespace of XML",
      "<a><b xmlns:p='http://www.w3.org/XML/1998/namespace' p:c=''/></a>",
    ],
    ["one attribute by two prefixes", "<a><b xmlns:p='urn:x' xmlns:q='urn:x' p:c='' q:c=''/></a>"],
  ])("passes over a child of the root with %s, and goes on", (_, inside) => {
    expect(read([`<r>${inside}<c/></r>`])).toEqual([
      "open  r []",
      "open  a []",
      "passed over undefined []",
      "open  c []",
      "close",
      "close",
    ]);
  });

  test.each(["<p:r/>", "<r xmlns:p=''/>", "<r xmlns:xmlns='urn:x'/>"])(
    "refuses a root like %s",
    (document) => {
      expect(read([document])).toBe("refused");
    },
  );

  test.each([
    ["an undeclared prefix", "<a><p:b/></a>", false],
    ["an attribute that is given twice", "<a><b c='1' c='2'/></a>", true],
  ])("past its bounds does not judge %s", (_, inside, isJudgedBefore) => {
    const document = [`<r>${inside}</r>`];
    expect(read(document) === "refused").toBe(isJudgedBefore);
    expect(read(document, { ...wide, depth: 2 })).toEqual([
      "open  r []",
      "open  a []",
      "passed over undefined []",
      "close",
    ]);
  });

  test("holds a million quotes, brackets and entities in a second", () => {
    const piece = `]]&amp;"><`.repeat(100);
    const started = performance.now();
    for (const [before, inside, after] of [
      ["<a b='", piece.replaceAll("<", ""), "'/>"],
      ["<r><a><![CDATA[", piece, "]]></a></r>"],
      ["<r><a>", "&gt;".repeat(200), "</a></r>"],
      ["<a ", "b", "='1'/>"],
    ] as const) {
      const pieces = [before, ...Array.from({ length: 1_000 }, () => inside), after];
      expect(read(pieces)).not.toBe("refused");
    }
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});
