import type { IncomingMessage, ServerResponse } from "node:http";
import type { Bytes, Seconds } from "../slot/slot.ts";
import { type Answer, type CommonHeaders, encodeAnswer } from "./answers.ts";

/** A body that did not come to its end: nothing is wrong with slotd, and the client may try again. */
export class BodyError extends Error {
  /** "aborted": the client went away. "stalled": it sent nothing for too long. "too-slow": it sent too little. */
  readonly code: "aborted" | "stalled" | "too-slow";
  constructor(code: "aborted" | "stalled" | "too-slow", cause?: unknown) {
    super(bodyErrorTexts[code], { cause });
    this.name = "BodyError";
    this.code = code;
  }
}

const bodyErrorTexts = {
  aborted: "The client disconnected.",
  stalled: "The client sent nothing for too long.",
  "too-slow": "The client sent too little for too long.",
} as const;

/** How long a body may take. */
export interface BodyPace {
  /** No byte for so long ends it. */
  readonly stallTimeout: Seconds;
  /** Fewer bytes a second than this, over a whole window, end it; 0 is any. */
  readonly minRate: Bytes;
  readonly window: Seconds;
  /**
   * A body that is not whole after so long is ended, and so, where `minRate` is above 0, is one that would not be at
   * the pace it has shown.
   */
  readonly longest: Seconds;
  /** Whether more may be taken from the connection while what came last is not worked off: not in a crowd. */
  mayReadAhead(): boolean;
}

/** How long, and how much, a body that nobody wants is read; milliseconds. */
export interface Linger {
  readonly bytes: Bytes;
  readonly total: number;
  readonly idle: number;
}

const patient: Linger = { bytes: 64 * 1024 * 1024, total: 10_000, idle: 2_000 };

/** For a client that has had all the time there is. */
export const impatient: Linger = { bytes: 1024 * 1024, total: 500, idle: 500 };

/** More than this is not taken from the connection while nobody asks for it. */
const highWater: Bytes = 256 * 1024;

/**
 * The body of one request, given chunk by chunk as it is asked for. Unlike the stream's own iterator it leaves the
 * connection alone when reading ends early, so that an answer can still be sent.
 */
export class RequestBody implements AsyncIterable<Uint8Array> {
  readonly #request: IncomingMessage;
  readonly #pace: BodyPace;
  readonly #queue: Uint8Array[] = [];
  #queued: Bytes = 0;
  #received: Bytes = 0;
  #isFlowing = false;
  #end: "ended" | BodyError | undefined;
  #wake: (() => void) | undefined;
  /** Of the window under way: bytes given out, and milliseconds that the client was waited for. */
  #window = { bytes: 0, waited: 0 };
  /** Milliseconds that the client was waited for in the windows before. */
  #waited = 0;

  constructor(request: IncomingMessage, pace: BodyPace) {
    this.#request = request;
    this.#pace = pace;
  }

  get received(): Bytes {
    return this.#received;
  }

  /** @throws {BodyError} when the body ends before its length, or comes too slowly. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    const { stallTimeout, minRate, longest } = this.#pace;
    const end = performance.now() + longest * 1000;
    for (;;) {
      const begun = performance.now();
      const left = Math.max(1, end - begun);
      const patience = Math.min(left, minRate > 0 ? this.#leftOfWindow() : Infinity);
      const chunk = await this.#next(stallTimeout * 1000, patience);
      if (chunk === undefined) return;
      if (performance.now() >= end) throw new BodyError("too-slow");
      if (minRate > 0) this.#checkRate(performance.now() - begun, chunk.length);
      if (chunk.length > 0) yield chunk;
    }
  }

  /**
   * Answers before the body is read, then reads on for a moment. A client that sends its whole body before it
   * reads would otherwise get a reset connection instead of the answer. The connection is closed after that.
   */
  async answerAndLinger(
    response: ServerResponse,
    answer: Answer,
    common: CommonHeaders,
    linger: Linger = patient,
  ): Promise<void> {
    const { headers, text } = encodeAnswer(answer, common);
    response.writeHead(answer.status, { ...headers, Connection: "close" });
    // The answer is complete by its length; ending it would close the connection at once.
    response.write(text);
    const end = performance.now() + linger.total;
    const limit = this.#received + linger.bytes;
    try {
      while (this.#received < limit) {
        const left = end - performance.now();
        if (left <= 0 || (await this.#next(Math.min(linger.idle, left), Infinity)) === undefined) break;
      }
    } catch (error) {
      if (!(error instanceof BodyError)) throw error;
    }
    response.end();
  }

  /** Gives the next chunk, an empty one when `patience` is over, undefined at the end. Milliseconds. */
  async #next(stallAfter: number, patience: number): Promise<Uint8Array | undefined> {
    this.#begin();
    if (this.#queue.length === 0 && this.#end === undefined) {
      if (this.#request.isPaused()) this.#request.resume();
      await this.#wait(Math.min(stallAfter, patience));
    }
    const chunk = this.#queue.shift();
    if (chunk !== undefined) {
      this.#queued -= chunk.length;
      const isLow = this.#queued < highWater / 2 && this.#pace.mayReadAhead();
      if (isLow && this.#request.isPaused()) this.#request.resume();
      this.#received += chunk.length;
      return chunk;
    }
    if (this.#end === "ended") return undefined;
    if (this.#end !== undefined) throw this.#end;
    if (patience < stallAfter) return new Uint8Array();
    throw new BodyError("stalled");
  }

  #wait(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Starts to take bytes from the connection: not before somebody wants them. */
  #begin(): void {
    if (this.#isFlowing) return;
    this.#isFlowing = true;
    const request = this.#request;
    const abort = (cause?: unknown) => {
      this.#end ??= new BodyError("aborted", cause);
      this.#wake?.();
    };
    request.on("data", (chunk: Uint8Array) => {
      this.#queue.push(chunk);
      this.#queued += chunk.length;
      if (this.#queued >= highWater) request.pause();
      this.#wake?.();
    });
    request.on("end", () => {
      if (request.complete) this.#end ??= "ended";
      else abort();
      this.#wake?.();
    });
    request.on("error", abort);
    request.on("close", () => abort());
    if (request.destroyed && !request.readableEnded) abort();
  }

  #leftOfWindow(): number {
    return Math.max(1, this.#pace.window * 1000 - this.#window.waited);
  }

  /** Only the time that the client was waited for counts: a slow disk is not its fault. */
  #checkRate(waited: number, bytes: Bytes): void {
    const { minRate, window } = this.#pace;
    this.#window.waited += waited;
    this.#window.bytes += bytes;
    if (this.#window.waited < window * 1000) return;
    if (this.#window.bytes < minRate * window || this.#isBehind()) throw new BodyError("too-slow");
    this.#waited += this.#window.waited;
    this.#window = { bytes: 0, waited: 0 };
  }

  /** Whether less has come than a body of this length brings that takes all the time there is. */
  #isBehind(): boolean {
    const size = Number(this.#request.headers["content-length"] ?? 0);
    return this.#received < (this.#waited / 1000) * (size / this.#pace.longest);
  }
}
