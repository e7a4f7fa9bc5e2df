import { OpenNames } from "./open-names.ts";
import { XmlError } from "./xml-error.ts";
import { characterClasses, NAME_CHARACTER, NAME_START, SPACE } from "./xml-names.ts";
import { ReferenceCheck } from "./xml-reference.ts";

// Where the next character stands. Numbers, for one is looked at for each token of what a stranger sends.
const [TEXT, CDATA, REFERENCE, MARKUP, BANG] = [0, 1, 2, 3, 4];
const [START_NAME, BEHIND, IN_TAG, ATTRIBUTE_NAME, BEFORE_EQUALS] = [5, 6, 7, 8, 9];
const [BEFORE_VALUE, VALUE, EMPTY, END_NAME, BEHIND_END_NAME] = [10, 11, 12, 13, 14];

const CDATA_START = "[CDATA[";
const [EXCLAMATION, QUOTE, AMPERSAND, APOSTROPHE, SLASH] = [0x21, 0x22, 0x26, 0x27, 0x2f];
const [COLON, LESS, EQUALS, GREATER, BRACKET] = [0x3a, 0x3c, 0x3d, 0x3e, 0x5d];

/**
 * Reads the rest of an element that is passed over, or a text between elements. Every token has to be well-formed
 * and every end tag has to match, but nothing is resolved: prefixes, and attributes that are given twice, are not
 * judged. It holds the names of the open elements and nothing else, and looks at each character once, wherever the
 * pieces are cut.
 *
 * Source: XML 1.0 (Fifth Edition); Namespaces in XML 1.0 §4.
 */
export class TagMatcher {
  readonly #classes = characterClasses();
  readonly #names = new OpenNames();
  readonly #reference = new ReferenceCheck();
  #place = TEXT;
  #isDone = false;
  #quote = 0;
  /** How many "]" stand before this place, up to two. */
  #brackets = 0;
  /** How much of the start of a CDATA section has come. */
  #started = 0;
  /** Whether the part of a name before or behind its colon has a character, and whether the colon has come. */
  #hasPart = false;
  #hasColon = false;

  /** @param open the names of the elements that are open, the outermost first. */
  constructor(open: readonly string[]) {
    for (const name of open) {
      this.#names.open();
      this.#names.add(name, 0, name.length);
    }
  }

  /** Whether the outermost element is closed or, outside of any, the next character begins markup. */
  get isDone(): boolean {
    return this.#isDone;
  }

  /** Whether a name or an attribute of a start tag is complete, and the next one has not begun. */
  get isBetweenAttributes(): boolean {
    return this.#place === BEHIND || this.#place === IN_TAG;
  }

  /** Whether the last token is complete. */
  get isBetweenTokens(): boolean {
    return this.#place === TEXT;
  }

  /** Begins with the "<" of an element, where otherwise a text is read. */
  beginElement(): void {
    this.#place = MARKUP;
  }

  /**
   * Reads a piece from a place on until it is done or the piece ends. Gives the place behind what it read.
   *
   * @throws {XmlError} at the first thing that is wrong.
   */
  read(text: string, from: number): number {
    let at = from;
    while (at < text.length && !this.#isDone) at = this.step(text, at);
    return at;
  }

  /** Reads a run of characters of one kind, or completes what came before it; `at` must be within the piece. */
  step(text: string, at: number): number {
    switch (this.#place) {
      case TEXT:
        return this.#readText(text, at);
      case CDATA:
        return this.#readCdata(text, at);
      case REFERENCE:
        return this.#readReference(text, at);
      case START_NAME:
      case ATTRIBUTE_NAME:
      case END_NAME:
        return this.#readName(text, at);
      case VALUE:
        return this.#readValue(text, at);
      case MARKUP:
        return this.#readMarkup(text, at);
      case BANG:
        return this.#readBang(text, at);
      default:
        return this.#readWithinTag(text, at);
    }
  }

  #readText(text: string, from: number): number {
    let brackets = this.#brackets;
    let at = from;
    for (; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      if (code === LESS || code === AMPERSAND) break;
      if (code === BRACKET) brackets = Math.min(2, brackets + 1);
      else if (code === GREATER && brackets === 2) throw new XmlError('a text holds "]]>"');
      else brackets = 0;
    }
    this.#brackets = brackets;
    if (at === text.length) return at;
    this.#brackets = 0;
    if (text.charCodeAt(at) === AMPERSAND) return this.#beginReference(at);
    if (this.#names.isEmpty) {
      this.#isDone = true;
      return at;
    }
    this.#place = MARKUP;
    return at + 1;
  }

  #readCdata(text: string, from: number): number {
    let brackets = this.#brackets;
    let at = from;
    for (; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      if (code === BRACKET) brackets = Math.min(2, brackets + 1);
      else if (code === GREATER && brackets === 2) {
        this.#place = TEXT;
        this.#brackets = 0;
        return at + 1;
      } else brackets = 0;
    }
    this.#brackets = brackets;
    return at;
  }

  #beginReference(at: number): number {
    this.#reference.begin();
    this.#place = REFERENCE;
    return at + 1;
  }

  #readReference(text: string, from: number): number {
    for (let at = from; at < text.length; at += 1) {
      if (!this.#reference.take(text.charCodeAt(at))) continue;
      this.#place = this.#quote === 0 ? TEXT : VALUE;
      return at + 1;
    }
    return text.length;
  }

  #readValue(text: string, from: number): number {
    const quote = this.#quote;
    for (let at = from; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      if (code === quote) {
        this.#quote = 0;
        this.#place = BEHIND;
        return at + 1;
      }
      if (code === AMPERSAND) return this.#beginReference(at);
      if (code === LESS) throw notATag();
    }
    return text.length;
  }

  #readMarkup(text: string, at: number): number {
    const code = text.charCodeAt(at);
    if (code === SLASH) {
      this.#names.beginMatch();
      return this.#beginName(END_NAME, at + 1);
    }
    if (code === EXCLAMATION) {
      this.#place = BANG;
      this.#started = 0;
      return at + 1;
    }
    this.#names.open();
    return this.#beginName(START_NAME, at);
  }

  #readBang(text: string, at: number): number {
    if (text.charCodeAt(at) !== CDATA_START.charCodeAt(this.#started))
      throw new XmlError("a comment or document type is in the stream");
    this.#started += 1;
    if (this.#started === CDATA_START.length) this.#place = CDATA;
    return at + 1;
  }

  #beginName(place: number, at: number): number {
    this.#place = place;
    this.#hasPart = false;
    this.#hasColon = false;
    return at;
  }

  #readName(text: string, from: number): number {
    const classes = this.#classes;
    let at = from;
    if (!this.#hasPart) {
      if (((classes[text.charCodeAt(at)] ?? 0) & NAME_START) === 0) throw notATag();
      this.#hasPart = true;
    }
    while (at < text.length && ((classes[text.charCodeAt(at)] ?? 0) & NAME_CHARACTER) !== 0) at += 1;
    const isColon = at < text.length && text.charCodeAt(at) === COLON && !this.#hasColon;
    if (isColon) {
      this.#hasColon = true;
      this.#hasPart = false;
      at += 1;
    }
    if (this.#place === START_NAME) this.#names.add(text, from, at);
    else if (this.#place === END_NAME && !this.#names.match(text, from, at)) throw notMatching();
    if (at < text.length && !isColon) this.#endName();
    return at;
  }

  #endName(): void {
    if (this.#place === START_NAME) this.#place = BEHIND;
    else if (this.#place === ATTRIBUTE_NAME) this.#place = BEFORE_EQUALS;
    else if (this.#names.endMatch()) this.#place = BEHIND_END_NAME;
    else throw notMatching();
  }

  /** Reads what stands between names and values, or gives the place of a name that begins there. */
  #readWithinTag(text: string, at: number): number {
    const code = text.charCodeAt(at);
    const place = this.#place;
    if (((this.#classes[code] ?? 0) & SPACE) !== 0 && place !== EMPTY) {
      if (place === BEHIND) this.#place = IN_TAG;
    } else if (place === BEHIND || place === IN_TAG) {
      if (code === SLASH) this.#place = EMPTY;
      else if (code === GREATER) this.#place = TEXT;
      else if (place === IN_TAG) return this.#beginName(ATTRIBUTE_NAME, at);
      else throw notATag();
    } else if (code === GREATER && (place === EMPTY || place === BEHIND_END_NAME)) {
      this.#close(place === EMPTY);
    } else if (code === EQUALS && place === BEFORE_EQUALS) this.#place = BEFORE_VALUE;
    else if ((code === QUOTE || code === APOSTROPHE) && place === BEFORE_VALUE) {
      this.#quote = code;
      this.#place = VALUE;
    } else throw notATag();
    return at + 1;
  }

  /** Ends a tag that closes an element; the name of an empty one is still among the open ones. */
  #close(isEmpty: boolean): void {
    if (isEmpty) this.#names.close();
    this.#isDone = this.#names.isEmpty;
    this.#place = TEXT;
  }
}

const notATag = (): XmlError => new XmlError("a tag is not well-formed");
const notMatching = (): XmlError => new XmlError("an end tag does not match its start tag");
