import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { xmppClient } from "../peers/clients/xmpp-client.ts";
import { waitUntil } from "../peers/process.ts";
import { type Jabberd2, startJabberd2 } from "../peers/servers/jabberd2.ts";
import { askForSlot, host, problems, secret, startComponent, withSlots } from "./component-under-test.ts";

let jabberd2: Jabberd2;
beforeAll(async () => {
  jabberd2 = await startJabberd2({ components: { [host]: secret } });
}, 30_000);
afterAll(() => jabberd2.stop());

describe("slotd says in one line what is wrong, and what to do, when jabberd2", () => {
  test("refuses its secret", async () => {
    const slotd = await startComponent(jabberd2.componentPort, { secret: "wrong", components: 0 });
    await waitUntil("the line", () => problems(slotd).length > 0);
    expect(problems(slotd)[0]).toMatchObject({ level: "warn", problem: "wrong-secret" });
    expect(problems(slotd)[0]?.msg).toContain("xmpp.secret");
    await slotd.stop();
  });

  test("takes no components, with the server's own words", async () => {
    const closed = await startJabberd2({ components: { [host]: secret }, letsComponentsIn: false });
    try {
      const slotd = await startComponent(closed.componentPort, { components: 0 });
      await waitUntil("the line", () => problems(slotd).length > 0);
      expect(problems(slotd)[0]).toMatchObject({
        problem: "refused",
        server_text: "support for legacy components not available",
      });
      expect(problems(slotd)[0]?.msg).toContain("<secret> under <local> in router.xml");
      await slotd.stop();
    } finally {
      await closed.stop();
    }
  }, 30_000);
});

describe("slotd on jabberd2 answers slots again", () => {
  test("after a restart of the server", async () => {
    const slotd = await startComponent(jabberd2.componentPort);
    await jabberd2.restart();
    await waitUntil("slotd to be back", () => slotd.timesOnline() > 1, 35_000);
    expect(await askForSlot(jabberd2)).toBeDefined();
    await slotd.stop();
  }, 60_000);

  test("after kill -9 of the router alone", async () => {
    const slotd = await startComponent(jabberd2.componentPort);
    const router = jabberd2.routerPid();
    process.kill(router, "SIGKILL");
    await waitUntil("slotd to notice", () => problems(slotd).length > 0, 10_000);
    expect(problems(slotd)[0]?.problem).toBe("closed");
    await waitUntil("slotd to be back", () => slotd.timesOnline() > 1, 35_000);
    expect(jabberd2.routerPid()).not.toBe(router);
    await waitUntil("a slot", async () => (await askForSlot(jabberd2).catch(() => undefined)) !== undefined);
    await slotd.stop();
  }, 90_000);

  test("after it was frozen, which is noticed within 60 s", async () => {
    const slotd = await startComponent(jabberd2.componentPort);
    jabberd2.freeze();
    const frozen = performance.now();
    try {
      await waitUntil("slotd to notice", () => problems(slotd).some((p) => p.problem === "frozen"), 60_000);
      expect(performance.now() - frozen).toBeLessThan(60_000);
    } finally {
      jabberd2.thaw();
    }
    await waitUntil("slotd to be back", () => slotd.timesOnline() > 1, 35_000);
    await waitUntil("a slot", async () => (await askForSlot(jabberd2).catch(() => undefined)) !== undefined);
    await slotd.stop();
  }, 150_000);
});

describe("two slotd on one jabberd2", () => {
  // The parts of a jabberd2 that was frozen, or has just started, find each other after some time.
  beforeAll(async () => {
    await jabberd2.restart();
    const slotd = await startComponent(jabberd2.componentPort);
    await waitUntil("a slot", async () => (await askForSlot(jabberd2).catch(() => undefined)) !== undefined);
    await slotd.stop();
  }, 60_000);

  test("both stay connected; one has all requests, and the other has them when it ends", async () => {
    const first = await startComponent(jabberd2.componentPort);
    const second = await startComponent(jabberd2.componentPort);
    try {
      // jabberd2 refuses some of many logins that follow each other at once.
      await withSlots(jabberd2, async (ask) => {
        const portOf = async () => new URL((await ask()) ?? "").port;
        const ports = new Set<string>();
        for (let i = 0; i < 10; i += 1) ports.add(await portOf());
        expect(ports.size).toBe(1);
        await second.stop();
        const [port] = ports;
        expect(await portOf()).not.toBe(port ?? "");
      });
      expect(problems(first)).toEqual([]);
      expect(first.timesOnline()).toBe(1);
    } finally {
      await second.stop();
      await first.stop();
    }
  }, 60_000);
});

test("a stanza that is ignored leaves a line at debug level and a count", async () => {
  const slotd = await startComponent(jabberd2.componentPort, { env: { SLOTD_LOG_LEVEL: "debug" } });
  const alice = await xmppClient({
    ...{ port: jabberd2.c2sPort, domain: "example.test", user: "alice", password: "pw-alice" },
  });
  await alice.send(`<message to="${host}" type="chat"><body>hello</body></message>`);
  await waitUntil("the line", () => slotd.process.log().includes("Ignored a stanza."));
  const line =
    slotd.process
      .log()
      .split("\n")
      .find((each) => each.includes("Ignored a stanza.")) ?? "";
  expect(JSON.parse(line)).toMatchObject({ host, reason: "message", stanza: "message", ns: "jabber:client" });
  expect(line).toContain("alice@example.test");
  expect(line).not.toContain("hello");
  await alice.close();
  await slotd.stop();
});
