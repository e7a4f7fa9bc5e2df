import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { readTerms, type Term, TermError } from "../../../src/migrate/erlang-terms.ts";

/** A term without its line. */
type Plain =
  | { kind: "atom"; name: string }
  | { kind: "text"; text: string; isBinary: boolean }
  | { kind: "number"; value: number }
  | { kind: "list" | "tuple"; items: Plain[] }
  | { kind: "map"; entries: [Plain, Plain][] };

function plain(term: Term): Plain {
  switch (term.kind) {
    case "atom":
      return { kind: "atom", name: term.name };
    case "text":
      return { kind: "text", text: term.text, isBinary: term.isBinary };
    case "number":
      return { kind: "number", value: term.value };
    case "list":
    case "tuple":
      return { kind: term.kind, items: term.items.map(plain) };
    case "map":
      return { kind: "map", entries: term.entries.map(([key, value]) => [plain(key), plain(value)]) };
  }
}

const read = (text: string): Plain[] => readTerms(text).map(plain);

/** Writes a term, with what may stand between its parts put there by `gap`. */
function print(term: Plain, gap: () => string): string {
  const inside = (items: readonly string[]) => items.map((item) => gap() + item + gap()).join(",");
  switch (term.kind) {
    case "atom":
      return /^[a-z][a-z0-9_@]*$/.test(term.name) ? term.name : quoted(term.name, "'");
    case "text":
      return term.isBinary ? `<<${gap()}${quoted(term.text, '"')}/utf8${gap()}>>` : quoted(term.text, '"');
    case "number":
      return String(term.value);
    case "list":
      return `[${inside(term.items.map((item) => print(item, gap)))}${gap()}]`;
    case "tuple":
      return `{${inside(term.items.map((item) => print(item, gap)))}${gap()}}`;
    case "map":
      return `#{${inside(
        term.entries.map(([key, value]) => `${print(key, gap)}${gap()}=>${gap()}${print(value, gap)}`),
      )}}`;
  }
}

function quoted(text: string, quote: string): string {
  const inner = text.replace(/[\\"'\n\r\t\p{Cc}]/gu, (sign) => `\\x{${sign.codePointAt(0)?.toString(16)}}`);
  return quote + inner + quote;
}

const text = fc.string({ unit: "binary", maxLength: 12 }).filter((each) => each.isWellFormed());

const { term } = fc.letrec<{ term: Plain }>((tie) => ({
  term: fc.oneof(
    { maxDepth: 4 },
    fc.record({ kind: fc.constant("atom" as const), name: text.filter((name) => name !== "") }),
    fc.record({ kind: fc.constant("text" as const), text, isBinary: fc.boolean() }),
    fc.record({ kind: fc.constant("number" as const), value: fc.integer() }),
    fc.record({
      kind: fc.constantFrom("list" as const, "tuple" as const),
      items: fc.array(tie("term"), { maxLength: 4 }),
    }),
    fc.record({
      kind: fc.constant("map" as const),
      entries: fc.array(fc.tuple(tie("term"), tie("term")), { maxLength: 3 }),
    }),
  ),
}));

describe("Erlang terms", () => {
  test("come back as they were printed, whatever stands between them", () => {
    const gaps = ["", " ", "\n", "\t", ' % a comment } ] "\n', "%%\n"];
    const gap = fc.infiniteStream(fc.constantFrom(...gaps));
    fc.assert(
      fc.property(fc.array(term, { maxLength: 3 }), gap, (terms, stream) => {
        const next = () => String(stream.next().value);
        const file = terms.map((each) => `${next()}${print(each, next)}.\n`).join("");
        expect(read(file)).toEqual(terms);
      }),
      { numRuns: 300 },
    );
  });

  test("cut off anywhere are refused or are the terms before, and nothing else", () => {
    fc.assert(
      fc.property(fc.array(term, { minLength: 1, maxLength: 2 }), fc.nat(), (terms, at) => {
        const file = terms.map((each) => `${print(each, () => "")}.\n`).join("");
        const cut = file.slice(0, at % file.length);
        try {
          expect(readTerms(cut).length).toBeLessThanOrEqual(terms.length);
        } catch (error) {
          expect(error).toBeInstanceOf(TermError);
        }
      }),
      { numRuns: 300 },
    );
  });

  test.each([
    ["$a.", [{ kind: "number", value: 97 }]],
    ["$\\n.", [{ kind: "number", value: 10 }]],
    ["16#ff.", [{ kind: "number", value: 255 }]],
    [
      "1_000. -2.5e3.",
      [
        { kind: "number", value: 1000 },
        { kind: "number", value: -2500 },
      ],
    ],
    ['"a" "b"\n "c".', [{ kind: "text", text: "abc", isBinary: false }]],
    ['<<"a",98,"c">>.', [{ kind: "text", text: "abc", isBinary: true }]],
    ["<<>>.", [{ kind: "text", text: "", isBinary: true }]],
    ["'an atom'.", [{ kind: "atom", name: "an atom" }]],
    ['"\\"\\\\\\t\\101\\x41".', [{ kind: "text", text: '"\\\tAA', isBinary: false }]],
    [
      "a,\nb",
      [
        { kind: "atom", name: "a" },
        { kind: "atom", name: "b" },
      ],
    ],
    ["", []],
    ["% nothing\n", []],
  ])("reads %s", (source, expected) => {
    expect(read(source)).toEqual(expected as Plain[]);
  });

  test.each([
    ["{a, [1, 2}.", 1, 'expected a comma or "]"'],
    ["\n{a,\n [1,\n 2", 3, "the file ends inside the bracket that is opened here"],
    ['{a,\n "bc\n\n', 2, 'the file ends inside the "..." that begins here'],
    ["a b.", 1, "expected a dot and a line break"],
    ["{a, B}.", 1, "a variable stands here"],
    ["fun() -> ok end.", 1, "expected a dot"],
    ["[a|b].", 1, 'expected a comma or "]"'],
    ["{a,}.", 1, "no Erlang term begins like this"],
    ["#{a = b}.", 1, 'expected "=>"'],
    ["2#9.", 1, "digits that its base does not have"],
    [`${"[".repeat(200)}`, 1, "nested more than 100 deep"],
  ])("says of %j on which line what is wrong", (source, line, message) => {
    expect.assertions(3);
    try {
      readTerms(source);
    } catch (error) {
      expect(error).toBeInstanceOf(TermError);
      expect(error instanceof TermError && error.line).toBe(line);
      expect(String(error)).toContain(message);
    }
  });
});
