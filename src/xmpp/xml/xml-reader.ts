import { type Head, HeadCapture } from "./head-capture.ts";
import { TagMatcher } from "./tag-matcher.ts";
import { NamespaceError, XmlError } from "./xml-error.ts";
import {
  languageOf,
  type NamespaceScope,
  namespaceOf,
  outermostScope,
  prefixCount,
  scopeWithin,
} from "./xml-namespaces.ts";
import {
  countReferences,
  isDeclaration,
  notACharacter,
  parseEndTag,
  parseStartTag,
  type StartTag,
  textValue,
  withLineFeeds,
} from "./xml-syntax.ts";
import { writtenCdata, XmlTokens } from "./xml-tokens.ts";

/** What a document is made of, in the order it stands there. */
export interface XmlHandlers {
  /** The attributes are those without a namespace, and `xml:lang`; the receiver may keep the record. */
  open(name: string, ns: string, attrs: Record<string, string>): void;
  close(): void;
  /**
   * What stands between two tags may come in several texts where it has CDATA sections. A text that is directly in
   * the root element is not told.
   */
  text(text: string): void;
  /**
   * A child of the root element was over a bound, or broke a rule on namespaces, and has ended; nothing more was told
   * of it, nor is its close.
   *
   * @param head its start tag, when its open was not told.
   */
  passedOver(head: XmlHead | undefined): void;
}

/** The start tag of an element that was passed over. */
export interface XmlHead {
  readonly name: string;
  /** "" where its prefix was not judged. */
  readonly ns: string;
  /** Of those that were asked for, the ones of a sane length. */
  readonly attrs: Readonly<Record<string, string>>;
}

/** What one child of the root element may have; one that has more is passed over. The root's own tag must keep them. */
export interface XmlBounds {
  /** Characters. */
  readonly length: number;
  /** How deep elements may be nested, the root counted. */
  readonly depth: number;
  /** Elements, attributes, references and CDATA sections together: what costs more than a character does. */
  readonly parts: number;
  /** Declarations of prefixes in force at a place, the root's counted: what a look-up of one costs. */
  readonly prefixes: number;
  /** The attributes that are kept of a start tag which is over a bound by itself. */
  readonly kept: readonly string[];
}

/** An element that is not closed yet. */
interface OpenElement {
  /** As written. */
  readonly name: string;
  readonly scope: NamespaceScope;
}

const LESS = 0x3c;

/**
 * Reads one XML document from pieces that are cut anywhere, strictly and with namespaces.
 *
 * What is within the bounds costs the memory of the token that is not complete yet, and time in proportion to its
 * length. A child of the root that is over a bound costs what the bounds allow and, after that, a small constant for
 * each character and the memory of the names that are open; what is judged in it, TagMatcher says.
 *
 * Source: XML 1.0 (Fifth Edition), Namespaces in XML 1.0 (Third Edition); RFC 6120 §11.1: no comments, processing
 * instructions, document types and entities of one's own.
 */
export class XmlReader {
  readonly #handlers: XmlHandlers;
  readonly #bounds: XmlBounds;
  readonly #tokens = new XmlTokens();
  readonly #open: OpenElement[] = [];
  /** How many characters came before this piece. */
  #before = 0;
  /** Where the child of the root, or the tag outside of it, begins that is being read. */
  #start = 0;
  /** How many parts it has so far. */
  #parts = 0;
  #isEmpty = true;
  #hasRoot = false;
  /** Reads what is passed over, and texts directly in the root. */
  #matcher: TagMatcher | undefined;
  /** Set while a child of the root is passed over whose start tag was not told. */
  #capture: HeadCapture | undefined;

  constructor(handlers: XmlHandlers, bounds: XmlBounds) {
    this.#handlers = handlers;
    this.#bounds = bounds;
  }

  /** How many characters have come of the child of the root, or of the tag outside of one, that is being read. */
  get length(): number {
    return this.#before + this.#tokens.at - this.#start;
  }

  /**
   * Reads the next piece of text, which must have been decoded from UTF-8. What it completes is told before this
   * returns.
   *
   * @throws {XmlError} at the first thing that is wrong; nothing may be written after that.
   */
  write(piece: string): void {
    let text = piece;
    let isChecked = false;
    this.#tokens.begin(text, 0);
    while (this.#tokens.at < text.length) {
      if (this.#matcher) this.#tokens.at = this.#match(this.#matcher, text, this.#tokens.at);
      else if (isChecked) this.#read(text);
      else {
        // A matcher checks by itself what it reads.
        text = piece.slice(0, endOfGood(piece));
        this.#tokens.begin(text, this.#tokens.at);
        isChecked = true;
      }
    }
    if (text.length < piece.length) throw new XmlError("a character is not allowed in XML");
    this.#before += piece.length;
    this.#tokens.begin("", 0);
    if (this.#isOutside) this.#start = this.#before;
    else if (!this.#matcher && this.length > this.#bounds.length) this.#passOver(this.#tokens.takePartial());
  }

  /** Whether what comes next is neither of a child of the root nor of a tag. */
  get #isOutside(): boolean {
    if (this.#open.length > 1) return false;
    return this.#matcher ? this.#capture === undefined : this.#tokens.isBetween;
  }

  #read(text: string): void {
    const tokens = this.#tokens;
    if (this.#open.length > 1 || !tokens.isBetween) this.#readToken();
    else if (text.charCodeAt(tokens.at) !== LESS) this.#readOutside(text);
    else {
      this.#start = this.#before + tokens.at;
      this.#parts = 0;
      this.#readToken();
    }
  }

  #readOutside(text: string): void {
    if (this.#open.length === 1) {
      this.#matcher = new TagMatcher([], false);
      return;
    }
    const end = text.indexOf("<", this.#tokens.at);
    const blank = text.slice(this.#tokens.at, end < 0 ? undefined : end);
    if (/[^ \t\r\n]/.test(blank)) throw new XmlError("a text is outside the root element");
    this.#isEmpty = false;
    this.#tokens.at += blank.length;
  }

  #readToken(): void {
    const raw = this.#tokens.next();
    const { kind } = this.#tokens;
    if (raw === undefined || (raw === "" && kind === "text")) return;
    if (this.length > this.#bounds.length) this.#passOver(kind === "cdata" ? writtenCdata(raw) : raw);
    else if (kind === "tag") this.#tag(raw);
    else if (kind === "text") this.#text(raw);
    else this.#cdata(raw);
  }

  #text(raw: string): void {
    this.#parts += countReferences(raw, this.#bounds.parts);
    if (this.#parts > this.#bounds.parts) this.#passOver(raw);
    else this.#handlers.text(textValue(raw));
  }

  #cdata(section: string): void {
    if (this.#open.length === 0) throw new XmlError("a text is outside the root element");
    this.#parts += 1;
    if (this.#parts > this.#bounds.parts) this.#passOver(writtenCdata(section));
    else if (section !== "" && this.#open.length > 1) this.#handlers.text(withLineFeeds(section));
  }

  #tag(raw: string): void {
    if (raw.startsWith("</")) this.#endTag(raw);
    else if (raw.startsWith("<?")) this.#declaration(raw);
    else if (this.#open.length === 0 && this.#hasRoot) throw new XmlError("there is a second root element");
    else this.#startTag(raw);
    this.#isEmpty = false;
  }

  #declaration(raw: string): void {
    if (!this.#isEmpty || !isDeclaration(raw))
      throw new XmlError("a processing instruction is in the stream");
  }

  #startTag(raw: string): void {
    this.#hasRoot = true;
    const { parts, depth, prefixes } = this.#bounds;
    this.#parts += 1 + countReferences(raw, parts);
    const tag = this.#open.length < depth ? parseStartTag(raw, parts - this.#parts) : undefined;
    const resolved = tag && this.#resolve(tag, prefixes);
    if (tag === undefined || resolved === undefined) {
      this.#passOver(raw);
      return;
    }
    this.#parts += tag.count;
    const name = tag.prefix === undefined ? tag.local : `${tag.prefix}:${tag.local}`;
    if (!tag.isEmpty) this.#open.push({ name, scope: resolved.scope });
    this.#handlers.open(tag.local, resolved.ns, tag.attrs);
    if (tag.isEmpty) this.#handlers.close();
  }

  /**
   * The namespaces of a tag, and its `xml:lang` among its attributes; undefined where more prefixes are declared than
   * the bound, or a rule on namespaces is broken within a child of the root.
   *
   * COMPAT(Prosody 0.12): it passes the attribute `xml:x` of any client on with another prefix for the namespace of
   * XML, which is not allowed. No client may end the stream of all others.
   */
  #resolve(
    tag: StartTag,
    prefixes: number,
  ): { readonly scope: NamespaceScope; readonly ns: string } | undefined {
    try {
      const scope = scopeWithin(this.#open.at(-1)?.scope ?? outermostScope, tag);
      if (prefixCount(scope) > prefixes) return undefined;
      const language = tag.prefixed && languageOf(tag, scope);
      if (language !== undefined) tag.attrs["xml:lang"] = language;
      return { scope, ns: namespaceOf(tag, scope) };
    } catch (error) {
      if (!(error instanceof NamespaceError) || this.#open.length === 0) throw error;
      return undefined;
    }
  }

  #endTag(raw: string): void {
    const opened = this.#open.pop();
    if (opened === undefined || !isEndTagOf(opened.name, raw))
      throw new XmlError("an end tag does not match its start tag");
    this.#handlers.close();
  }

  /** Passes over the child of the root that is being read, from this token on. */
  #passOver(raw: string): void {
    if (this.#open.length === 0) throw new XmlError("the start of the document is over its bounds");
    const isChild = this.#open.length === 1;
    const names = this.#open.slice(1).map(({ name }) => name);
    const matcher = new TagMatcher(names, isChild);
    this.#matcher = matcher;
    if (isChild && !raw.startsWith("<!")) this.#capture = new HeadCapture([...this.#bounds.kept, "xmlns"]);
    this.#match(matcher, raw, isChild ? 1 : 0);
  }

  #match(matcher: TagMatcher, text: string, from: number): number {
    const at = matcher.read(text, this.#capture?.read(matcher, text, from) ?? from);
    if (matcher.isDone) this.#endMatching();
    return at;
  }

  #endMatching(): void {
    const head = this.#capture?.head;
    const isChild = this.#open.length > 1 || head !== undefined;
    this.#matcher = undefined;
    this.#capture = undefined;
    this.#tokens.restart();
    this.#open.length = 1;
    if (isChild) this.#handlers.passedOver(head && this.#resolved(head));
  }

  #resolved({ name, attrs }: Head): XmlHead {
    const { xmlns = this.#open[0]?.scope.defaultNs ?? "", ...kept } = attrs;
    return { name, ns: name.includes(":") ? "" : xmlns, attrs: kept };
  }
}

/** Where the first character stands that XML does not allow; the end when there is none. */
function endOfGood(text: string): number {
  const bad = text.search(notACharacter);
  return bad < 0 ? text.length : bad;
}

function isEndTagOf(name: string, raw: string): boolean {
  // Mostly there is no white space behind the name.
  return (raw.length === name.length + 3 && raw.startsWith(name, 2)) || parseEndTag(raw) === name;
}
