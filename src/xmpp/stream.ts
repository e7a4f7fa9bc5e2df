import { createHash } from "node:crypto";
import { NS_PING } from "./basics.ts";
import { NS_COMPONENT } from "./stanza-error.ts";
import { type Attempts, afterOnline, afterProblem, noAttempts, pauseAfter } from "./stream-attempts.ts";
import { NS_STREAMS } from "./stream-names.ts";
import {
  type ConnectionFailure,
  closedByServer,
  fromStreamError,
  frozen,
  invalidStream,
  type StreamProblem,
  type StreamTarget,
  timedOut,
  unreachable,
} from "./stream-problem.ts";
import { type Element, element, escapeXml, serialize } from "./xml/xml.ts";

/** What a component's stream needs to know. */
export interface StreamSettings extends StreamTarget {
  /** The served domain: the entity that is pinged. */
  readonly domain: string;
  readonly secret: string;
}

/** Where a component's stream is. `attempts` sets the pause before the next one. */
export type StreamState =
  | { readonly at: "stopped" }
  | { readonly at: "pausing" | "connecting" | "opening" | "authenticating"; readonly attempts: Attempts }
  | {
      readonly at: "online";
      readonly attempts: Attempts;
      /** How often the server was looked at since the login, and how often in a row it was found silent. */
      readonly looks: number;
      readonly quietLooks: number;
    }
  /** The end was sent; the server may still pass on what it had. */
  | { readonly at: "closing" };

export type StreamEvent =
  | { readonly type: "start" }
  | { readonly type: "stop" }
  | { readonly type: "connected" }
  | { readonly type: "opened"; readonly header: Element }
  | { readonly type: "stanza"; readonly stanza: Element }
  /** The server closed its stream, or the connection ended; `failure` where it ended with an error. */
  | { readonly type: "ended"; readonly failure?: ConnectionFailure }
  /** What came is no XML stream. */
  | { readonly type: "broken"; readonly reason: string }
  /** The timer that was set last has run out. `silence`: milliseconds since the last byte came. */
  | { readonly type: "timer"; readonly silence: number };

export type StreamAction =
  | { readonly type: "connect" }
  | { readonly type: "disconnect" }
  | { readonly type: "send"; readonly xml: string }
  /** Sets the stream's one timer, in place of the one before; milliseconds. */
  | { readonly type: "timer"; readonly after: number }
  | { readonly type: "online" }
  /** The stream is down, or did not come up; the next attempt follows in `retryIn` milliseconds. */
  | { readonly type: "offline"; readonly problem: StreamProblem; readonly retryIn: number }
  | { readonly type: "deliver"; readonly stanza: Element }
  /** A stanza that came after the end was sent: it cannot be answered on this stream. */
  | { readonly type: "late"; readonly stanza: Element };

type Step = readonly [StreamState, readonly StreamAction[]];

export const CLOSE_STREAM = "</stream:stream>";

export const LOGIN_TIMEOUT = 10_000;
/** How often a stream that is online is looked at. */
export const WATCH_INTERVAL = 5_000;
/** After this much silence the server is pinged at each look. */
export const PING_AFTER = 10_000;
/** After this much silence the server counts as dead. */
export const DEAD_AFTER = 45_000;
/** How long the server may take to end its stream after ours. */
const CLOSE_TIMEOUT = 2_000;

/**
 * One step of the component's stream: from a state and an event to the next state and what to do. Pure but for
 * `random` (0 to below 1), which spreads the attempts of many components.
 *
 * It reconnects for ever. An event that does not fit the state changes nothing.
 * Source: XEP-0114 §3; the handshake is lowercase hex of SHA-1 over the UTF-8 of stream id and secret.
 */
export function step(
  state: StreamState,
  event: StreamEvent,
  settings: StreamSettings,
  random: () => number,
): Step {
  switch (event.type) {
    case "start":
      return state.at === "stopped"
        ? [{ at: "connecting", attempts: noAttempts }, connectActions]
        : [state, []];
    case "stop":
      return stop(state);
    case "connected":
      return state.at === "connecting"
        ? [{ at: "opening", attempts: state.attempts }, [{ type: "send", xml: openStream(settings.host) }]]
        : [state, []];
    case "opened":
      return state.at === "opening"
        ? authenticate(state.attempts, event.header, settings, random)
        : [state, []];
    case "stanza":
      return receive(state, event.stanza, settings, random);
    case "ended":
      return end(state, event.failure, settings, random);
    case "broken":
      if (state.at === "closing") return stopped;
      return isConnected(state) ? fail(state, invalidStream(settings, event.reason), random) : [state, []];
    case "timer":
      return runOut(state, event.silence, settings, random);
  }
}

const connectActions: readonly StreamAction[] = [
  { type: "connect" },
  { type: "timer", after: LOGIN_TIMEOUT },
];

function isConnected(state: StreamState): state is StreamState & { readonly attempts: Attempts } {
  return state.at === "opening" || state.at === "authenticating" || state.at === "online";
}

const stopped: Step = [{ at: "stopped" }, [{ type: "disconnect" }]];

function stop(state: StreamState): Step {
  if (state.at === "online") {
    const actions: StreamAction[] = [
      { type: "send", xml: CLOSE_STREAM },
      { type: "timer", after: CLOSE_TIMEOUT },
    ];
    return [{ at: "closing" }, actions];
  }
  if (state.at === "closing") return [state, []];
  if (state.at === "connecting") return stopped;
  const actions: StreamAction[] = [{ type: "send", xml: CLOSE_STREAM }, { type: "disconnect" }];
  return [{ at: "stopped" }, isConnected(state) ? actions : []];
}

/** The opening of a component's stream. Source: XEP-0114 §3. */
export function openStream(host: string): string {
  return `<?xml version='1.0'?><stream:stream xmlns='${NS_COMPONENT}' xmlns:stream='${NS_STREAMS}' to='${escapeXml(host)}'>`;
}

/** The handshake: lowercase hex of SHA-1 over the UTF-8 of stream id and secret. Source: XEP-0114 §3. */
export function handshake(streamId: string, secret: string): string {
  const digest = createHash("sha1")
    .update(streamId + secret, "utf8")
    .digest("hex");
  return `<handshake>${digest}</handshake>`;
}

function authenticate(
  attempts: Attempts,
  header: Element,
  settings: StreamSettings,
  random: () => number,
): Step {
  const state: StreamState = { at: "authenticating", attempts };
  if (header.name !== "stream" || header.ns !== NS_STREAMS) {
    return fail(state, invalidStream(settings, `it opened with <${header.name}>`), random);
  }
  const id = header.attrs.id;
  // COMPAT(Prosody 0.12): for an unknown host the id is empty and a stream error follows.
  if (!id) return [state, []];
  return [state, [{ type: "send", xml: handshake(id, settings.secret) }]];
}

function receive(state: StreamState, stanza: Element, settings: StreamSettings, random: () => number): Step {
  if (state.at === "closing") return [state, [{ type: "late", stanza }]];
  if (!isConnected(state)) return [state, []];
  if (stanza.name === "error" && stanza.ns === NS_STREAMS)
    return fail(state, fromStreamError(stanza, settings, state.at === "online"), random);
  if (state.at === "online") return [state, isPong(stanza) ? [] : [{ type: "deliver", stanza }]];
  if (state.at !== "authenticating" || stanza.name !== "handshake") return [state, []];
  return [
    { at: "online", attempts: state.attempts, looks: 0, quietLooks: 0 },
    [{ type: "online" }, { type: "timer", after: WATCH_INTERVAL }],
  ];
}

function end(
  state: StreamState,
  failure: ConnectionFailure | undefined,
  settings: StreamSettings,
  random: () => number,
): Step {
  if (state.at === "closing") return stopped;
  if (state.at === "stopped" || state.at === "pausing") return [state, []];
  const problem =
    state.at === "connecting"
      ? unreachable(settings, failure ?? { reason: "the connection was closed at once" })
      : closedByServer(settings, state.at === "online");
  return fail(state, problem, random);
}

function runOut(state: StreamState, silence: number, settings: StreamSettings, random: () => number): Step {
  switch (state.at) {
    case "stopped":
      return [state, []];
    case "closing":
      return stopped;
    case "pausing":
      return [{ at: "connecting", attempts: state.attempts }, connectActions];
    case "connecting":
    case "opening":
    case "authenticating":
      return fail(state, timedOut(settings, LOGIN_TIMEOUT / 1000), random);
    case "online":
      return watch(state, silence, settings, random);
  }
}

/**
 * Looks whether the server is alive. Any byte proves it.
 *
 * COMPAT(ejabberd 23.01): with several connections for one JID the answer to a ping arrives on any of them, by
 * chance. So each further look at a silent stream sends one ping more: of the 36 until the server counts as dead
 * all would have to go astray, which on four connections happens once in 30,000 times.
 */
function watch(
  state: StreamState & { readonly at: "online" },
  silence: number,
  settings: StreamSettings,
  random: () => number,
): Step {
  // Having been online for one look, the stream counts as good: the next attempt after a loss comes soon.
  const looks = state.looks + 1;
  const online = { ...state, attempts: afterOnline(state.attempts, looks * WATCH_INTERVAL), looks };
  if (silence >= DEAD_AFTER) return fail(online, frozen(settings, Math.round(silence / 1000)), random);
  const again: StreamAction = { type: "timer", after: WATCH_INTERVAL };
  if (silence < PING_AFTER) return [{ ...online, quietLooks: 0 }, [again]];
  const quietLooks = state.quietLooks + 1;
  const pings = Array.from({ length: quietLooks }, (_, index) =>
    ping(`${PING_ID}${quietLooks}-${index + 1}`, settings),
  );
  return [{ ...online, quietLooks }, [{ type: "send", xml: pings.join("") }, again]];
}

/** How the ids of this stream's pings begin. */
const PING_ID = "ping-";

/** Whether a stanza answers a ping of this component, or of another one with its JID: it has proved life already. */
function isPong({ name, attrs: { type, id } }: Element): boolean {
  return name === "iq" && (type === "result" || type === "error") && id?.startsWith(PING_ID) === true;
}

function ping(id: string, { host, domain }: StreamSettings): string {
  const iq = element("iq", NS_COMPONENT, { type: "get", id, from: host, to: domain }, [
    element("ping", NS_PING),
  ]);
  return serialize(iq, NS_COMPONENT);
}

function fail(state: StreamState, problem: StreamProblem, random: () => number): Step {
  const attempts = "attempts" in state ? state.attempts : noAttempts;
  const retryIn = pauseAfter(problem.kind, attempts, random);
  return [
    { at: "pausing", attempts: afterProblem(attempts, problem.kind) },
    [{ type: "disconnect" }, { type: "offline", problem, retryIn }, { type: "timer", after: retryIn }],
  ];
}
