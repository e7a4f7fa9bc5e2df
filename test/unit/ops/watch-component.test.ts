import { beforeEach, describe, expect, test } from "bun:test";
import type { Watchers } from "../../../src/ops/events.ts";
import { createLog } from "../../../src/ops/log.ts";
import { Metrics } from "../../../src/ops/metrics.ts";
import { watchComponent } from "../../../src/ops/watch-component.ts";
import type { StreamProblem } from "../../../src/xmpp/stream-problem.ts";
import { element } from "../../../src/xmpp/xml/xml.ts";

const served = { domain: "example.org", host: "upload.example.org" };
const unreachable: StreamProblem = { kind: "unreachable", text: "Cannot connect." };
const refused: StreamProblem = { kind: "refused", text: "It refused.", serverText: "not today" };
const minute = 60_000;

let lines: Record<string, unknown>[];
let clock: number;
let metrics: Metrics;
let watchers: Watchers;

function start(level: "debug" | "info"): void {
  const log = createLog({ level, format: "json" }, (line) => lines.push(JSON.parse(line)));
  watchers = { log: log.logger, metrics, monotonic: () => clock, reference: () => "ref1" };
}

beforeEach(() => {
  lines = [];
  clock = 0;
  metrics = new Metrics();
  start("info");
});

async function series(start: string): Promise<number> {
  const { text } = await metrics.text();
  const line = text.split("\n").find((each) => each.startsWith(`${start} `));
  return Number(line?.slice(start.length + 1));
}

const messages = () => lines.map(({ level, msg }) => `${level}: ${msg}`);

describe("a component that stays away", () => {
  test("is told once, and again every ten minutes with how long and the last reason", async () => {
    const events = watchComponent(watchers, served);
    for (; clock < 65 * minute; clock += 30_000) events.offline(unreachable, 500);
    expect(messages()).toEqual([
      "warn: Cannot connect. Trying again in 0.5 s.",
      ...["10 min", "20 min", "30 min", "40 min", "50 min", "60 min"].map(
        (time) =>
          `warn: Not connected to the XMPP server for ${time}. Cannot connect. Trying again in 0.5 s.`,
      ),
    ]);
    expect(await series('slotd_component_problems_total{domain="example.org",problem="unreachable"}')).toBe(
      130,
    );
  });

  test("is told of each new reason once, however often they alternate, with the server's own text", () => {
    const events = watchComponent(watchers, served);
    for (; clock < 9 * minute; clock += 1_000) events.offline(clock % 2_000 ? refused : unreachable, 500);
    expect(lines).toMatchObject([
      { problem: "unreachable" },
      { problem: "refused", server_text: "not today" },
    ]);
  });

  test("is not reminded of at warn level while it stands by", () => {
    const events = watchComponent(watchers, served);
    for (; clock <= 10 * minute; clock += 4_000) events.offline({ kind: "conflict", text: "Taken." }, 500);
    expect(lines.map(({ level }) => level)).toEqual(["info", "info"]);
  });

  test("says how long it was away when it is back, and its next problem is news", async () => {
    const events = watchComponent(watchers, served);
    events.online();
    events.offline(unreachable, 500);
    clock = 185 * minute;
    events.online();
    events.offline(unreachable, 500);
    expect(messages()).toEqual([
      "info: Connected to the XMPP server; ready to issue slots.",
      "warn: Cannot connect. Trying again in 0.5 s.",
      "info: Connected to the XMPP server; ready to issue slots. It was not connected for 3 h 5 min.",
      "warn: Cannot connect. Trying again in 0.5 s.",
    ]);
    expect(await series('slotd_component_connects_total{domain="example.org"}')).toBe(2);
  });
});

describe("a stanza", () => {
  test("that failed tells the reference of the line", () => {
    expect(watchComponent(watchers, served).failed(new Error("x"))).toEndWith("Reference: ref1.");
    expect(lines).toMatchObject([{ level: "error", ref: "ref1", err: { message: "x" } }]);
  });

  test("that is passed over is counted, and has a line at debug level with what is a stranger's cleaned", async () => {
    const stanza = element("message", "jabber:client", {
      from: `a@b/\u202E${"x".repeat(999)}`,
      type: "chat",
    });
    watchComponent(watchers, served).ignored(stanza, "message");
    expect(lines).toEqual([]);
    start("debug");
    watchComponent(watchers, served).ignored(stanza, "message");
    expect(lines).toMatchObject([
      { level: "debug", host: served.host, reason: "message", stanza: "message", ns: "jabber:client" },
    ]);
    expect(String(lines[0]?.from)).toStartWith("a@b/\\u{202E}xxx");
    expect(String(lines[0]?.from).length).toBeLessThan(220);
    expect(await series('slotd_stanzas_ignored_total{domain="example.org",reason="message"}')).toBe(2);
    expect(await series('slotd_stanzas_ignored_total{domain="example.org",reason="unknown"}')).toBe(0);
  });
});
