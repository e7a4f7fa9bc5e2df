import type { IncomingMessage, ServerResponse } from "node:http";
import type { Bytes, Seconds } from "../slot/slot.ts";
import { type Answer, encodeAnswer, referenceOf } from "./answers.ts";

/** A body that did not come to its end: nothing is wrong with slotd, and the client may try again. */
export class BodyError extends Error {
  /** "aborted": the client went away. "stalled": it sent nothing for too long. */
  readonly code: "aborted" | "stalled";
  constructor(code: "aborted" | "stalled", cause?: unknown) {
    super(code === "aborted" ? "The client went away." : "The client sent nothing for too long.", { cause });
    this.name = "BodyError";
    this.code = code;
  }
}

/** How long, and how much, a body that nobody wants is read. */
const linger = { bytes: 64 * 1024 * 1024, total: 10_000, idle: 2_000 };

/**
 * The body of one request, read chunk by chunk as it is asked for. Unlike the stream's own iterator it leaves the
 * connection alone when reading ends early, so that an answer can still be sent.
 */
export class RequestBody implements AsyncIterable<Uint8Array> {
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #stallTimeout: Seconds;
  #received = 0;

  constructor(request: IncomingMessage, stallTimeout: Seconds) {
    this.#chunks = request[Symbol.asyncIterator]();
    this.#stallTimeout = stallTimeout;
  }

  get received(): Bytes {
    return this.#received;
  }

  /** @throws {BodyError} when the body ends before its length, or nothing came for the stall timeout. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for (;;) {
      const chunk = await this.#next(this.#stallTimeout * 1000);
      if (chunk === undefined) return;
      yield chunk;
    }
  }

  /**
   * Answers before the body is read, then reads on for a moment. A client that sends its whole body before it
   * reads would otherwise get a reset connection instead of the answer. The connection is closed after that.
   */
  async answerAndLinger(response: ServerResponse, answer: Answer): Promise<void> {
    const { headers, text } = encodeAnswer(answer, referenceOf(response));
    response.writeHead(answer.status, { ...headers, Connection: "close" });
    // The answer is complete by its length; ending it would close the connection at once.
    response.write(text);
    const end = performance.now() + linger.total;
    const limit = this.#received + linger.bytes;
    try {
      while (this.#received < limit) {
        const left = end - performance.now();
        if (left <= 0 || (await this.#next(Math.min(linger.idle, left))) === undefined) break;
      }
    } catch (error) {
      if (!(error instanceof BodyError)) throw error;
    }
    response.end();
  }

  async #next(milliseconds: number): Promise<Uint8Array | undefined> {
    const next = this.#chunks.next();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stalled = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new BodyError("stalled")), milliseconds);
    });
    try {
      const result = await Promise.race([next, stalled]);
      if (result.done) return undefined;
      this.#received += result.value.length;
      return result.value;
    } catch (error) {
      // A stalled read fails later, when the connection is closed; nobody waits for it then.
      next.catch(() => undefined);
      throw error instanceof BodyError ? error : new BodyError("aborted", error);
    } finally {
      clearTimeout(timer);
    }
  }
}
