import {
  languageOf,
  type NamespaceScope,
  namespaceOf,
  outermostScope,
  scopeWithin,
} from "./xml-namespaces.ts";
import {
  isDeclaration,
  notACharacter,
  parseEndTag,
  parseStartTag,
  textValue,
  withLineFeeds,
  XmlError,
} from "./xml-syntax.ts";

/** What a document is made of, in the order it stands there. */
export interface XmlHandlers {
  /** The attributes are those without a namespace, and `xml:lang`; the receiver may keep the record. */
  open(name: string, ns: string, attrs: Record<string, string>): void;
  close(): void;
  /** What stands between two tags may come in several texts where it has CDATA sections. */
  text(text: string): void;
}

/** An element that is not closed yet. */
interface OpenElement {
  /** As written. */
  readonly name: string;
  readonly scope: NamespaceScope;
}

const CDATA = "<![CDATA[";
const [BANG, APOSTROPHE, QUOTE, GREATER] = [0x21, 0x27, 0x22, 0x3e];

/**
 * Reads one XML document from pieces that are cut anywhere, strictly and with namespaces. It holds no more than the
 * token that is not complete yet, and looks at each character a bounded number of times, wherever it is cut.
 *
 * Source: XML 1.0 (Fifth Edition), Namespaces in XML 1.0 (Third Edition); RFC 6120 §11.1: no comments, processing
 * instructions, document types and entities of one's own.
 */
export class XmlReader {
  readonly #handlers: XmlHandlers;
  readonly #open: OpenElement[] = [];
  #inside: "text" | "markup" | "tag" | "bang" | "cdata" = "text";
  /** What has come of a token that goes on in the next piece. Adding to a string copies nothing. */
  #partial = "";
  /** The last two characters of a CDATA section, which follow on `#partial`. */
  #tail = "";
  /** The quote that a tag is within, or 0. */
  #quote = 0;
  #before = 0;
  #at = 0;
  #isEmpty = true;
  #hasRoot = false;

  constructor(handlers: XmlHandlers) {
    this.#handlers = handlers;
  }

  /** How many characters have been read; exact while a handler is called. */
  get position(): number {
    return this.#before + this.#at;
  }

  /**
   * Reads the next piece of text, which must have been decoded from UTF-8. What it completes is told before this
   * returns.
   *
   * @throws {XmlError} at the first thing that is wrong; nothing may be written after that.
   */
  write(piece: string): void {
    const bad = piece.search(notACharacter);
    const text = bad < 0 ? piece : piece.slice(0, bad);
    this.#at = 0;
    while (this.#at < text.length) this.#read(text);
    if (bad >= 0) throw new XmlError("a character is not allowed in XML");
    this.#before += this.#at;
    this.#at = 0;
  }

  #read(text: string): void {
    if (this.#inside === "tag") this.#readTag(text);
    else if (this.#inside === "text") this.#readText(text);
    else if (this.#inside === "markup") this.#readMarkup(text);
    else if (this.#inside === "bang") this.#readBang(text);
    else this.#readCdata(text);
  }

  /** Takes the token up to `end`, or, when that is beyond this piece (-1), keeps the piece and gives undefined. */
  #take(text: string, end: number): string | undefined {
    const found = text.slice(this.#at, end < 0 ? undefined : end);
    this.#at += found.length;
    if (end < 0) {
      this.#partial += found;
      return undefined;
    }
    if (this.#partial === "") return found;
    const token = this.#partial + found;
    this.#partial = "";
    return token;
  }

  #readText(text: string): void {
    const end = text.indexOf("<", this.#at);
    if (this.#open.length === 0) this.#skipBlank(text, end);
    else {
      const raw = this.#take(text, end);
      if (raw) this.#handlers.text(textValue(raw));
    }
    if (end >= 0) this.#inside = "markup";
  }

  #skipBlank(text: string, end: number): void {
    const blank = text.slice(this.#at, end < 0 ? undefined : end);
    if (/[^ \t\r\n]/.test(blank)) throw new XmlError("a text is outside the root element");
    if (blank !== "") this.#isEmpty = false;
    this.#at += blank.length;
  }

  /** Stands at "<", or behind it when that ended the last piece. */
  #readMarkup(text: string): void {
    const next = this.#at + (this.#partial === "" ? 1 : 0);
    if (next === text.length) this.#take(text, -1);
    else this.#inside = text.charCodeAt(next) === BANG ? "bang" : "tag";
  }

  /** What begins with "<!" can only be a CDATA section. */
  #readBang(text: string): void {
    this.#partial += text.charAt(this.#at);
    this.#at += 1;
    if (!CDATA.startsWith(this.#partial)) throw new XmlError("a comment or document type is in the stream");
    if (this.#partial !== CDATA) return;
    if (this.#open.length === 0) throw new XmlError("a text is outside the root element");
    this.#partial = "";
    this.#inside = "cdata";
  }

  #readCdata(text: string): void {
    // The end may be cut: two characters of what came before stay in view.
    const seen = this.#tail + text.slice(this.#at);
    const end = seen.indexOf("]]>");
    if (end < 0) {
      this.#partial += seen.slice(0, -2);
      this.#tail = seen.slice(-2);
      this.#at = text.length;
      return;
    }
    const section = this.#partial + seen.slice(0, end);
    this.#at += end + 3 - this.#tail.length;
    this.#partial = "";
    this.#tail = "";
    this.#inside = "text";
    if (section !== "") this.#handlers.text(withLineFeeds(section));
  }

  #readTag(text: string): void {
    const raw = this.#take(text, this.#tagEnd(text));
    if (raw === undefined) return;
    this.#inside = "text";
    if (raw.startsWith("</")) this.#endTag(raw);
    else if (raw.startsWith("<?")) this.#declaration(raw);
    else this.#startTag(raw);
    this.#isEmpty = false;
  }

  /** Where the tag ends in this piece: behind the first ">" that is not in quotes; -1 for nowhere. */
  #tagEnd(text: string): number {
    let quote = this.#quote;
    for (let at = this.#at; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      if (quote !== 0) {
        if (code === quote) quote = 0;
      } else if (code === GREATER) {
        this.#quote = 0;
        return at + 1;
      } else if (code === QUOTE || code === APOSTROPHE) quote = code;
    }
    this.#quote = quote;
    return -1;
  }

  #declaration(raw: string): void {
    if (!this.#isEmpty || !isDeclaration(raw))
      throw new XmlError("a processing instruction is in the stream");
  }

  #startTag(raw: string): void {
    const outer = this.#open.at(-1)?.scope;
    if (outer === undefined && this.#hasRoot) throw new XmlError("there is a second root element");
    this.#hasRoot = true;
    const tag = parseStartTag(raw);
    const scope = scopeWithin(outer ?? outermostScope, tag);
    const ns = namespaceOf(tag, scope);
    if (tag.prefixed) {
      const language = languageOf(tag, scope);
      if (language !== undefined) tag.attrs["xml:lang"] = language;
    }
    const name = tag.prefix === undefined ? tag.local : `${tag.prefix}:${tag.local}`;
    if (!tag.isEmpty) this.#open.push({ name, scope });
    this.#handlers.open(tag.local, ns, tag.attrs);
    if (tag.isEmpty) this.#handlers.close();
  }

  #endTag(raw: string): void {
    const opened = this.#open.pop();
    if (opened === undefined || !isEndTagOf(opened.name, raw))
      throw new XmlError("an end tag does not match its start tag");
    this.#handlers.close();
  }
}

function isEndTagOf(name: string, raw: string): boolean {
  // Mostly there is no white space behind the name.
  return (raw.length === name.length + 3 && raw.startsWith(name, 2)) || parseEndTag(raw) === name;
}
