import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { StreamParser } from "../../../../src/xmpp/stream-parser.ts";
import { type Element, element, serialize } from "../../../../src/xmpp/xml/xml.ts";

const NS = "jabber:component:accept";
const header = `<stream:stream xmlns='${NS}' xmlns:stream='http://etherx.jabber.org/streams' id='1'>`;
const encoder = new TextEncoder();

type Told = ["opened" | "stanza" | "oversized", Element] | ["closed"] | ["broken", string];

function parse(
  chunks: readonly (string | Uint8Array)[],
  limits?: { maxStanza: number; maxSkipped: number },
): Told[] {
  const told: Told[] = [];
  const parser = new StreamParser(
    {
      opened: (header) => told.push(["opened", header]),
      stanza: (stanza) => told.push(["stanza", stanza]),
      oversized: (shell) => told.push(["oversized", shell]),
      closed: () => told.push(["closed"]),
      broken: (reason) => told.push(["broken", reason]),
    },
    limits,
  );
  for (const chunk of chunks) parser.write(typeof chunk === "string" ? encoder.encode(chunk) : chunk);
  return told;
}

function kinds(told: Told[]): string[] {
  return told.map(([kind]) => kind);
}

const xmlText = fc
  .string({ unit: "grapheme", maxLength: 20 })
  .filter((text) => !/[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u.test(text));
const name = fc.constantFrom("a", "b-c", "file-too-large", "_x");
const ns = fc.constantFrom(NS, "urn:a", "urn:b:'\"<&>");
const tree = fc.letrec<{ node: Element }>((tie) => ({
  node: fc
    .tuple(
      name,
      ns,
      fc.dictionary(fc.constantFrom("id", "to", "xml:lang"), xmlText),
      fc.array(fc.oneof({ depthSize: "small" }, xmlText, tie("node")), { maxLength: 3 }),
    )
    .map(([name, ns, attrs, children]) => element(name, ns, attrs, mergeTexts(children))),
})).node;

/** Neighbouring texts become one, empty ones none: a parser cannot tell them apart. */
function mergeTexts(children: readonly (Element | string)[]): (Element | string)[] {
  const merged: (Element | string)[] = [];
  for (const child of children) {
    const last = merged.at(-1);
    if (typeof child === "string" && typeof last === "string") merged[merged.length - 1] = last + child;
    else if (child !== "") merged.push(child);
  }
  return merged;
}

describe("XML", () => {
  test("comes back from the wire as it was written, wherever it is cut", () => {
    fc.assert(
      fc.property(tree, fc.array(fc.nat(400), { maxLength: 6 }), (stanza, cuts) => {
        const bytes = encoder.encode(header + serialize(stanza, NS));
        const at = [0, ...cuts.map((cut) => cut % bytes.length).sort((a, b) => a - b), bytes.length];
        const told = parse(at.slice(1).map((end, index) => bytes.subarray(at[index] ?? 0, end)));
        expect(told[1]).toEqual(["stanza", stanza]);
      }),
      { numRuns: 500 },
    );
  });

  test("tells the header, each stanza and the end", () => {
    expect(kinds(parse([header, " ", "<iq/><iq>", "</iq> <message/>", "</stream:stream>"]))).toEqual([
      "opened",
      "stanza",
      "stanza",
      "stanza",
      "closed",
    ]);
  });

  test.each([
    ["a tag that is not closed right", `${header}<iq></message>`],
    ["an unknown entity", `${header}<iq>&nbsp;</iq>`],
    ["an unbound prefix in the header", "<x:stream>"],
    ["a comment", `${header}<!-- hello --><iq/>`],
    ["a processing instruction", `${header}<?php echo 1 ?><iq/>`],
    ["a document type", `<!DOCTYPE x [<!ENTITY a "b">]>${header}<iq/>`],
    ["two attributes of one name", `${header}<iq id='1' id='2'/>`],
    ["something that is no XML", "HTTP/1.1 400 Bad Request\r\n\r\n"],
  ])("stops at %s and tells nothing after it", (_, text) => {
    const told = kinds(parse([text, "<iq/><iq/></stream:stream>"]));
    expect(told.filter((kind) => kind === "broken")).toHaveLength(1);
    expect(told.at(-1)).toBe("broken");
    expect(told).not.toContain("stanza");
  });

  test("stops at bytes that are no UTF-8", () => {
    expect(kinds(parse([header, new Uint8Array([0x3c, 0xc3, 0x28])]))).toEqual(["opened", "broken"]);
  });
});

describe("a large stanza", () => {
  const limits = { maxStanza: 1_000, maxSkipped: 10_000 };
  const iq = (inside: string) => `<iq type='get' id='7' from='a@b' to='c' other='x'>${inside}</iq>`;

  test("is passed over, with its addresses kept, and the next one is told", () => {
    const told = parse([header, iq(`<q>${"<x/>".repeat(500)}</q>`), "<iq id='8'/>"], limits);
    expect(kinds(told)).toEqual(["opened", "oversized", "stanza"]);
    expect(told[1]?.[1]).toEqual(element("iq", NS, { type: "get", id: "7", from: "a@b", to: "c" }));
  });

  test("is passed over when one attribute or one text makes it large", () => {
    expect(
      kinds(parse([header, iq(`<q a='${"x".repeat(2_000)}'/>`), iq("x".repeat(2_000)), iq("")], limits)),
    ).toEqual(["opened", "oversized", "oversized", "stanza"]);
  });

  test("is passed over, as one is that breaks a rule on namespaces, however small", () => {
    const wrong = "<q xmlns:p='http://www.w3.org/XML/1998/namespace' p:a=''/>";
    expect(kinds(parse([header, iq(wrong), "<x:iq/>", iq("")]))).toEqual([
      "opened",
      "oversized",
      "oversized",
      "stanza",
    ]);
  });

  test("is passed over when it is nested too deep", () => {
    expect(kinds(parse([header, iq("<a>".repeat(40) + "</a>".repeat(40)), iq("")]))).toEqual([
      "opened",
      "oversized",
      "stanza",
    ]);
  });

  const parts = 512;
  const prefixes = Array.from({ length: 33 }, (_, number) => `xmlns:p${number}='urn:x'`);
  test.each([
    ["elements", "<a/>".repeat(parts)],
    ["references", "&lt;".repeat(parts)],
    ["CDATA sections", "<![CDATA[]]>".repeat(parts)],
    ["attributes", `<a ${Array.from({ length: parts }, (_, number) => `a${number}=''`).join(" ")}/>`],
    ["prefixes in one tag", `<a ${prefixes.join(" ")}/>`],
    ["prefixes in force", prefixes.map((prefix) => `<a ${prefix}>`).join("") + "</a>".repeat(33)],
  ])("is passed over when it has too many %s, and is answered to whom it came from", (_, inside) => {
    const told = parse([header, iq(inside), iq("")]);
    expect(kinds(told)).toEqual(["opened", "oversized", "stanza"]);
    expect(told[1]?.[1]).toEqual(element("iq", NS, { type: "get", id: "7", from: "a@b", to: "c" }));
  });

  test("is passed over by its own start tag, whatever makes that long, wherever it is cut", () => {
    const long = "x".repeat(70_000);
    const many = Array.from({ length: parts }, (_, number) => `a${number}=''`).join(" ");
    for (const more of [`other='${long}'`, many, `${long}=''`, " ".repeat(70_000), `p:a='${long}'`]) {
      const stanza = `<iq id='7' type='g&#101;t' ${more} from='a@b' to="c" >${"<a>".repeat(3)}</a></a></a></iq>`;
      for (const size of [1_000_000, 4_096, 61]) {
        const text = `${header}${stanza}${iq("")}`;
        const pieces = Array.from({ length: Math.ceil(text.length / size) }, (_, n) =>
          text.slice(n * size, (n + 1) * size),
        );
        const told = parse(pieces);
        expect(kinds(told)).toEqual(["opened", "oversized", "stanza"]);
        expect(told[1]?.[1]).toEqual(element("iq", NS, { type: "get", id: "7", from: "a@b", to: "c" }));
      }
    }
  });

  test("in another namespace is told with it", () => {
    const own = (attributes: string) =>
      parse([header, `<iq ${attributes} b='${"x".repeat(2_000)}'/>`], limits)[1]?.[1];
    expect(own("id='1'")).toMatchObject({ name: "iq", ns: NS });
    expect(own("id='1' xmlns='urn:x'")).toMatchObject({ name: "iq", ns: "urn:x" });
    expect(parse([header, `<p:iq b='${"x".repeat(2_000)}'/>`], limits)[1]?.[1]).toMatchObject({ ns: "" });
  });

  test("is held to its end tags, and to what else makes XML well-formed", () => {
    for (const wrong of [
      "</b>",
      "<a></aa></a>",
      "<a></A></a>",
      "<é></è>",
      "<a b></a>",
      "&nbsp;",
      "]]>",
      "<!-- -->",
    ]) {
      expect(kinds(parse([header, iq("x".repeat(2_000) + wrong)], limits))).toEqual(["opened", "broken"]);
    }
  });

  test("may have the header's prefixes in it, of which a header may have some", () => {
    const declared = (count: number) => header.replace(" id=", ` ${prefixes.slice(0, count).join(" ")} id=`);
    expect(kinds(parse([declared(20), iq("<p7:a/>"), iq("")]))).toEqual(["opened", "stanza", "stanza"]);
    expect(kinds(parse([declared(33)]))).toEqual(["broken"]);
    expect(kinds(parse([header.replace(" id=", ` other='${"x".repeat(70_000)}' id=`)]))).toEqual(["broken"]);
  });

  test("ends the stream when it does not end", () => {
    const chunks = Array.from({ length: 200 }, () => "x".repeat(100));
    expect(kinds(parse([header, "<iq>", ...chunks], limits))).toEqual(["opened", "broken"]);
  });

  test("is not what stands between stanzas: white space may come for ever", () => {
    const blanks = Array.from({ length: 300 }, () => " \n".repeat(50));
    expect(kinds(parse([header, ...blanks, "text", ...blanks, iq("")], limits))).toEqual([
      "opened",
      "stanza",
    ]);
    expect(kinds(parse([header, ...blanks, "&nbsp;"], limits))).toEqual(["opened", "broken"]);
  });

  test("is measured for itself: many small ones in one piece are all told", () => {
    expect(parse([header, iq("").repeat(1_000)], limits)).toHaveLength(1_001);
  });
});
