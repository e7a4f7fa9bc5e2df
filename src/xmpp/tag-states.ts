import { nameCharacters, nameStarts, spaces } from "./xml-names.ts";

/** Where the next character of markup stands: the states of an automaton. */
export const State = {
  TEXT: 0,
  /** Behind "]" and "]]" in a text. */
  TEXT_BRACKET: 1,
  TEXT_BRACKETS: 2,
  CDATA: 3,
  CDATA_BRACKET: 4,
  CDATA_BRACKETS: 5,
  /** Behind "<". */
  MARKUP: 6,
  /** In the name of a start tag: before its colon, behind it, and in what follows. */
  NAME: 7,
  NAME_COLON: 8,
  NAME_LOCAL: 9,
  /** Behind a value; and behind white space, where an attribute may begin. */
  BEHIND: 10,
  IN_TAG: 11,
  ATTRIBUTE: 12,
  ATTRIBUTE_COLON: 13,
  ATTRIBUTE_LOCAL: 14,
  BEFORE_EQUALS: 15,
  BEFORE_VALUE: 16,
  DOUBLE: 17,
  SINGLE: 18,
  /** Behind the "/" of an empty element. */
  EMPTY: 19,
  /** Behind "</", and in the name that follows. */
  END: 20,
  END_NAME: 21,
  END_COLON: 22,
  END_LOCAL: 23,
  END_SPACE: 24,
  /** Within a reference and within "<![CDATA[": no transitions, others read them. */
  REFERENCE: 25,
  BANG: 26,
} as const;

/** What is to be done at a character, in place of a transition. Each is above every state. */
export const Action = {
  /** No character may stand there. */
  REFUSE: 32,
  /** "<" in a text. */
  BEGIN_MARKUP: 33,
  /** The first character of a start tag's name, and what ends the name: white space, "/", ">". */
  BEGIN_NAME: 34,
  END_NAME: 35,
  END_NAME_EMPTY: 36,
  END_NAME_OPEN: 37,
  /** ">" of a start tag behind its name. */
  OPEN: 38,
  /** ">" of an empty element. */
  CLOSE_EMPTY: 39,
  BEGIN_END: 40,
  /** The end of an end tag's name: white space, ">"; and ">" behind white space. */
  MATCH: 41,
  MATCH_CLOSE: 42,
  CLOSE: 43,
  BEGIN_REFERENCE: 44,
  BEGIN_BANG: 45,
  /** Only where a start tag is looked at: the first character of an attribute, and the quote behind its value. */
  BEGIN_ATTRIBUTE: 46,
  END_VALUE: 47,
} as const;

/** Kinds of characters: the columns of the table. */
const kinds = {
  ...{
    bad: 0,
    other: 1,
    start: 2,
    rest: 3,
    space: 4,
    "<": 5,
    ">": 6,
    "/": 7,
    "=": 8,
    '"': 9,
    "'": 10,
    "&": 11,
  },
  ...{ "!": 12, "]": 13, ":": 14 },
} as const;

type Kind = keyof typeof kinds;
type Row = Partial<Record<Kind, number>>;

/** The table has so many columns, as a power of two. */
export const KIND_BITS = 4;

const anything = Object.keys(kinds).filter((kind): kind is Kind => kind !== "bad");

/** A row of one outcome for every character that XML allows. */
function every(outcome: number): Row {
  return Object.fromEntries(anything.map((kind) => [kind, outcome]));
}

const inText: Row = { ...every(State.TEXT), "<": Action.BEGIN_MARKUP, "&": Action.BEGIN_REFERENCE };
const inName: Row = { space: Action.END_NAME, "/": Action.END_NAME_EMPTY, ">": Action.END_NAME_OPEN };
const behindValue: Row = { space: State.IN_TAG, "/": State.EMPTY, ">": Action.OPEN };
const behindAttribute: Row = { space: State.BEFORE_EQUALS, "=": State.BEFORE_VALUE };
const inValue = (state: number): Row => ({
  ...every(state),
  "<": Action.REFUSE,
  "&": Action.BEGIN_REFERENCE,
});
const inEndName: Row = { space: Action.MATCH, ">": Action.MATCH_CLOSE };
const name = (state: number): Row => ({ start: state, rest: state });

/** What follows on each state. What is not named is refused. Source: XML 1.0 §2.4, §2.7, §3.1; Namespaces §4. */
const rows: Readonly<Record<number, Row>> = {
  [State.TEXT]: { ...inText, "]": State.TEXT_BRACKET },
  [State.TEXT_BRACKET]: { ...inText, "]": State.TEXT_BRACKETS },
  [State.TEXT_BRACKETS]: { ...inText, "]": State.TEXT_BRACKETS, ">": Action.REFUSE },
  [State.CDATA]: { ...every(State.CDATA), "]": State.CDATA_BRACKET },
  [State.CDATA_BRACKET]: { ...every(State.CDATA), "]": State.CDATA_BRACKETS },
  [State.CDATA_BRACKETS]: { ...every(State.CDATA), "]": State.CDATA_BRACKETS, ">": State.TEXT },
  [State.MARKUP]: { start: Action.BEGIN_NAME, "/": Action.BEGIN_END, "!": Action.BEGIN_BANG },
  [State.NAME]: { ...inName, ...name(State.NAME), ":": State.NAME_COLON },
  [State.NAME_COLON]: { start: State.NAME_LOCAL },
  [State.NAME_LOCAL]: { ...inName, ...name(State.NAME_LOCAL) },
  [State.BEHIND]: behindValue,
  [State.IN_TAG]: { ...behindValue, start: State.ATTRIBUTE },
  [State.ATTRIBUTE]: { ...behindAttribute, ...name(State.ATTRIBUTE), ":": State.ATTRIBUTE_COLON },
  [State.ATTRIBUTE_COLON]: { start: State.ATTRIBUTE_LOCAL },
  [State.ATTRIBUTE_LOCAL]: { ...behindAttribute, ...name(State.ATTRIBUTE_LOCAL) },
  [State.BEFORE_EQUALS]: behindAttribute,
  [State.BEFORE_VALUE]: { space: State.BEFORE_VALUE, '"': State.DOUBLE, "'": State.SINGLE },
  [State.DOUBLE]: { ...inValue(State.DOUBLE), '"': State.BEHIND },
  [State.SINGLE]: { ...inValue(State.SINGLE), "'": State.BEHIND },
  [State.EMPTY]: { ">": Action.CLOSE_EMPTY },
  [State.END]: { start: State.END_NAME },
  [State.END_NAME]: { ...inEndName, ...name(State.END_NAME), ":": State.END_COLON },
  [State.END_COLON]: { start: State.END_LOCAL },
  [State.END_LOCAL]: { ...inEndName, ...name(State.END_LOCAL) },
  [State.END_SPACE]: { space: State.END_SPACE, ">": Action.CLOSE },
};

/** How a TagMatcher goes on. */
export interface Automaton {
  /** The kind of each of the 65,536 code units. */
  readonly kinds: Uint8Array;
  /** The next state or an action, at `(state << KIND_BITS) | kind`. */
  readonly table: Uint8Array;
  /** The same, with the actions that show where attributes begin and end. */
  readonly tableOfHead: Uint8Array;
}

let made: Automaton | undefined;

/** The automaton; it is made when it is first asked for. */
export function automaton(): Automaton {
  made ??= {
    kinds: kindsOfCodes(),
    table: tableOf(rows),
    tableOfHead: tableOf({
      ...rows,
      [State.IN_TAG]: { ...rows[State.IN_TAG], start: Action.BEGIN_ATTRIBUTE },
      [State.DOUBLE]: { ...rows[State.DOUBLE], '"': Action.END_VALUE },
      [State.SINGLE]: { ...rows[State.SINGLE], "'": Action.END_VALUE },
    }),
  };
  return made;
}

function tableOf(of: Readonly<Record<number, Row>>): Uint8Array {
  const table = new Uint8Array(32 << KIND_BITS).fill(Action.REFUSE);
  for (const [state, row] of Object.entries(of)) {
    for (const kind of anything)
      table[(Number(state) << KIND_BITS) | kinds[kind]] = row[kind] ?? Action.REFUSE;
  }
  return table;
}

function kindsOfCodes(): Uint8Array {
  const codes = new Uint8Array(0x10000).fill(kinds.other);
  codes.fill(kinds.bad, 0, 0x20);
  codes.fill(kinds.bad, 0xfffe);
  for (const [from, to] of nameCharacters()) codes.fill(kinds.rest, from, to + 1);
  for (const [from, to] of nameStarts()) codes.fill(kinds.start, from, to + 1);
  for (const [from, to] of spaces()) codes.fill(kinds.space, from, to + 1);
  for (const kind of anything) if (kind.length === 1) codes[kind.charCodeAt(0)] = kinds[kind];
  return codes;
}
