import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { errorIq, type Router } from "./router.ts";
import { NS_COMPONENT, stanzaError } from "./stanza-error.ts";
import {
  type StreamAction,
  type StreamEvent,
  type StreamSettings,
  type StreamState,
  step,
} from "./stream.ts";
import { StreamParser } from "./stream-parser.ts";
import type { StreamProblem } from "./stream-problem.ts";
import { type Element, serialize } from "./xml.ts";

export interface ComponentOptions {
  readonly settings: StreamSettings;
  readonly connectTo: {
    readonly host: string;
    readonly port: number;
    /** TLS from the first byte; `ca` is PEM to trust instead of the system's authorities. Source: RFC 7590. */
    readonly tls: { readonly ca: string | undefined } | undefined;
  };
  readonly router: Router;
}

/** What a component tells of itself. */
export interface ComponentEvents {
  online(): void;
  /** The stream is down; the next attempt follows in `retryIn` milliseconds. */
  offline(problem: StreamProblem, retryIn: number): void;
  /**
   * Something threw while a stanza was answered; the requester gets internal-server-error.
   *
   * @returns what the requester is told, one sentence or two.
   */
  failed(error: unknown): string;
}

export interface ComponentDeps {
  readonly events: ComponentEvents;
  /** Milliseconds of a clock that never goes back. */
  readonly monotonic: () => number;
  /** 0 to below 1. */
  readonly random: () => number;
}

/**
 * An external component: keeps its stream to the XMPP server open and answers what comes by the router.
 * The stream's rules are in stream.ts; this only obeys them with a socket and a timer.
 */
export class Component {
  #options: ComponentOptions;
  readonly #deps: ComponentDeps;
  #state: StreamState = { at: "stopped" };
  #socket: Socket | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #lastByte = 0;
  #output = "";

  constructor(options: ComponentOptions, deps: ComponentDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  get isOnline(): boolean {
    return this.#state.at === "online";
  }

  start(): void {
    this.#happen({ type: "start" });
  }

  /**
   * Uses another secret or other authorities from the next login on. A stream that is online stays up; one that is
   * not is tried again at once.
   */
  logInWith(login: Omit<ComponentOptions, "router">): void {
    this.#options = { ...this.#options, ...login };
    if (this.#state.at === "stopped" || this.isOnline) return;
    clearTimeout(this.#timer);
    this.#happen({ type: "stop" });
    this.#happen({ type: "start" });
  }

  /** Closes the stream properly. Resolves when the socket is closed, or after two seconds. */
  async stop(): Promise<void> {
    const socket = this.#socket;
    clearTimeout(this.#timer);
    this.#happen({ type: "stop" });
    if (socket === undefined || socket.destroyed) return;
    await new Promise<void>((resolve) => {
      const giveUp = setTimeout(() => socket.destroy(), 2_000);
      socket.once("close", () => {
        clearTimeout(giveUp);
        resolve();
      });
    });
  }

  #happen(event: StreamEvent): void {
    const [state, actions] = step(this.#state, event, this.#options.settings, this.#deps.random);
    this.#state = state;
    for (const action of actions) this.#obey(action);
  }

  #obey(action: StreamAction): void {
    switch (action.type) {
      case "connect":
        this.#connect();
        break;
      case "disconnect":
        this.#disconnect();
        break;
      case "send":
        this.#send(action.xml);
        break;
      case "timer":
        clearTimeout(this.#timer);
        this.#timer = setTimeout(
          () => this.#happen({ type: "timer", silence: this.#silence() }),
          action.after,
        );
        return;
      case "online":
        this.#deps.events.online();
        break;
      case "offline":
        this.#deps.events.offline(action.problem, action.retryIn);
        break;
      case "deliver":
        this.#answer(action.stanza);
        break;
    }
  }

  #silence(): number {
    return this.#deps.monotonic() - this.#lastByte;
  }

  #connect(): void {
    const { host, port, tls } = this.#options.connectTo;
    const socket = tls
      ? connectTls({
          host,
          port,
          ...(isIP(host) ? {} : { servername: host }),
          ...(tls.ca ? { ca: tls.ca } : {}),
        })
      : connectTcp({ host, port });
    this.#socket = socket;
    // Events of a socket that is no longer the stream's own change nothing.
    const isCurrent = (): boolean => this.#socket === socket;
    const parser = this.#parser(isCurrent);
    let reason: string | undefined;
    socket.setNoDelay(true);
    socket.once(tls ? "secureConnect" : "connect", () => isCurrent() && this.#happen({ type: "connected" }));
    socket.on("data", (bytes: Uint8Array) => {
      if (!isCurrent()) return;
      this.#lastByte = this.#deps.monotonic();
      parser.write(bytes);
      this.#flush();
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      reason = error.message || error.code || "unknown error";
    });
    socket.once("end", () => socket.end());
    socket.once("close", () => {
      if (!isCurrent()) return;
      this.#socket = undefined;
      this.#happen(reason === undefined ? { type: "ended" } : { type: "ended", reason });
    });
  }

  #parser(isCurrent: () => boolean): StreamParser {
    const tell = (event: StreamEvent): void => {
      if (isCurrent()) this.#happen(event);
    };
    return new StreamParser({
      opened: (header) => tell({ type: "opened", header }),
      stanza: (stanza) => tell({ type: "stanza", stanza }),
      oversized: (shell) => isCurrent() && this.#refuseOversized(shell),
      closed: () => tell({ type: "ended" }),
      broken: (reason) => tell({ type: "broken", reason }),
    });
  }

  #disconnect(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#flushTo(socket);
    socket?.end();
    // A peer that is frozen never closes its half.
    if (socket) setTimeout(() => socket.destroy(), 1_000).unref();
  }

  #answer(stanza: Element): void {
    let answer: Element | undefined | Promise<Element>;
    try {
      answer = this.#options.router.answer(stanza);
    } catch (error) {
      answer = this.#failed(stanza, error);
    }
    if (answer instanceof Promise) this.#answerLater(stanza, answer);
    else if (answer) this.#send(serialize(answer, NS_COMPONENT));
  }

  #answerLater(stanza: Element, answer: Promise<Element>): void {
    const socket = this.#socket;
    answer
      .catch((error: unknown) => this.#failed(stanza, error))
      .then((done) => {
        if (this.#socket === socket) this.#send(serialize(done, NS_COMPONENT));
      });
  }

  #failed(stanza: Element, error: unknown): Element {
    const text = this.#deps.events.failed(error);
    return errorIq(stanza, stanzaError("wait", "internal-server-error", text));
  }

  #refuseOversized(shell: Element): void {
    const { type, id, from } = shell.attrs;
    if (
      this.#state.at !== "online" ||
      shell.name !== "iq" ||
      !id ||
      !from ||
      (type !== "get" && type !== "set")
    )
      return;
    const error = stanzaError("modify", "policy-violation", "The stanza is too large.");
    this.#send(serialize(errorIq(shell, error), NS_COMPONENT));
  }

  /** Keeps what is to be sent until the bytes that came are worked off: one write for many answers. */
  #send(xml: string): void {
    if (this.#output === "") queueMicrotask(() => this.#flush());
    this.#output += xml;
  }

  #flush(): void {
    this.#flushTo(this.#socket);
  }

  #flushTo(socket: Socket | undefined): void {
    const output = this.#output;
    this.#output = "";
    if (output !== "" && socket?.writable) socket.write(output);
  }
}
