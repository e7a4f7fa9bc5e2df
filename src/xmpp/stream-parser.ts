import type { Element, Node } from "./xml.ts";
import { XmlReader } from "./xml-reader.ts";
import { XmlError } from "./xml-syntax.ts";

/** What an XML stream is made of. */
export interface StreamHandlers {
  /** The stream's root element was opened. */
  opened(header: Element): void;
  /** A complete element one level below the root. */
  stanza(stanza: Element): void;
  /** A stanza was over `maxStanza` or nested too deep: only its outermost element is told, without children. */
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

const MAX_DEPTH = 32;

/**
 * Reads one XML stream from its bytes, and stops at the first thing that is wrong.
 * Source: RFC 6120 §4, §11.
 */
export class StreamParser {
  readonly #handlers: StreamHandlers;
  readonly #limits: StreamLimits;
  readonly #reader: XmlReader;
  readonly #utf8 = new TextDecoder("utf-8", { fatal: true });
  #stack: MutableElement[] = [];
  #depth = 0;
  #stanzaStart = 0;
  #skipping = false;
  #done = false;

  constructor(handlers: StreamHandlers, limits: StreamLimits = defaultLimits) {
    this.#handlers = handlers;
    this.#limits = limits;
    this.#reader = new XmlReader({
      open: (name, ns, attrs) => this.#open(name, ns, attrs),
      close: () => this.#close(),
      text: (text) => this.#text(text),
    });
  }

  /** Takes the next bytes; what they complete is told before this returns. */
  write(bytes: Uint8Array): void {
    if (this.#done) return;
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
    if (this.#depth > 0 && this.#size() > this.#limits.maxSkipped) this.#break("a stanza is far too large");
  }

  #size(): number {
    return this.#reader.position - this.#stanzaStart;
  }

  #open(name: string, ns: string, attrs: Record<string, string>): void {
    if (this.#done) return;
    this.#depth += 1;
    const opened: MutableElement = { name, ns, attrs, children: [] };
    if (this.#depth === 1) {
      this.#stanzaStart = this.#reader.position;
      this.#handlers.opened(opened);
      return;
    }
    if (this.#skipping) return;
    if (this.#depth > 2) this.#stack.at(-1)?.children.push(opened);
    this.#stack.push(opened);
    if (this.#depth > MAX_DEPTH || this.#size() > this.#limits.maxStanza) this.#skip();
  }

  #close(): void {
    if (this.#done) return;
    this.#depth -= 1;
    if (this.#depth === 0) {
      this.#done = true;
      this.#handlers.closed();
      return;
    }
    if (!this.#skipping && this.#size() > this.#limits.maxStanza) this.#skip();
    if (this.#depth === 1) this.#finishStanza();
    else if (!this.#skipping) this.#stack.pop();
  }

  #finishStanza(): void {
    const stanza = this.#stack[0];
    const wasSkipped = this.#skipping;
    this.#stack = [];
    this.#skipping = false;
    this.#stanzaStart = this.#reader.position;
    if (stanza === undefined) return;
    if (wasSkipped) this.#handlers.oversized(stanza);
    else this.#handlers.stanza(stanza);
  }

  #text(text: string): void {
    if (this.#done) return;
    if (this.#depth === 1) this.#stanzaStart = this.#reader.position;
    else if (!this.#skipping) this.#stack.at(-1)?.children.push(text);
  }

  /** Forgets what the stanza holds; goes on counting tags so that its end is found. */
  #skip(): void {
    this.#skipping = true;
    const stanza = this.#stack[0];
    if (stanza) {
      stanza.children = [];
      this.#stack = [{ ...stanza, attrs: shortened(stanza.attrs) }];
    }
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
  for (const key of ["type", "id", "from", "to"]) {
    const value = attrs[key];
    if (value !== undefined && value.length <= 4096) kept[key] = value;
  }
  return kept;
}
