import { SaxesParser, type SaxesTagNS } from "saxes";
import type { Element, Node } from "./xml.ts";

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
 * Reads one XML stream from its bytes. It stops at the first error: COMPAT(saxes): the library goes on after one.
 * Source: RFC 6120 §4, §11 (restricted XML: no comments, processing instructions or document types).
 */
export class StreamParser {
  readonly #handlers: StreamHandlers;
  readonly #limits: StreamLimits;
  readonly #parser = new SaxesParser<{ xmlns: true; position: false }>({ xmlns: true, position: false });
  readonly #utf8 = new TextDecoder("utf-8", { fatal: true });
  #stack: MutableElement[] = [];
  #depth = 0;
  #stanzaStart = 0;
  #written = 0;
  #skipping = false;
  #done = false;
  /** A stanza whose end tag was seen. COMPAT(saxes): a wrong end tag is told first as an end and then as an error. */
  #finished: (() => void) | undefined;

  constructor(handlers: StreamHandlers, limits: StreamLimits = defaultLimits) {
    this.#handlers = handlers;
    this.#limits = limits;
    const parser = this.#parser;
    parser.on("opentag", (tag) => this.#open(tag));
    parser.on("closetag", () => this.#close());
    parser.on("text", (text) => this.#text(text));
    parser.on("cdata", (text) => this.#text(text));
    parser.on("error", (error) => this.#break(error.message));
    parser.on("comment", () => this.#break("XML comments are not allowed in a stream"));
    parser.on("processinginstruction", () =>
      this.#break("processing instructions are not allowed in a stream"),
    );
    parser.on("doctype", () => this.#break("document types are not allowed in a stream"));
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
    this.#parser.write(text);
    this.#tellFinished();
    // Between two writes the parser's own position is not to be relied on.
    this.#written += text.length;
    if (this.#depth > 0 && this.#written - this.#stanzaStart > this.#limits.maxSkipped)
      this.#break("a stanza is far too large");
  }

  #size(): number {
    return this.#parser.position - this.#stanzaStart;
  }

  #open(tag: SaxesTagNS): void {
    this.#tellFinished();
    if (this.#done) return;
    this.#depth += 1;
    const opened: MutableElement = { name: tag.local, ns: tag.uri, attrs: attributesOf(tag), children: [] };
    if (this.#depth === 1) {
      this.#stanzaStart = this.#parser.position;
      this.#handlers.opened(opened);
      return;
    }
    if (this.#skipping) return;
    if (this.#depth === 2) this.#stack = [opened];
    else {
      this.#stack.at(-1)?.children.push(opened);
      this.#stack.push(opened);
    }
    if (this.#depth > MAX_DEPTH || this.#size() > this.#limits.maxStanza) this.#skip();
  }

  #close(): void {
    this.#tellFinished();
    if (this.#done) return;
    this.#depth -= 1;
    if (this.#depth === 0) {
      this.#done = true;
      this.#finished = () => this.#handlers.closed();
      return;
    }
    if (!this.#skipping && this.#size() > this.#limits.maxStanza) this.#skip();
    if (this.#depth === 1) this.#finishStanza();
    else if (!this.#skipping) this.#stack.pop();
  }

  #finishStanza(): void {
    const stanza = this.#stack[0];
    const skipped = this.#skipping;
    this.#stack = [];
    this.#skipping = false;
    this.#stanzaStart = this.#parser.position;
    if (stanza === undefined) return;
    this.#finished = () => (skipped ? this.#handlers.oversized(stanza) : this.#handlers.stanza(stanza));
  }

  #tellFinished(): void {
    const tell = this.#finished;
    this.#finished = undefined;
    tell?.();
  }

  #text(text: string): void {
    this.#tellFinished();
    if (this.#done) return;
    if (this.#depth === 1) this.#stanzaStart = this.#parser.position;
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
    if (this.#done && this.#finished === undefined) return;
    this.#done = true;
    this.#stack = [];
    this.#finished = undefined;
    this.#handlers.broken(reason);
  }
}

interface MutableElement extends Element {
  children: Node[];
}

function attributesOf(tag: SaxesTagNS): Record<string, string> {
  const attrs: Record<string, string> = {};
  for (const key in tag.attributes) {
    const attribute = tag.attributes[key];
    if (attribute === undefined || key === "xmlns") continue;
    if (attribute.prefix === "") attrs[attribute.local] = attribute.value;
    else if (key === "xml:lang") attrs[key] = attribute.value;
  }
  return attrs;
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
