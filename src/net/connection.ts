import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { stopParsing } from "./stop-parsing.ts";

/**
 * So many requests of one connection may wait for the answer before theirs: as many as the most eager client sends
 * (apt).
 */
const mostWaiting = 10;

/** Bytes that the heads of those that wait may have together; one more may always wait. */
const mostWaitingHeads = 16 * 1024;

/** How long a connection that slotd ends is still read, milliseconds. */
const lingerTime = 2_000;

/** A request, its answer, and how the answer is made. */
interface Turn {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly begin: () => Promise<void>;
}

/**
 * One HTTP connection: handles its requests one at a time, in their order, whatever its client sends at once.
 *
 * A request is not begun before the answer to the one before it is on its way in full. A few wait; when there are
 * more, nothing of what follows is read as a request any more, and the connection ends after the last answer to those
 * that were taken. What follows was not begun, so a client may send it again on another connection. A connection costs
 * what one request costs, and at most `mostWaiting` heads beside it.
 *
 * Source: RFC 9112 §9.3.2 (pipelining), §9.6 (closing in stages, so that no reset takes the last answer away).
 */
export class Connection {
  /**
   * Where it comes from: an IP address, or "unix" on a Unix socket; "unknown" when it was closed before it was seen.
   */
  readonly peer: string;
  readonly #socket: Socket;
  #current: Turn | undefined;
  #waiting: Turn[] = [];
  #waitingHeads = 0;
  #latest: IncomingMessage | undefined;
  #isEnding = false;
  #isDeaf = false;
  #isLingering = false;

  constructor(socket: Socket, peer: string) {
    this.#socket = socket;
    this.peer = peer;
    socket.once("close", () => {
      this.#isEnding = true;
      this.#waiting = [];
    });
  }

  /** Whether a request is being answered, or waits for it. */
  get isBusy(): boolean {
    return this.#current !== undefined;
  }

  /** Whether whatever still comes is thrown away. */
  get isDeaf(): boolean {
    return this.#isDeaf;
  }

  /** The request that came last. */
  get latest(): IncomingMessage | undefined {
    return this.#latest;
  }

  /**
   * Takes a request when it has come; `begin` is called when it is its turn, or never: when there are too many before
   * it, or the connection is closed first.
   *
   * @param begin gives a promise that is kept when the answer was made or given up. It must not be broken.
   */
  take(request: IncomingMessage, response: ServerResponse, begin: () => Promise<void>): void {
    this.#latest = request;
    const turn = { request, response, begin };
    if (this.#isEnding) this.#beDeaf();
    else if (this.#current === undefined) this.#start(turn);
    else if (this.#mayWait()) {
      this.#waiting.push(turn);
      this.#waitingHeads += headSize(request);
    } else {
      this.end();
      this.#beDeaf();
    }
  }

  /** Takes no further request, and ends the connection when those that were taken are answered. */
  end(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    // After an answer with "Connection: close" node:http calls this, and would not wait for the client.
    this.#socket.destroySoon = () => this.#linger();
    const last = this.#waiting.at(-1) ?? this.#current;
    if (last === undefined) this.#linger();
    else if (!last.response.headersSent) last.response.setHeader("Connection", "close");
  }

  #mayWait(): boolean {
    return this.#waiting.length < mostWaiting && this.#waitingHeads < mostWaitingHeads;
  }

  #start(turn: Turn): void {
    this.#current = turn;
    turn.begin().then(() => this.#answered(turn));
  }

  #answered({ response }: Turn): void {
    if (response.writableFinished || response.destroyed) {
      this.#next();
      return;
    }
    const over = () => {
      response.off("finish", over).off("close", over);
      this.#next();
    };
    response.on("finish", over).on("close", over);
  }

  #next(): void {
    this.#current = undefined;
    // The answer before it may have been the last one of the connection.
    if (this.#socket.destroyed || this.#socket.writableEnded) this.#waiting = [];
    const next = this.#waiting.shift();
    if (next !== undefined) {
      this.#waitingHeads -= headSize(next.request);
      this.#start(next);
    } else if (this.#isEnding) this.#linger();
  }

  #beDeaf(): void {
    if (this.#isDeaf) return;
    this.#isDeaf = true;
    stopParsing(this.#socket);
  }

  /** Ends slotd's half of the connection, and the other one when the client does or has had the time. */
  #linger(): void {
    const socket = this.#socket;
    if (this.#isLingering || socket.destroyed) return;
    this.#isLingering = true;
    socket.end();
    const timer = setTimeout(() => socket.destroy(), lingerTime);
    socket.once("close", () => clearTimeout(timer));
  }
}

function headSize({ url = "", rawHeaders }: IncomingMessage): number {
  return rawHeaders.reduce((size, text) => size + text.length, url.length);
}
