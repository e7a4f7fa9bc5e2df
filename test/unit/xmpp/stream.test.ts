import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import {
  DEAD_AFTER,
  PING_AFTER,
  type StreamAction,
  type StreamEvent,
  type StreamState,
  step,
  WATCH_INTERVAL,
} from "../../../src/xmpp/stream.ts";
import { KEPT_AFTER, noAttempts } from "../../../src/xmpp/stream-attempts.ts";
import { StreamParser } from "../../../src/xmpp/stream-parser.ts";
import { element } from "../../../src/xmpp/xml/xml.ts";

const NS = "jabber:component:accept";
const NS_STREAMS = "http://etherx.jabber.org/streams";
const settings = {
  host: "upload.example.net",
  domain: "example.net",
  address: "127.0.0.1:5347",
  secret: "s3crèt",
};

const failed = (failures: number) => ({ failures, replaced: 0 });

/** Runs the machine on the bytes of a server; gives the bytes it sent and how it ended. */
function converse(server: readonly string[]) {
  let state: StreamState = { at: "stopped" };
  let sent = "";
  let problem: string | undefined;
  let wentOnline = false;
  const delivered: string[] = [];
  const happen = (event: StreamEvent): void => {
    const [next, actions] = step(state, event, settings, () => 0.5);
    state = next;
    for (const action of actions) {
      if (action.type === "send") sent += action.xml;
      if (action.type === "offline") problem = action.problem.kind;
      if (action.type === "online") wentOnline = true;
      if (action.type === "deliver") delivered.push(action.stanza.name);
    }
  };
  const parser = new StreamParser({
    opened: (header) => happen({ type: "opened", header }),
    stanza: (stanza) => happen({ type: "stanza", stanza }),
    oversized: () => {},
    closed: () => happen({ type: "ended" }),
    broken: (reason) => happen({ type: "broken", reason }),
  });
  happen({ type: "start" });
  happen({ type: "connected" });
  for (const bytes of server) parser.write(new TextEncoder().encode(bytes));
  return { sent, problem, wentOnline, delivered, at: state.at };
}

const opening = `<?xml version='1.0'?><stream:stream xmlns='${NS}' xmlns:stream='${NS_STREAMS}' to='upload.example.net'>`;
const header = (id: string) =>
  `<?xml version='1.0'?><stream:stream xmlns:stream='${NS_STREAMS}' xmlns='${NS}' from='upload.example.net' id='${id}'>`;
const digest = (id: string) =>
  createHash("sha1")
    .update(Buffer.from(`${id}s3crèt`, "utf8"))
    .digest("hex");
const handshake = (id: string) => `<handshake>${digest(id)}</handshake>`;
const streamError = (condition: string) =>
  `<stream:error><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/><text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>conflict</text></stream:error></stream:stream>`;

describe("the component's stream, as bytes of the server and of the component", () => {
  test.each([
    [
      "logs in with the hash of a secret that is not ASCII",
      [header("abc"), "<handshake/>"],
      opening + handshake("abc"),
      undefined,
    ],
    [
      "takes the id as XML, not as bytes",
      [header("a&amp;b"), "<handshake/>"],
      opening + handshake("a&b"),
      undefined,
    ],
    [
      "reads bytes cut anywhere",
      [...header("abc"), ..."<handshake/>"],
      opening + handshake("abc"),
      undefined,
    ],
    [
      "answers no stanza before the handshake",
      [header("abc"), "<iq type='get'/>"],
      opening + handshake("abc"),
      undefined,
    ],
    [
      "ejabberd: a wrong secret or an unknown host",
      [header("4711"), streamError("not-authorized")],
      opening + handshake("4711"),
      "wrong-secret",
    ],
    [
      "Prosody: an unknown host, told in reply to the header",
      [header(""), streamError("host-unknown")],
      opening,
      "unknown-host",
    ],
    [
      "Prosody: a second connection",
      [header("x"), streamError("conflict")],
      opening + handshake("x"),
      "conflict",
    ],
    [
      "another stream error",
      [header("x"), streamError("policy-violation")],
      opening + handshake("x"),
      "refused",
    ],
    [
      "a stream closed during the login",
      [header("x"), "</stream:stream>"],
      opening + handshake("x"),
      "refused",
    ],
    ["a server that is no XMPP server", ["HTTP/1.1 400 Bad Request\r\n\r\n"], opening, "invalid-stream"],
    ["a root that is no stream", ["<html><body/>"], opening, "invalid-stream"],
    [
      "a connection that takes the name over while online",
      [header("x"), "<handshake/>", streamError("conflict")],
      opening + handshake("x"),
      "replaced",
    ],
    [
      "the end while online",
      [header("x"), "<handshake/>", "</stream:stream>"],
      opening + handshake("x"),
      "closed",
    ],
    [
      "bad XML while online",
      [header("x"), "<handshake/>", "<iq></x>"],
      opening + handshake("x"),
      "invalid-stream",
    ],
  ])("%s", (_, server, sent, problem) => {
    const outcome = converse(server);
    expect(outcome.sent).toBe(sent);
    expect(outcome.problem).toBe(problem);
    expect<string>(outcome.at).toBe(
      problem ? "pausing" : server.join("").includes("<handshake/>") ? "online" : "authenticating",
    );
  });

  test("delivers stanzas once it is online, and none before", () => {
    const outcome = converse([header("x"), "<presence/>", "<handshake/>", "<iq/>", " ", "<message/>"]);
    expect(outcome.wentOnline).toBe(true);
    expect(outcome.delivered).toEqual(["iq", "message"]);
  });
});

describe("the handshake", () => {
  test("is the known answer of the specification, in lowercase", () => {
    const [, actions] = step(
      { at: "opening", attempts: noAttempts },
      { type: "opened", header: element("stream", NS_STREAMS, { id: "3BF96D32" }) },
      { ...settings, secret: "test" },
      () => 0,
    );
    const expected = createHash("sha1").update("3BF96D32test").digest("hex").toLowerCase();
    expect(actions).toEqual([{ type: "send", xml: `<handshake>${expected}</handshake>` }]);
  });
});

describe("attempts", () => {
  const refuse = (failures: number, random: number): number => {
    const [, actions] = step(
      { at: "connecting", attempts: failed(failures) },
      { type: "ended", failure: { reason: "ECONNREFUSED" } },
      settings,
      () => random,
    );
    const timer = actions.find(
      (action): action is StreamAction & { type: "timer" } => action.type === "timer",
    );
    return timer?.after ?? Number.NaN;
  };

  test("are spaced twice as far each time, up to 30 s, with a random half", () => {
    expect([0, 1, 2, 3, 4, 5, 6, 7, 50].map((failures) => refuse(failures, 0.999_999))).toEqual([
      500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000,
    ]);
    expect([0, 6, 1_000].map((failures) => refuse(failures, 0))).toEqual([250, 15_000, 15_000]);
  });

  test("never end", () => {
    let state: StreamState = { at: "connecting", attempts: noAttempts };
    for (let attempt = 0; attempt < 5_000; attempt += 1) {
      [state] = step(state, { type: "ended", failure: { reason: "ECONNREFUSED" } }, settings, Math.random);
      expect(state.at).toBe("pausing");
      [state] = step(state, { type: "timer", silence: 0 }, settings, Math.random);
      expect(state.at).toBe("connecting");
    }
  });

  test("of a standby come every few seconds, however long it waits", () => {
    const [, actions] = step(
      { at: "authenticating", attempts: failed(40) },
      { type: "stanza", stanza: conflict },
      settings,
      () => 0.999,
    );
    expect(actions.find((action) => action.type === "offline")).toMatchObject({
      problem: { kind: "conflict" },
      retryIn: 3_998,
    });
  });

  const conflict = element("error", NS_STREAMS, {}, [
    element("conflict", "urn:ietf:params:xml:ns:xmpp-streams"),
  ]);

  /** Two components of one name on a server that disconnects the older: how often they change places in `time`. */
  const changesOfPlace = (time: number): number => {
    const states: StreamState[] = [0, 1].map(() => ({
      at: "online",
      attempts: noAttempts,
      looks: 0,
      quietLooks: 0,
    }));
    /** When the one that is away logs in, and how many looks at the server the other one has had since its login. */
    let [clock, changes, away] = [0, 0, 0];
    while (clock < time) {
      const [out, actions] = step(
        states[away] as StreamState,
        { type: "stanza", stanza: conflict },
        settings,
        Math.random,
      );
      const pause = actions.find((action) => action.type === "offline")?.retryIn ?? Number.NaN;
      clock += pause;
      changes += 1;
      states[away] = {
        at: "online",
        attempts: "attempts" in out ? out.attempts : noAttempts,
        looks: 0,
        quietLooks: 0,
      };
      away = 1 - away;
      for (let looked = WATCH_INTERVAL; looked <= pause; looked += WATCH_INTERVAL)
        [states[away]] = step(
          states[away] as StreamState,
          { type: "timer", silence: 0 },
          settings,
          Math.random,
        );
    }
    return changes;
  };

  test("of two that take the name from each other come less and less often, down to one in some minutes", () => {
    const firstHour = changesOfPlace(3_600_000);
    const tenHours = changesOfPlace(36_000_000);
    expect(firstHour).toBeLessThan(40);
    expect((tenHours - firstHour) / 9).toBeLessThan(25);
  });

  test("of one that was replaced come soon again once it has kept its place for long", () => {
    let state: StreamState = {
      at: "online",
      attempts: { failures: 0, replaced: 9 },
      looks: 0,
      quietLooks: 0,
    };
    const retryIn = () =>
      step(state, { type: "stanza", stanza: conflict }, settings, () => 0.999_999)[1].find(
        (action) => action.type === "offline",
      )?.retryIn;
    expect(retryIn()).toBe(300_000);
    for (let looked = 0; looked < KEPT_AFTER; looked += WATCH_INTERVAL)
      [state] = step(state, { type: "timer", silence: 0 }, settings, Math.random);
    expect(retryIn()).toBe(4_000);
  });

  test("begin anew soon after a stream that was good", () => {
    const [good] = step(
      { at: "online", attempts: failed(9), looks: 0, quietLooks: 0 },
      { type: "timer", silence: 0 },
      settings,
      () => 0,
    );
    const [next, actions] = step(good, { type: "ended" }, settings, () => 0);
    expect(next).toEqual({ at: "pausing", attempts: failed(1) });
    expect(actions).toContainEqual({ type: "timer", after: 250 });
  });

  test("stay spaced when the server throws each stream out at once", () => {
    const [next] = step(
      { at: "online", attempts: failed(5), looks: 0, quietLooks: 0 },
      { type: "ended" },
      settings,
      () => 0,
    );
    expect(next).toEqual({ at: "pausing", attempts: failed(6) });
  });

  test("give up a login that is not answered", () => {
    for (const at of ["connecting", "opening", "authenticating"] as const) {
      const [next, actions] = step(
        { at, attempts: noAttempts },
        { type: "timer", silence: 0 },
        settings,
        () => 0,
      );
      expect(next.at).toBe("pausing");
      expect(actions.map((action) => action.type)).toEqual(["disconnect", "offline", "timer"]);
    }
  });
});

describe("a server that is online", () => {
  const online: StreamState = { at: "online", attempts: noAttempts, looks: 0, quietLooks: 0 };

  test("is left alone while it talks", () => {
    const [next, actions] = step(online, { type: "timer", silence: PING_AFTER - 1 }, settings, () => 0);
    expect(next).toEqual({ ...online, looks: 1 });
    expect(actions).toEqual([{ type: "timer", after: WATCH_INTERVAL }]);
  });

  test("is pinged, with from and to, when it is silent, and once more at each further look", () => {
    const ping = (id: string) =>
      `<iq type='get' id='${id}' from='upload.example.net' to='example.net'><ping xmlns='urn:xmpp:ping'/></iq>`;
    const [first, actions] = step(online, { type: "timer", silence: PING_AFTER }, settings, () => 0);
    expect(actions).toEqual([
      { type: "send", xml: ping("ping-1-1") },
      { type: "timer", after: WATCH_INTERVAL },
    ]);
    const [second, more] = step(first, { type: "timer", silence: 2 * PING_AFTER }, settings, () => 0);
    expect(more[0]).toEqual({ type: "send", xml: ping("ping-2-1") + ping("ping-2-2") });
    const [heard] = step(second, { type: "timer", silence: 0 }, settings, () => 0);
    expect(heard).toEqual({ ...online, looks: 3 });
  });

  test("is noticed to be frozen within 60 s", () => {
    let state: StreamState = online;
    let silence = 0;
    while (state.at === "online" && silence < 120_000) {
      silence += WATCH_INTERVAL;
      [state] = step(state, { type: "timer", silence }, settings, () => 0);
    }
    expect(silence).toBe(DEAD_AFTER);
    expect(silence).toBeLessThan(60_000);
  });
});

describe("a stop", () => {
  test.each([
    ["opening", "</stream:stream>"],
    ["authenticating", "</stream:stream>"],
    ["connecting", ""],
    ["pausing", ""],
    ["stopped", ""],
  ] as const)("while %s closes what is open and ends all attempts", (at, sent) => {
    const [next, actions] = step({ at, attempts: noAttempts }, { type: "stop" }, settings, () => 0);
    expect(next).toEqual({ at: "stopped" });
    expect(actions.map((action) => (action.type === "send" ? action.xml : "")).join("")).toBe(sent);
    for (const event of [{ type: "ended" }, { type: "timer", silence: 0 }, { type: "connected" }] as const) {
      expect(step(next, event, settings, () => 0)).toEqual([{ at: "stopped" }, []]);
    }
  });

  test("while online sends the end, and waits for that of the server with whatever comes before it", () => {
    const [closing, actions] = step(
      { at: "online", attempts: noAttempts, looks: 0, quietLooks: 0 },
      { type: "stop" },
      settings,
      () => 0,
    );
    expect(closing).toEqual({ at: "closing" });
    expect(actions[0]).toEqual({ type: "send", xml: "</stream:stream>" });
    const stanza = element("iq", NS, { type: "get" });
    expect(step(closing, { type: "stanza", stanza }, settings, () => 0)).toEqual([
      { at: "closing" },
      [{ type: "late", stanza }],
    ]);
    for (const event of [
      { type: "ended" },
      { type: "timer", silence: 0 },
      { type: "broken", reason: "" },
    ] as const) {
      expect(step(closing, event, settings, () => 0)).toEqual([{ at: "stopped" }, [{ type: "disconnect" }]]);
    }
  });
});
