import { XmlError } from "./xml-error.ts";

/** A tag from "<" to ">", a text between two tags as it is written, or what a CDATA section holds. */
export type TokenKind = "text" | "tag" | "cdata";

const CDATA = "<![CDATA[";
const [BANG, APOSTROPHE, QUOTE, GREATER] = [0x21, 0x27, 0x22, 0x3e];

/** A CDATA section as it is written. */
export function writtenCdata(section: string): string {
  return `${CDATA}${section}]]>`;
}

/**
 * Cuts tokens from pieces of text. It holds no more than the token that is not complete yet, whose length the caller
 * is to bound, and looks at each character a bounded number of times, wherever the pieces are cut.
 */
export class XmlTokens {
  /** Where it stands in the piece; the caller may move it while `isBetween`. */
  at = 0;
  #text = "";
  #kind: TokenKind = "text";
  #inside: "text" | "markup" | "tag" | "bang" | "cdata" = "text";
  /** What has come of a token that goes on in the next piece. Adding to a string copies nothing. */
  #partial = "";
  /** The last two characters of a CDATA section, which follow on `#partial`. */
  #tail = "";
  /** The quote that a tag is within, or 0. */
  #quote = 0;

  /** Goes on with the next piece of text, from a place on; the one before must have been read to its end. */
  begin(text: string, at: number): void {
    this.#text = text;
    this.at = at;
  }

  /** What the last token was. */
  get kind(): TokenKind {
    return this.#kind;
  }

  /** Whether nothing of the next token has come. */
  get isBetween(): boolean {
    return this.#inside === "text" && this.#partial === "";
  }

  /**
   * Reads on to the end of a token or of the piece, which must not be reached already.
   *
   * @returns the token when it is complete. Between two tags there is always a text, if only an empty one.
   * @throws {XmlError} at "<!" that begins no CDATA section.
   */
  next(): string | undefined {
    if (this.#inside === "tag") return this.#readTag();
    if (this.#inside === "text") return this.#readText();
    if (this.#inside === "cdata") return this.#readCdata();
    if (this.#inside === "bang") this.#readBang();
    else this.#readMarkup();
    return undefined;
  }

  /** Gives what has come of the token that is not complete, as it is written, and stands between tokens then. */
  takePartial(): string {
    const isCdata = this.#inside === "cdata";
    const raw = isCdata ? `${CDATA}${this.#partial}${this.#tail}` : this.#partial;
    this.restart();
    return raw;
  }

  /** Forgets what has come of the next token, its "<" included: others have read it. */
  restart(): void {
    this.#partial = "";
    this.#tail = "";
    this.#quote = 0;
    this.#inside = "text";
  }

  /** Takes the token up to `end`, or, when that is beyond this piece (-1), keeps the piece and gives undefined. */
  #take(end: number): string | undefined {
    const found = this.#text.slice(this.at, end < 0 ? undefined : end);
    this.at += found.length;
    if (end < 0) {
      this.#partial += found;
      return undefined;
    }
    if (this.#partial === "") return found;
    const token = this.#partial + found;
    this.#partial = "";
    return token;
  }

  #readText(): string | undefined {
    const raw = this.#take(this.#text.indexOf("<", this.at));
    if (raw === undefined) return undefined;
    this.#inside = "markup";
    this.#kind = "text";
    return raw;
  }

  /** Stands at "<", or behind it when that ended the last piece. */
  #readMarkup(): void {
    const next = this.at + (this.#partial === "" ? 1 : 0);
    if (next === this.#text.length) this.#take(-1);
    else this.#inside = this.#text.charCodeAt(next) === BANG ? "bang" : "tag";
  }

  /** What begins with "<!" can only be a CDATA section. */
  #readBang(): void {
    if (this.#partial === "" && this.#text.startsWith(CDATA, this.at)) {
      this.at += CDATA.length;
      this.#inside = "cdata";
      return;
    }
    this.#partial += this.#text.charAt(this.at);
    this.at += 1;
    if (!CDATA.startsWith(this.#partial)) throw new XmlError("a comment or document type is in the stream");
    if (this.#partial !== CDATA) return;
    this.#partial = "";
    this.#inside = "cdata";
  }

  #readCdata(): string | undefined {
    const found = this.#text.indexOf("]]>", this.at);
    const cut = this.#endCutBefore();
    if (cut === 0 && found < 0) {
      this.#keepCdata();
      return undefined;
    }
    const section = this.#partial + (cut > 0 ? "" : this.#tail + this.#text.slice(this.at, found));
    this.at = cut > 0 ? this.at + cut : found + 3;
    this.#partial = "";
    this.#tail = "";
    this.#inside = "text";
    this.#kind = "cdata";
    return section;
  }

  /** How many characters of this piece complete an end of a CDATA section that was begun in the one before. */
  #endCutBefore(): number {
    if (this.#tail === "") return 0;
    const end = `${this.#tail}${this.#text.slice(this.at, this.at + 2)}`.indexOf("]]>");
    if (end < 0) return 0;
    this.#partial += this.#tail.slice(0, end);
    return end + 3 - this.#tail.length;
  }

  /** Keeps the piece, and in view the two characters that may begin the end. */
  #keepCdata(): void {
    const seen = this.#tail + this.#text.slice(this.at);
    this.#partial += seen.slice(0, -2);
    this.#tail = seen.slice(-2);
    this.at = this.#text.length;
  }

  #readTag(): string | undefined {
    const raw = this.#take(this.#tagEnd());
    if (raw === undefined) return undefined;
    this.#inside = "text";
    this.#kind = "tag";
    return raw;
  }

  /** Where the tag ends in this piece: behind the first ">" that is not in quotes; -1 for nowhere. */
  #tagEnd(): number {
    const text = this.#text;
    let quote = this.#quote;
    for (let at = this.at; at < text.length; at += 1) {
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
}
