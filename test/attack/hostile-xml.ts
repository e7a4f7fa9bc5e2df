import type { Random } from "../fuzz/random.ts";

/** What a stanza is mostly made of. */
interface Habits {
  /** How likely what comes next is of each kind; 0 for never. */
  readonly weights: Readonly<Record<Kind, number>>;
  /** The most attributes of a tag, and the longest name and value, in characters. */
  readonly attributes: number;
  readonly name: number;
  readonly value: number;
  /** Of ten attributes so many declare a prefix, and of the others so many have one. */
  readonly declaring: number;
  readonly prefixed: number;
}

type Kind = "child" | "close" | "text" | "reference" | "cdata";

const kinds: readonly Kind[] = ["child", "close", "text", "reference", "cdata"];
/** Each may begin a name. */
const letters = ["a", "b", "é", "ы", "例", "_", "Z", "\u{1f600}"] as const;
const references = ["&lt;", "&amp;", "&#65;", "&#x1F600;", "&#000000000065;"] as const;
/** What a server's stream or XML itself has declared. */
const prefixes = ["xml", "stream", "p"] as const;

/** Few and many of everything, so that some stanzas are all of one thing. */
function habitsOf(random: Random): Habits {
  const weight = () => random.of([0, 0, 1, 3, 10, 60]);
  const size = () => random.of([1, 1, 2, 8, 60, 2_000, 20_000]);
  const weights = {
    child: 1 + weight(),
    close: weight(),
    text: weight(),
    reference: weight(),
    cdata: weight(),
  };
  return {
    ...{ weights, attributes: random.of([0, 1, 1, 4, 50, 5_000]), name: size(), value: size() },
    ...{ declaring: random.below(11), prefixed: random.below(11) },
  };
}

function kindOf(random: Random, weights: Habits["weights"]): Kind {
  let chosen = random.below(kinds.reduce((sum, kind) => sum + weights[kind], 0));
  for (const kind of kinds) {
    chosen -= weights[kind];
    if (chosen < 0) return kind;
  }
  return "child";
}

function word(random: Random, longest: number): string {
  const letter = random.of(letters);
  return letter.repeat(Math.max(1, Math.floor((1 + random.below(longest)) / letter.length)));
}

function attribute(random: Random, habits: Habits, number: number): string {
  const value = word(random, habits.value);
  if (random.below(10) < habits.declaring) return ` xmlns:p${number}='${value}'`;
  const prefix = random.below(10) < habits.prefixed ? `${random.of(prefixes)}:` : "";
  return ` ${prefix}a${number}="${value}"`;
}

function startTag(random: Random, habits: Habits, name: string, room: number): string {
  const tag = [`<${name}`];
  let left = room;
  for (let number = random.below(habits.attributes + 1); number > 0 && left > 0; number -= 1) {
    const written = attribute(random, habits, number);
    tag.push(written);
    left -= written.length;
  }
  return `${tag.join("")}>`;
}

/**
 * One element of about `length` characters, well-formed, of a shape that the seed chooses: deep or flat; of names,
 * attributes, prefixes, texts, references or CDATA sections. It declares the prefix "p".
 */
export function hostileElement(random: Random, length: number): string {
  const habits = habitsOf(random);
  const parts = ["<x xmlns:p='urn:p'>"];
  const open = ["x"];
  let left = length;
  const put = (text: string): void => {
    parts.push(text);
    left -= text.length;
  };
  while (left > 0) {
    const kind = kindOf(random, habits.weights);
    if (kind === "text") put(word(random, habits.value));
    else if (kind === "reference") put(random.of(references));
    else if (kind === "cdata") put(`<![CDATA[${word(random, habits.value)}]]>`);
    else if (kind === "close" && open.length > 1) put(`</${open.pop()}>`);
    else {
      const name = word(random, habits.name);
      open.push(name);
      // Its end tag is on its way.
      left -= name.length + 3;
      put(startTag(random, habits, name, left));
    }
  }
  while (open.length > 0) parts.push(`</${open.pop()}>`);
  return parts.join("");
}

/** Bytes in pieces that are cut anywhere, inside characters too: all small, all large, or of any length. */
export function cutAnywhere(bytes: Buffer, random: Random): Buffer[] {
  const longest = random.of([1, 7, 60, 1_500, 70_000, 4_000_000]);
  const pieces: Buffer[] = [];
  // Nobody sends more than some thousand pieces of one stanza in the time of a test.
  const least = Math.ceil(bytes.length / 4_000);
  for (let at = 0; at < bytes.length; ) {
    const next = at + least + random.below(longest);
    pieces.push(bytes.subarray(at, next));
    at = next;
  }
  return pieces;
}

const breaks = [
  "<",
  "</",
  "<!--",
  "&",
  "]]>",
  "\0",
  "<?x ?>",
  "<!DOCTYPE a>",
  "<![CDATA[",
  "='",
  " xmlns:q=''",
  "</iq>",
] as const;

/** The same with one to three things in it that make it no XML, most likely. */
export function malformed(random: Random, xml: string): string {
  let broken = xml;
  for (let times = 1 + random.below(3); times > 0; times -= 1) {
    const at = random.below(broken.length);
    broken = broken.slice(0, at) + random.of(breaks) + broken.slice(at + random.below(3));
  }
  return broken;
}
