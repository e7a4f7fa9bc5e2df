import { OpenNames } from "./open-names.ts";
import { Action, automaton, KIND_BITS, State } from "./tag-states.ts";
import { XmlError } from "./xml-error.ts";
import { ReferenceCheck } from "./xml-reference.ts";

/** What an attribute of the head begins or ends with, or the head itself. */
export type Stop = "attribute" | "value" | "tag";

const CDATA_START = "[CDATA[";
const GREATER = 0x3e;

/**
 * Reads the rest of an element that is passed over, or a text between elements. Every token has to be well-formed
 * and every end tag has to match, but nothing is resolved: prefixes, and attributes that are given twice, are not
 * judged. It holds the names of the open elements and nothing else, and looks at each character once, wherever the
 * pieces are cut.
 *
 * Source: XML 1.0 (Fifth Edition); Namespaces in XML 1.0 §4.
 */
export class TagMatcher {
  readonly #kinds: Uint8Array;
  #table: Uint8Array;
  readonly #names = new OpenNames();
  readonly #reference = new ReferenceCheck();
  #state: number;
  /** Where to go on behind a reference. */
  #around: number = State.TEXT;
  /** How much of the start of a CDATA section has come. */
  #started = 0;
  /** Where the name of the tag begins and ends that is read in this piece; -1 where it is added or matched. */
  #nameFrom = -1;
  #nameTo = -1;
  /** Where the innermost open name stands in this piece while `#names` has it not; -1 when that has it. */
  #lastFrom = -1;
  #lastTo = -1;
  /** Whether all of the name that is read is in this piece. */
  #isWhole = false;
  /** Whether the last piece ended within a name. */
  #isCut = false;
  #isDone = false;
  #isInHead: boolean;
  #stop: Stop | undefined;

  /**
   * @param open the names of the elements that are open, the outermost first.
   * @param isHead whether it begins behind the "<" of an element, and stops at what its start tag is made of.
   */
  constructor(open: readonly string[], isHead: boolean) {
    const { kinds, table, tableOfHead } = automaton();
    this.#kinds = kinds;
    this.#table = isHead ? tableOfHead : table;
    this.#state = isHead ? State.MARKUP : State.TEXT;
    this.#isInHead = isHead;
    for (const name of open) {
      this.#names.begin();
      this.#names.add(name, 0, name.length);
      this.#names.open();
    }
  }

  /** Whether the outermost element is closed or, outside of any, the next character begins markup. */
  get isDone(): boolean {
    return this.#isDone;
  }

  /**
   * Why the last read() of the head stopped: behind the first character of an attribute, behind the quote that ends
   * one, or behind the tag. Undefined: at the end of the piece.
   */
  get stop(): Stop | undefined {
    return this.#stop;
  }

  /**
   * Reads a piece from a place on until it is done, the piece ends, or something of the head does. Gives the place
   * behind what it read.
   *
   * @throws {XmlError} at the first thing that is wrong.
   */
  read(text: string, from: number): number {
    if (this.#isCut) this.#nameFrom = from;
    this.#isCut = false;
    this.#stop = undefined;
    let at = from;
    while (at < text.length && !this.#isDone && this.#stop === undefined) {
      if (this.#state === State.REFERENCE) at = this.#readReference(text, at);
      else if (this.#state === State.BANG) at = this.#readBang(text, at);
      else at = this.#run(text, at);
    }
    this.#keepLast(text);
    if (at === text.length) this.#keepName(text);
    return at;
  }

  #run(text: string, from: number): number {
    const [kinds, table] = [this.#kinds, this.#table];
    let state = this.#state;
    for (let at = from; at < text.length; at += 1) {
      const next = table[(state << KIND_BITS) | (kinds[text.charCodeAt(at)] ?? 0)] ?? Action.REFUSE;
      if (next < Action.REFUSE) state = next;
      else {
        const end = this.#endWithin(next, text, at + 1);
        if (end >= 0) {
          if (next === Action.BEGIN_END) state = State.TEXT;
          at = end;
          if (!this.#isDone) continue;
          this.#state = state;
          return at + 1;
        }
        this.#around = state;
        const isStopped = this.#act(next, text, at);
        state = this.#state;
        // What ends a text outside of elements is left to be read by others.
        if (isStopped) return this.#isDone && next === Action.BEGIN_MARKUP ? at : at + 1;
      }
    }
    this.#state = state;
    return text.length;
  }

  /** Where what begins at a character ends, when that is a whole reference or the end tag of what was opened last; else -1. */
  #endWithin(action: number, text: string, from: number): number {
    if (action === Action.BEGIN_END) return this.#closeLast(text, from);
    return action === Action.BEGIN_REFERENCE ? ReferenceCheck.endOf(text, from) : -1;
  }

  /** Does what is to be done at a character, and tells whether the run ends there. */
  #act(action: number, text: string, at: number): boolean {
    switch (action) {
      case Action.BEGIN_MARKUP:
        this.#isDone = this.#isEmpty;
        return this.#go(State.MARKUP, this.#isDone);
      case Action.BEGIN_NAME:
        this.#keepLast(text);
        this.#names.begin();
        this.#nameFrom = at;
        this.#isWhole = true;
        return this.#go(State.NAME);
      case Action.END_NAME:
        this.#nameTo = at;
        return this.#go(State.IN_TAG);
      case Action.END_NAME_EMPTY:
        this.#nameTo = at;
        return this.#go(State.EMPTY);
      case Action.END_NAME_OPEN:
        this.#nameTo = at;
        return this.#open(text);
      case Action.OPEN:
        return this.#open(text);
      case Action.CLOSE_EMPTY:
        this.#names.drop();
        return this.#closed();
      case Action.BEGIN_END:
        this.#keepLast(text);
        this.#names.beginMatch();
        this.#nameFrom = at + 1;
        return this.#go(State.END);
      case Action.MATCH:
        this.#match(text, at);
        return this.#go(State.END_SPACE);
      case Action.MATCH_CLOSE:
        this.#match(text, at);
        return this.#closed();
      case Action.CLOSE:
        return this.#closed();
      default:
        return this.#actRarely(action);
    }
  }

  #actRarely(action: number): boolean {
    switch (action) {
      case Action.BEGIN_REFERENCE:
        this.#reference.begin();
        return this.#go(State.REFERENCE, true);
      case Action.BEGIN_BANG:
        this.#started = 0;
        return this.#go(State.BANG, true);
      case Action.BEGIN_ATTRIBUTE:
        this.#stop = "attribute";
        return this.#go(State.ATTRIBUTE, true);
      case Action.END_VALUE:
        this.#stop = "value";
        return this.#go(State.BEHIND, true);
      default:
        throw new XmlError("a tag or a text is not well-formed");
    }
  }

  #go(state: number, isStopped = false): boolean {
    this.#state = state;
    return isStopped;
  }

  get #isEmpty(): boolean {
    return this.#lastFrom < 0 && this.#names.isEmpty;
  }

  /** Mostly the end tag follows in the same piece: only a name that it does not follow is kept. */
  #open(text: string): boolean {
    if (this.#nameFrom >= 0 && this.#isWhole) {
      this.#lastFrom = this.#nameFrom;
      this.#lastTo = this.#nameTo;
    } else {
      if (this.#nameFrom >= 0) this.#names.add(text, this.#nameFrom, this.#nameTo);
      this.#names.open();
    }
    this.#nameFrom = -1;
    return this.#go(State.TEXT, this.#endHead());
  }

  #endHead(): boolean {
    if (!this.#isInHead) return false;
    this.#isInHead = false;
    this.#table = automaton().table;
    this.#stop = "tag";
    return true;
  }

  /** Closes the innermost element if its end tag is at `from`, as short as can be: gives where that ends, else -1. */
  #closeLast(text: string, from: number): number {
    if (this.#lastFrom < 0) return -1;
    const behind = from - this.#lastFrom;
    for (let at = this.#lastFrom; at < this.#lastTo; at += 1)
      if (text.charCodeAt(at) !== text.charCodeAt(at + behind)) return -1;
    const end = this.#lastTo + behind;
    if (text.charCodeAt(end) !== GREATER) return -1;
    this.#lastFrom = -1;
    this.#isDone = this.#isEmpty;
    return end;
  }

  #keepLast(text: string): void {
    if (this.#lastFrom < 0) return;
    this.#names.begin();
    this.#names.add(text, this.#lastFrom, this.#lastTo);
    this.#names.open();
    this.#lastFrom = -1;
  }

  #closed(): boolean {
    this.#nameFrom = -1;
    this.#isDone = this.#isEmpty;
    return this.#go(State.TEXT, this.#endHead() || this.#isDone);
  }

  #match(text: string, to: number): void {
    if (!this.#names.match(text, this.#nameFrom, to) || !this.#names.close())
      throw new XmlError("an end tag does not match its start tag");
    this.#nameFrom = -1;
  }

  /** Keeps what this piece has of a tag's name. */
  #keepName(text: string): void {
    if (this.#nameFrom < 0) return;
    this.#isWhole = false;
    const isEnd = this.#state >= State.END && this.#state <= State.END_LOCAL;
    this.#isCut = isEnd || (this.#state >= State.NAME && this.#state <= State.NAME_LOCAL);
    if (!isEnd) this.#names.add(text, this.#nameFrom, this.#isCut ? text.length : this.#nameTo);
    else if (!this.#names.match(text, this.#nameFrom, text.length))
      throw new XmlError("an end tag does not match its start tag");
    this.#nameFrom = -1;
  }

  #readReference(text: string, from: number): number {
    for (let at = from; at < text.length; at += 1) {
      if (!this.#reference.take(text.charCodeAt(at))) continue;
      this.#state = this.#around;
      return at + 1;
    }
    return text.length;
  }

  #readBang(text: string, from: number): number {
    for (let at = from; at < text.length; at += 1) {
      if (text.charCodeAt(at) !== CDATA_START.charCodeAt(this.#started))
        throw new XmlError("a comment or document type is in the stream");
      this.#started += 1;
      if (this.#started < CDATA_START.length) continue;
      this.#state = State.CDATA;
      return at + 1;
    }
    return text.length;
  }
}
