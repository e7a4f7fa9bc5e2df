import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { waitUntil } from "../peers/process.ts";
import { startEjabberd } from "../peers/servers/ejabberd.ts";
import type { XmppServer } from "../peers/servers/xmpp-server.ts";
import { askForSlot, host, problems, secret, startComponent } from "./component-under-test.ts";

describe("slotd on ejabberd", () => {
  let ejabberd: XmppServer;
  beforeAll(async () => {
    ejabberd = await startEjabberd({ components: { [host]: secret } });
  }, 60_000);
  afterAll(() => ejabberd.stop());

  test.each([
    ["its secret is wrong", { secret: "wrong" }],
    ["its host is unknown", { host: "nobody.example.test" }],
  ])("says in one line that %s, and what to do", async (_, options) => {
    const slotd = await startComponent(ejabberd.componentPort, { ...options, components: 0 });
    await waitUntil("the line", () => problems(slotd).length > 0);
    expect(problems(slotd)[0]).toMatchObject({ level: "warn", problem: "wrong-secret" });
    expect(problems(slotd)[0]?.msg).toContain("on ejabberd also check");
    await slotd.stop();
  });

  test("may be two: both serve the same JID, and stay connected through silence", async () => {
    const both = [await startComponent(ejabberd.componentPort), await startComponent(ejabberd.componentPort)];
    const ports = new Set<string>();
    for (let i = 0; i < 40 && ports.size < 2; i += 1)
      ports.add(new URL((await askForSlot(ejabberd)) ?? "").port);
    expect(ports.size).toBe(2);
    // Answers to the pings of one may arrive at the other: neither may think that the server is dead.
    await new Promise((resolve) => setTimeout(resolve, 60_000));
    for (const slotd of both) {
      expect(problems(slotd)).toEqual([]);
      await slotd.stop();
    }
  }, 120_000);
});

describe("slotd on ejabberd's component port with TLS", () => {
  let ejabberd: XmppServer;
  beforeAll(async () => {
    ejabberd = await startEjabberd({ components: { [host]: secret }, componentTls: true });
  }, 60_000);
  afterAll(() => ejabberd.stop());

  test("connects when it trusts the certificate", async () => {
    const slotd = await startComponent(ejabberd.componentPort, {
      xmpp: `tls = true\ntls_ca = "${ejabberd.ca}"\n`,
    });
    expect(await askForSlot(ejabberd)).toBeDefined();
    await slotd.stop();
  });

  test("does not connect when it does not trust the certificate, and says why", async () => {
    const slotd = await startComponent(ejabberd.componentPort, { xmpp: "tls = true\n", components: 0 });
    await waitUntil("the line", () => problems(slotd).length > 0);
    expect(problems(slotd)[0]?.problem).toBe("unreachable");
    expect(problems(slotd)[0]?.msg).toContain("set xmpp.tls_ca to the PEM file");
    await slotd.stop();
  });

  test("says so when xmpp.tls is missing", async () => {
    const slotd = await startComponent(ejabberd.componentPort, { components: 0 });
    await waitUntil("the line", () => problems(slotd).length > 0, 20_000);
    expect(problems(slotd)[0]?.msg).toContain("xmpp.tls");
    await slotd.stop();
  }, 30_000);
});
