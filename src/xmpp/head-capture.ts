import type { TagMatcher } from "./tag-matcher.ts";
import { parseAttribute } from "./xml-syntax.ts";

/** A start tag as far as an answer needs it. */
export interface Head {
  /** As written, with its prefix; undefined when it is too long. */
  readonly name: string | undefined;
  /** Those attributes that were asked for, had no prefix, and are not too long; the first one of each name. */
  readonly attrs: Readonly<Record<string, string>>;
}

/** The longest name or attribute that is kept, as written, in characters. */
const MAX_KEPT = 4_200;

/** Keeps what is wanted of a start tag that a TagMatcher reads, however long the tag is. */
export class HeadCapture {
  readonly #wanted: readonly string[];
  readonly #attrs: Record<string, string> = {};
  #name: string | undefined;
  #hasName = false;
  /** What has come of a name or an attribute; cut where it is too long. */
  #raw = "";

  /** @param wanted the names of the attributes that are to be kept. */
  constructor(wanted: readonly string[]) {
    this.#wanted = wanted;
  }

  get head(): Head {
    return { name: this.#name, attrs: this.#attrs };
  }

  /** Lets the matcher read on until the tag or the piece ends, and gives the place behind what it read. */
  read(matcher: TagMatcher, text: string, from: number): number {
    let at = from;
    while (at < text.length && !matcher.isDone && !matcher.isBetweenTokens) {
      const next = matcher.step(text, at);
      if (this.#raw.length <= MAX_KEPT) this.#raw += text.slice(at, next);
      if (matcher.isBetweenAttributes) this.#keep();
      at = next;
    }
    return at;
  }

  #keep(): void {
    const raw = this.#raw.length <= MAX_KEPT ? this.#raw : "";
    this.#raw = "";
    if (!this.#hasName) {
      this.#hasName = true;
      if (raw !== "") this.#name = raw;
      return;
    }
    const [name, value] = parseAttribute(raw) ?? [];
    if (name === undefined || value === undefined || !this.#wanted.includes(name)) return;
    if (!Object.hasOwn(this.#attrs, name)) this.#attrs[name] = value;
  }
}
