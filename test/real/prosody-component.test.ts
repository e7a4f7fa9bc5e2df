import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { waitUntil } from "../peers/process.ts";
import { startProsody } from "../peers/servers/prosody.ts";
import type { XmppServer } from "../peers/servers/xmpp-server.ts";
import type { Slotd } from "../peers/slotd.ts";
import {
  askForSlot,
  host,
  type ProblemLine,
  problems,
  secret,
  startComponent,
} from "./component-under-test.ts";

let prosody: XmppServer;
beforeAll(async () => {
  prosody = await startProsody({ components: { [host]: secret } });
}, 30_000);
afterAll(() => prosody.stop());

describe("slotd says in one line what is wrong, and what to do, when Prosody", () => {
  test.each([
    ["refuses its secret", { secret: "wrong" }, "wrong-secret", "xmpp.secret"],
    [
      "does not know its host",
      { host: "nobody.example.test" },
      "unknown-host",
      "Add it to the server's configuration",
    ],
  ])(
    "%s",
    async (_, options, problem, advice) => {
      const slotd = await startComponent(prosody.componentPort, { ...options, components: 0 });
      await waitUntil("the line", () => problems(slotd).length > 0);
      // Long enough for the next attempts, which say it no more.
      await new Promise((resolve) => setTimeout(resolve, 2_500));
      expect(problems(slotd)).toHaveLength(1);
      expect(problems(slotd)[0]).toMatchObject({ level: "warn", problem });
      expect(problems(slotd)[0]?.msg).toContain(advice);
      await slotd.stop();
    },
    30_000,
  );

  test("is not there", async () => {
    const slotd = await startComponent(9, { components: 0 });
    await waitUntil("the line", () => problems(slotd).length > 0);
    expect(problems(slotd)[0]?.msg).toMatch(
      /^Cannot connect to the component port 127\.0\.0\.1:9: .*Start the XMPP server.*loads at a restart and not at a reload/,
    );
    await slotd.stop();
  });

  test("takes clients and not components there", async () => {
    const slotd = await startComponent(prosody.c2sPort, { components: 0 });
    await waitUntil("the line", () => problems(slotd).length > 0);
    expect(problems(slotd)[0]?.msg).toContain("check that 127.0.0.1");
    await slotd.stop();
  });
});

test("a Component that is added to Prosody is not there after a reload, and slotd says so; after a restart it is", async () => {
  const late = "late.example.test";
  const server = await startProsody({ components: { [host]: secret } });
  const slotd = await startComponent(server.componentPort, {
    ...{ host: late, components: 0, env: { SLOTD_LOG_LEVEL: "debug" } },
  });
  try {
    const lines = `Component "${late}"\n  component_secret = "${secret}"\n`;
    appendFileSync(join(server.folder, "prosody.cfg.lua"), lines);
    // Prosody takes connections before it takes signals.
    const reload = setInterval(() => process.kill(server.pid, "SIGHUP"), 1_000);
    const isReloaded = () => server.log().includes("Reloading configuration file");
    await waitUntil("the reload", isReloaded).finally(() => clearInterval(reload));
    await waitUntil("the line", () => problems(slotd).length > 0);
    expect(problems(slotd)[0]).toMatchObject({ problem: "unknown-host" });
    expect(problems(slotd)[0]?.msg).toContain("Prosody loads it at a restart, not at a reload");
    // Further attempts are told at debug level only.
    const attempts = () => slotd.process.log().split("Trying again in").length;
    const before = attempts();
    await waitUntil("two more attempts", () => attempts() > before + 1);
    expect(slotd.timesOnline()).toBe(0);
    await server.restart();
    await waitUntil("slotd to be connected", () => slotd.timesOnline() > 0, 40_000);
  } finally {
    await slotd.stop();
    await server.stop();
  }
}, 90_000);

describe("two slotd on one Prosody", () => {
  test("one serves, the other stands by and takes over within 10 s of its death", async () => {
    const first = await startComponent(prosody.componentPort);
    const second = await startComponent(prosody.componentPort, { components: 0 });
    await waitUntil("the standby to say so", () =>
      problems(second).some((entry) => entry.problem === "conflict"),
    );
    expect(problems(second)[0]?.msg).toContain("on standby until");
    expect(await askForSlot(prosody)).toBeDefined();

    await first.process.kill9();
    const died = performance.now();
    await waitUntil("the standby to serve", () => second.timesOnline() > 0, 10_000);
    expect(await askForSlot(prosody)).toBeDefined();
    expect(performance.now() - died).toBeLessThan(10_000);
    await first.stop();
    await second.stop();
  }, 60_000);
});

describe("two slotd on a Prosody that disconnects the first for the second", () => {
  test("say so, and change places ever less often", async () => {
    const extra = ['component_conflict_resolve = "kick_old"'];
    const kicking = await startProsody({ components: { [host]: secret }, extra });
    const both = [await startComponent(kicking.componentPort), await startComponent(kicking.componentPort)];
    try {
      const told = (slotd: Slotd) => problems(slotd).filter(({ problem }) => problem === "replaced");
      const pause = (line: ProblemLine | undefined) =>
        Number(/Trying again in ([\d.]+) s/.exec(line?.msg ?? "")?.[1]);
      await waitUntil("two changes each", () => both.every((slotd) => told(slotd).length >= 2), 40_000);
      for (const slotd of both) {
        const [first, second] = told(slotd);
        expect(first).toMatchObject({ level: "warn", server_text: "Replaced by a new connection" });
        expect(pause(first)).toBeWithin(2, 4.01);
        expect(pause(second)).toBeWithin(4, 8.01);
      }
      expect(await askForSlot(kicking)).toBeDefined();
    } finally {
      for (const slotd of both) await slotd.stop();
      await kicking.stop();
    }
  }, 90_000);
});

describe("a Prosody that is frozen", () => {
  test("is noticed within 60 s, and slots are answered again when it goes on", async () => {
    const slotd = await startComponent(prosody.componentPort);
    prosody.freeze();
    const frozen = performance.now();
    await waitUntil(
      "slotd to notice",
      () => problems(slotd).some((entry) => entry.problem === "frozen"),
      60_000,
    );
    expect(performance.now() - frozen).toBeLessThan(60_000);
    prosody.thaw();
    const thawed = performance.now();
    await waitUntil("slotd to be back", () => slotd.timesOnline() > 1, 35_000);
    expect(await askForSlot(prosody)).toBeDefined();
    expect(performance.now() - thawed).toBeLessThan(35_000);
    await slotd.stop();
  }, 120_000);

  test("is not suspected while it is only quiet", async () => {
    const slotd = await startComponent(prosody.componentPort);
    await new Promise((resolve) => setTimeout(resolve, 22_000));
    expect(problems(slotd)).toEqual([]);
    expect(slotd.timesOnline()).toBe(1);
    await slotd.stop();
  }, 60_000);
});

test("slotd closes its stream and ends with 0 on SIGTERM", async () => {
  const slotd = await startComponent(prosody.componentPort);
  slotd.process.signal("SIGTERM");
  expect(await slotd.process.ended).toBe(0);
  await waitUntil("Prosody to see it", () => prosody.log().includes("disconnected"), 5_000);
  await slotd.stop();
});
