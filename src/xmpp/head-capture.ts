import type { Stop, TagMatcher } from "./tag-matcher.ts";
import { parseAttribute } from "./xml-syntax.ts";

/** A start tag as far as an answer needs it. */
export interface Head {
  /** As written, with its prefix; "" when it is too long. */
  readonly name: string;
  /** Those attributes that were asked for, had no prefix, and are not too long; the first one of each name. */
  readonly attrs: Readonly<Record<string, string>>;
}

/** The longest attribute that is kept, as it is written, in characters. */
const MAX_KEPT = 4_200;

/** Keeps what is wanted of a start tag that a TagMatcher reads, however long the tag is. */
export class HeadCapture {
  readonly #wanted: readonly string[];
  readonly #attrs: Record<string, string> = {};
  #name: string | undefined;
  #isComplete = false;
  /** What has come of the name or of an attribute; it is no longer added to where it is too long. */
  #raw = "";

  /** @param wanted the names of the attributes that are to be kept. */
  constructor(wanted: readonly string[]) {
    this.#wanted = wanted;
  }

  get head(): Head {
    return { name: this.#name ?? "", attrs: this.#attrs };
  }

  /** Lets the matcher read on until the tag or the piece ends, and gives the place behind what it read. */
  read(matcher: TagMatcher, text: string, from: number): number {
    let at = from;
    while (at < text.length && !this.#isComplete) {
      const next = matcher.read(text, at);
      this.#take(text.slice(at, next), matcher.stop);
      at = next;
    }
    return at;
  }

  #take(part: string, stop: Stop | undefined): void {
    if (this.#raw.length <= MAX_KEPT) this.#raw += part;
    if (stop === undefined) return;
    const raw = this.#raw.length <= MAX_KEPT ? this.#raw : "";
    if (stop === "value") this.#keep(raw);
    else if (this.#name === undefined) this.#name = /^[^ \t\r\n/>]*/.exec(raw)?.[0];
    // An attribute begins with the character that it was noticed by.
    this.#raw = stop === "attribute" ? part.slice(-1) : "";
    this.#isComplete = stop === "tag";
  }

  #keep(raw: string): void {
    const [name, value] = parseAttribute(raw) ?? [];
    if (name === undefined || value === undefined || !this.#wanted.includes(name)) return;
    if (!Object.hasOwn(this.#attrs, name)) this.#attrs[name] = value;
  }
}
