import type { Element, Node } from "./xml/xml.ts";
import { XmlError } from "./xml/xml-error.ts";
import { type XmlHead, XmlReader } from "./xml/xml-reader.ts";

/** What an XML stream is made of. */
export interface StreamHandlers {
  /** The stream's root element was opened. */
  opened(header: Element): void;
  /** A complete element one level below the root. */
  stanza(stanza: Element): void;
  /**
   * A stanza was over `maxStanza`, of too many parts, or broke a rule on namespaces: its outermost element is told,
   * without children.
   */
  oversized(shell: Element): void;
  /** The root element was closed. */
  closed(): void;
  /** Not well-formed, restricted XML, bad UTF-8 or far over every bound; nothing more will be told. */
  broken(reason: string): void;
}

export interface StreamLimits {
  /** Characters in one stanza; a larger one is passed over and told as oversized. */
  readonly maxStanza: number;
  /** Characters in one stanza after which the stream is broken: what the parser may hold in memory at most. */
  readonly maxSkipped: number;
}

/** A slot request has some hundred characters; four times the 64 KiB would still be one client's nonsense. */
export const defaultLimits: StreamLimits = { maxStanza: 65_536, maxSkipped: 16 * 1024 * 1024 };

/**
 * What one stanza may be made of; a slot request has a dozen parts. They keep what a stanza costs near what as many
 * characters of text cost, whatever its shape.
 */
const shape = { depth: 32, parts: 512, prefixes: 32, kept: ["type", "id", "from", "to"] } as const;

/** The longest attribute of an oversized stanza that is kept, in characters. */
const MAX_KEPT = 4_096;

/** So many bytes are read at a time: what one of them may make the parser hold beyond its bounds. */
const SLICE = 8_192;

/**
 * Reads one XML stream from its bytes, and stops at the first thing that is wrong.
 *
 * Whatever comes, a stanza costs no more memory than some MiB for the first `maxStanza` characters, and beyond them
 * the names of its open elements, which are shorter than what came; time is in proportion to its length.
 * Source: RFC 6120 §4, §11.
 */
export class StreamParser {
  readonly #handlers: StreamHandlers;
  readonly #limits: StreamLimits;
  readonly #reader: XmlReader;
  readonly #utf8 = new TextDecoder("utf-8", { fatal: true });
  /** The elements of the stanza that are open; empty between stanzas. */
  #stack: MutableElement[] = [];
  #hasRoot = false;
  #done = false;

  constructor(handlers: StreamHandlers, limits: StreamLimits = defaultLimits) {
    this.#handlers = handlers;
    this.#limits = limits;
    this.#reader = new XmlReader(
      {
        open: (name, ns, attrs) => this.#open(name, ns, attrs),
        close: () => this.#close(),
        text: (text) => this.#stack.at(-1)?.children.push(text),
        passedOver: (head) => this.#passedOver(head),
      },
      { ...shape, length: limits.maxStanza },
    );
  }

  /** Takes the next bytes; what they complete is told before this returns. */
  write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length && !this.#done; at += SLICE)
      this.#read(bytes.subarray(at, at + SLICE));
  }

  #read(bytes: Uint8Array): void {
    let text: string;
    try {
      text = this.#utf8.decode(bytes, { stream: true });
    } catch {
      this.#break("the stream is not valid UTF-8");
      return;
    }
    try {
      this.#reader.write(text);
    } catch (error) {
      if (!(error instanceof XmlError)) throw error;
      this.#break(error.message);
    }
    if (this.#reader.length > this.#limits.maxSkipped) this.#break("a stanza is far too large");
  }

  #open(name: string, ns: string, attrs: Record<string, string>): void {
    if (this.#done) return;
    const opened: MutableElement = { name, ns, attrs, children: [] };
    if (!this.#hasRoot) {
      this.#hasRoot = true;
      this.#handlers.opened(opened);
      return;
    }
    this.#stack.at(-1)?.children.push(opened);
    this.#stack.push(opened);
  }

  #close(): void {
    if (this.#done) return;
    const closed = this.#stack.pop();
    if (closed === undefined) {
      this.#done = true;
      this.#handlers.closed();
    } else if (this.#stack.length === 0) this.#handlers.stanza(closed);
  }

  #passedOver(head: XmlHead | undefined): void {
    const stanza = head ?? this.#stack[0];
    this.#stack = [];
    if (this.#done || stanza === undefined) return;
    const { name, ns } = stanza;
    this.#handlers.oversized({ name, ns, attrs: shortened(stanza.attrs), children: [] });
  }

  #break(reason: string): void {
    if (this.#done) return;
    this.#done = true;
    this.#stack = [];
    this.#handlers.broken(reason);
  }
}

interface MutableElement extends Element {
  children: Node[];
}

/** The attributes that an answer needs, where they are of a sane length. */
function shortened(attrs: Readonly<Record<string, string>>): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const key of shape.kept) {
    const value = attrs[key];
    if (value !== undefined && value.length <= MAX_KEPT) kept[key] = value;
  }
  return kept;
}
