import type { Socket } from "node:net";
import type { ComponentEvents } from "./component-events.ts";
import { type ConnectTo, openConnection } from "./connection.ts";
import { farewell } from "./farewell.ts";
import { PacedReads } from "./paced-reads.ts";
import { type OpenQuestion, type Question, Questions } from "./questions.ts";
import { errorIq, type Ignored, type Router } from "./router.ts";
import { NS_COMPONENT, stanzaError } from "./stanza-error.ts";
import {
  type StreamAction,
  type StreamEvent,
  type StreamSettings,
  type StreamState,
  step,
} from "./stream.ts";
import { StreamParser } from "./stream-parser.ts";
import type { ConnectionFailure } from "./stream-problem.ts";
import { type Element, serialize } from "./xml/xml.ts";

export interface ComponentOptions {
  readonly settings: StreamSettings;
  readonly connectTo: ConnectTo;
  readonly router: Router;
}

export interface ComponentDeps {
  readonly events: ComponentEvents;
  /** Milliseconds of a clock that never goes back. */
  readonly monotonic: () => number;
  /** 0 to below 1. */
  readonly random: () => number;
}

/** How long stop() waits for answers that are not decided yet, and how long it may take altogether; milliseconds. */
const PENDING_LIMIT = 2_000;
const STOP_LIMIT = 5_000;

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
  /** Answers that are not decided yet. */
  readonly #pending = new Set<Promise<void>>();
  #late: Element[] = [];
  readonly #questions = new Questions();
  #whenStopped: (() => void) | undefined;

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
   * Asks another entity, or itself through the server. On a stream that is not online nothing comes.
   *
   * @param timeout milliseconds.
   */
  ask(question: Question, timeout: number): OpenQuestion {
    return this.#questions.ask(question, this.#options.settings.host, timeout, (iq) => {
      if (this.isOnline) this.#send(serialize(iq, NS_COMPONENT));
    });
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

  /**
   * Answers what has come, closes the stream properly, and answers what the server passed on before it had read
   * that. Takes at most some seconds.
   */
  async stop(): Promise<void> {
    const deadline = this.#deps.monotonic() + STOP_LIMIT;
    let late: ReturnType<typeof setTimeout> | undefined;
    const limit = new Promise((resolve) => {
      late = setTimeout(resolve, PENDING_LIMIT);
    });
    await Promise.race([Promise.all(this.#pending), limit]);
    clearTimeout(late);
    clearTimeout(this.#timer);
    await new Promise<void>((resolve) => {
      this.#whenStopped = resolve;
      this.#happen({ type: "stop" });
    });
    const { connectTo, settings } = this.#options;
    for (let late = this.#late; late.length > 0 && this.#deps.monotonic() < deadline; ) {
      const answers = await Promise.all(late.map((stanza) => this.#answerTo(stanza)));
      const xml = answers
        .map((answer) => ("ignored" in answer ? "" : serialize(answer, NS_COMPONENT)))
        .join("");
      if (xml === "") break;
      late = await farewell(connectTo, settings, xml);
    }
    this.#late = [];
  }

  #happen(event: StreamEvent): void {
    const [state, actions] = step(this.#state, event, this.#options.settings, this.#deps.random);
    this.#state = state;
    for (const action of actions) this.#obey(action);
    if (this.#state.at !== "stopped") return;
    // A timer that is left would keep the process from ending.
    clearTimeout(this.#timer);
    this.#questions.end();
    this.#whenStopped?.();
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
        this.#questions.end();
        this.#deps.events.offline(action.problem, action.retryIn);
        break;
      case "deliver":
        if (!this.#questions.take(action.stanza)) this.#answer(action.stanza);
        break;
      case "late":
        this.#late.push(action.stanza);
        break;
    }
  }

  #silence(): number {
    return this.#deps.monotonic() - this.#lastByte;
  }

  #connect(): void {
    const socket = openConnection(
      this.#options.connectTo,
      () => isCurrent() && this.#happen({ type: "connected" }),
    );
    this.#socket = socket;
    // Events of a socket that is no longer the stream's own change nothing.
    const isCurrent = (): boolean => this.#socket === socket;
    const parser = this.#parser(isCurrent);
    const reads = new PacedReads(socket, this.#deps.monotonic, {
      take: (slice) => isCurrent() && parser.write(slice),
      endTurn: () => isCurrent() && this.#flush(),
    });
    let failure: ConnectionFailure | undefined;
    socket.on("data", (bytes: Uint8Array) => {
      if (!isCurrent()) return;
      this.#lastByte = this.#deps.monotonic();
      reads.read(bytes);
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      failure = { reason: error.message || error.code || "unknown error", code: error.code };
    });
    // What came before the end is read and answered first.
    socket.once("end", () => reads.whenDone(() => socket.end()));
    socket.once("close", () =>
      reads.whenDone(() => {
        if (!isCurrent()) return;
        this.#socket = undefined;
        this.#happen(failure === undefined ? { type: "ended" } : { type: "ended", failure });
      }),
    );
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
    const answer = this.#answerTo(stanza);
    if (answer instanceof Promise) this.#answerLater(answer);
    else if ("ignored" in answer) this.#deps.events.ignored(stanza, answer.ignored);
    else this.#send(serialize(answer, NS_COMPONENT));
  }

  #answerTo(stanza: Element): Element | Ignored | Promise<Element> {
    try {
      const answer = this.#options.router.answer(stanza);
      return answer instanceof Promise
        ? answer.catch((error: unknown) => this.#failed(stanza, error))
        : answer;
    } catch (error) {
      return this.#failed(stanza, error);
    }
  }

  #answerLater(answer: Promise<Element>): void {
    const socket = this.#socket;
    const sent = answer.then((done) => {
      this.#pending.delete(sent);
      if (this.#socket === socket) this.#send(serialize(done, NS_COMPONENT));
    });
    this.#pending.add(sent);
  }

  #failed(stanza: Element, error: unknown): Element {
    const text = this.#deps.events.failed(error);
    return errorIq(stanza, stanzaError("wait", "internal-server-error", text));
  }

  #refuseOversized(shell: Element): void {
    const { type, id, from } = shell.attrs;
    if (this.#state.at !== "online") return;
    if (shell.name !== "iq" || !id || !from || (type !== "get" && type !== "set")) {
      this.#deps.events.ignored(shell, "oversized");
      return;
    }
    const error = stanzaError(
      "modify",
      "policy-violation",
      "The stanza is too large, has too many parts, or breaks the rules on namespaces.",
    );
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
