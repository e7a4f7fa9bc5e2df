import { afterAll, beforeAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Chromium, startChromium } from "../peers/clients/chromium.ts";
import {
  ejabberdForConverse,
  prosodyForConverse,
  sendFileInConverse,
  serveConverse,
} from "../peers/clients/converse.ts";
import { picture } from "../peers/clients/picture.ts";
import { freePorts, isPortOpen } from "../peers/ports.ts";
import { makeFolder, removeFolder, waitUntil } from "../peers/process.ts";
import { prosodyDomains, startEjabberdMakers, startProsodyMakers } from "../peers/servers/slot-makers.ts";
import type { XmppServer } from "../peers/servers/xmpp-server.ts";
import { receiversConfig, type Slotd, startSlotd, withoutXmpp } from "../peers/slotd.ts";

const secrets = { v1: "secret 1", v2: "secret 2", jwt: "secret 3", external: "secret 4" };
const ejabberd = { external: "external.test", asking: "asking.test" };

let chromium: Chromium;
let prosody: XmppServer;
let ejabberdServer: XmppServer;
let slotd: Slotd;
let folder: string;
let origin: string;
let websockets: { readonly prosody: number; readonly ejabberd: number };
let web: number;

beforeAll(async () => {
  folder = makeFolder("converse");
  const [http = 0, ask = 0, none = 0, prosodyWs = 0, ejabberdWs = 0, page = 0] = await freePorts(6);
  origin = `http://127.0.0.1:${http}`;
  [websockets, web] = [{ prosody: prosodyWs, ejabberd: ejabberdWs }, page];
  const bases = { v1: `${origin}/v1/`, v2: `${origin}/v2/`, jwt: `${origin}/jwt/` };
  const external = { base: `${origin}/external`, secret: secrets.external };
  const tables = (["v1", "v2", "jwt"] as const).map((protocol) =>
    receiversConfig(protocol, {
      ...{ protocol, url: bases[protocol], secret: secrets[protocol], domain: prosodyDomains[protocol] },
    }),
  );
  slotd = await startSlotd({
    config: `
domains = ${JSON.stringify([...Object.values(prosodyDomains), ...Object.values(ejabberd)])}
backend = "disk"
${withoutXmpp(none)}
component = "off"
[http]
listen = "127.0.0.1:${http}"
${tables.join("")}
${receiversConfig("external", { protocol: "v1", url: external.base, secret: external.secret, domain: ejabberd.external })}
[service_url.asking]
domain = "${ejabberd.asking}"
listen = "127.0.0.1:${ask}"
`,
    components: 0,
  });
  await waitUntil("slotd to listen", async () => (await isPortOpen(http)) && (await isPortOpen(ask)));
  chromium = await startChromium();
  const forConverse = prosodyForConverse(prosodyWs, prosodyDomains.v1);
  prosody = await startProsodyMakers({ bases, secrets }, forConverse);
  ejabberdServer = await startEjabberdMakers(
    { [ejabberd.external]: external, [ejabberd.asking]: { serviceUrl: `http://127.0.0.1:${ask}` } },
    ejabberdForConverse(ejabberdWs),
  );
}, 120_000);
afterAll(async () => {
  await ejabberdServer?.stop();
  await prosody?.stop();
  await slotd?.stop();
  await chromium?.stop();
  removeFolder(folder);
}, 30_000);

// For a browser Prosody's v1 and v2 differ in nothing from ejabberd's external_secret.
test.each([
  ["Prosody, jwt, whose token is in a header that a preflight has to allow", prosodyDomains.jwt, "prosody"],
  ["ejabberd, external_secret", ejabberd.external, "ejabberd"],
  ["ejabberd, service_url", ejabberd.asking, "ejabberd"],
] as const)(
  "Converse.js in Chromium uploads a picture and shows it: %s",
  async (_, domain, server) => {
    const file = join(folder, "été à la mer.png");
    writeFileSync(file, picture(240, 40));
    const path = server === "prosody" ? "xmpp-websocket" : "ws";
    const websocketUrl = `ws://127.0.0.1:${websockets[server]}/${path}`;
    const page = await serveConverse(web, { jid: `alice@${domain}`, password: "pw-alice", websocketUrl });
    const context = await chromium.browser.newContext({ viewport: { width: 1000, height: 700 } });
    const tab = await context.newPage();
    const seen: string[] = [];
    tab.on("response", (response) => {
      if (response.url().startsWith(origin)) seen.push(`${response.request().method()} ${response.status()}`);
    });
    try {
      await sendFileInConverse(tab, page.url, `bob@${domain}`, file);
      const image = tab.locator(`converse-chat-message img[src^="${origin}/"]`).first();
      await image.waitFor({ state: "visible", timeout: 20_000 }).catch(async (error) => {
        throw new Error(`${await tab.locator("body").innerText()}\n${seen.join(", ")}`, { cause: error });
      });
      const width = () =>
        image.evaluate((element) => (element as unknown as { naturalWidth: number }).naturalWidth);
      while ((await width()) === 0) await tab.waitForTimeout(50);
      expect(await width()).toBe(240);
      expect(seen).toContain("PUT 201");
      expect(seen).toContain("GET 200");
    } finally {
      await context.close();
      await page.stop();
    }
  },
  60_000,
);
