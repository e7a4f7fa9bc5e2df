import { afterEach, describe, expect, test } from "bun:test";
import { childElements, element } from "../../src/xmpp/xml/xml.ts";
import { freePorts } from "../peers/ports.ts";
import { waitUntil } from "../peers/process.ts";
import { type Mongooseim, type MongooseimOptions, startMongooseim } from "../peers/servers/mongooseim.ts";
import { type Slotd, startSlotd } from "../peers/slotd.ts";
import { host, problems, secret, startComponent } from "./component-under-test.ts";

// MongooseIM itself is in no package here: these run against a peer that behaves as it was seen to.

const NS_UPLOAD = "urn:xmpp:http:upload:0";
const NS_DISCO_INFO = "http://jabber.org/protocol/disco#info";

let server: Mongooseim;
const running: Slotd[] = [];

async function start(options: Omit<MongooseimOptions, "secret"> = {}): Promise<void> {
  server = await startMongooseim({ secret, ...options });
}

afterEach(async () => {
  for (const slotd of running.splice(0)) await slotd.stop();
  await server.stop();
});

async function join(components = 1): Promise<Slotd> {
  const slotd = await startComponent(server.componentPort, { components });
  running.push(slotd);
  return slotd;
}

const slotRequest = element("request", NS_UPLOAD, { filename: "a.txt", size: "5" });

/** Uploads as clients do it: the first service of those listed that announces itself is asked for a slot. */
async function slotFor(jid: string): Promise<string> {
  for (const item of server.discoItems()) {
    const info = childElements(await server.request(jid, item, element("query", NS_DISCO_INFO)))[0];
    const features = info === undefined ? [] : childElements(info).filter(({ name }) => name === "feature");
    if (!features.some(({ attrs }) => attrs.var === NS_UPLOAD)) continue;
    const reply = await server.request(jid, item, slotRequest);
    return reply.attrs.type === "result" ? `a slot of ${item}` : `refused by ${item}`;
  }
  return "no service";
}

describe("several domains on a server that lists every component on every domain", () => {
  test("clients find the service that serves them, whatever the order", async () => {
    await start();
    const [httpPort] = await freePorts(1);
    const config = `
domains = ["example.test", "example2.test", "closed.test"]
backend = "disk"
[xmpp]
address = "127.0.0.1:${server.componentPort}"
secret = "${secret}"
[http]
listen = "127.0.0.1:${httpPort}"
[contact]
abuse = ["mailto:abuse@example.test"]
[domain."closed.test"]
access = ["bob@closed.test"]
`;
    running.push(await startSlotd({ config, components: 3 }));
    for (let round = 0; round < 10; round += 1) {
      expect(await slotFor("alice@example.test/x")).toBe("a slot of upload.example.test");
      expect(await slotFor("alice@example2.test/x")).toBe("a slot of upload.example2.test");
      expect(await slotFor("bob@closed.test/x")).toBe("a slot of upload.closed.test");
      expect(await slotFor("alice@closed.test/x")).toBe("no service");
    }
    const ask = async (from: string) => {
      const reply = await server.request(from, "upload.closed.test", element("query", NS_DISCO_INFO));
      return JSON.stringify(reply);
    };
    // Servers ask for their users, and everyone is told whom to tell of abuse.
    expect(await ask("closed.test")).toContain(NS_UPLOAD);
    expect(await ask("example.test")).not.toContain("urn:xmpp:http:upload");
    expect(await ask("alice@closed.test/x")).toContain("mailto:abuse@example.test");
    expect(await ask("alice@closed.test/x")).toContain("HTTP File Upload");
    expect(await ask("alice@closed.test/x")).not.toContain("urn:xmpp:http:upload");
  }, 60_000);
});

describe("two slotd of one name", () => {
  test("on a listener that refuses the second: it stands by, and is there within 10 s of the first's death", async () => {
    await start();
    const first = await join();
    const second = await join(0);
    await waitUntil("the standby to say so", () => problems(second).some((p) => p.problem === "conflict"));
    expect(problems(second)[0]?.msg).toContain("mod_http_upload");
    expect(problems(second)[0]?.msg).toContain("on standby until");
    await first.process.kill9();
    await waitUntil("the standby to serve", () => second.timesOnline() > 0, 10_000);
    expect(await slotFor("alice@example.test/x")).toBe(`a slot of ${host}`);
  }, 60_000);

  test("on one that disconnects the first: they say so, and change places ever less often", async () => {
    await start({ conflictBehaviour: "kick_old" });
    const both = [await join(), await join()];
    const replaced = (slotd: Slotd) => problems(slotd).filter(({ problem }) => problem === "replaced");
    const pauses = (slotd: Slotd) =>
      replaced(slotd).map(({ msg }) => Number(/Trying again in ([\d.]+) s/.exec(msg)?.[1]));
    await waitUntil("two changes each", () => both.every((slotd) => pauses(slotd).length >= 2), 40_000);
    for (const slotd of both) {
      expect(replaced(slotd)[0]?.msg).toContain('"kick_old"');
      expect(slotd.process.log()).toContain('"server_text":"Replaced by new connection"');
      expect(problems(slotd).filter(({ problem }) => problem !== "replaced")).toEqual([]);
      const [first = 0, second = 0] = pauses(slotd);
      expect(first).toBeWithin(2, 4.01);
      expect(second).toBeWithin(4, 8.01);
    }
    expect(await slotFor("alice@example.test/x")).toBe(`a slot of ${host}`);
  }, 60_000);
});

describe("a listener with a shaper of 50,000 bytes a second", () => {
  test("is slow, and everything is answered all the same", async () => {
    await start({ maxRate: 50_000 });
    const slotd = await join();
    const begun = performance.now();
    const replies = await Promise.all(
      Array.from({ length: 400 }, (_, i) =>
        server.request(`user${i}@example.test/x`, host, slotRequest, 60_000),
      ),
    );
    const perSecond = 400 / ((performance.now() - begun) / 1000);
    expect(new Set(replies.map(({ attrs }) => attrs.type))).toEqual(new Set(["result"]));
    expect(perSecond).toBeLessThan(200);
    expect(problems(slotd)).toEqual([]);
  }, 90_000);
});
