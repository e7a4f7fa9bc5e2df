import { afterAll, beforeAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Chromium, startChromium } from "../peers/clients/chromium.ts";
import { prosodyForConverse, sendFileInConverse, serveConverse } from "../peers/clients/converse.ts";
import { picture } from "../peers/clients/picture.ts";
import { freePorts } from "../peers/ports.ts";
import { makeFolder, removeFolder } from "../peers/process.ts";
import { startProsody } from "../peers/servers/prosody.ts";
import { type Rgw, startRgw } from "../peers/servers/rgw.ts";
import type { XmppServer } from "../peers/servers/xmpp-server.ts";
import { type Slotd, startSlotd } from "../peers/slotd.ts";

let chromium: Chromium;
let rgw: Rgw;
let server: XmppServer;
let slotd: Slotd;
let page: Awaited<ReturnType<typeof serveConverse>>;
let folder: string;
let publicUrl: string;

beforeAll(async () => {
  const [websocket = 0, http = 0, web = 0] = await freePorts(3);
  folder = makeFolder("converse");
  publicUrl = `http://127.0.0.1:${http}`;
  const components = { "upload.example.test": "s3cret" };
  chromium = await startChromium();
  rgw = await startRgw();
  // The bucket has a CORS rule for the PUT, and no policy.
  await rgw.allowCors();
  server = await startProsody({ components, ...prosodyForConverse(websocket) });
  slotd = await startSlotd({
    config: `domains = ["example.test"]
[xmpp]
address = "127.0.0.1:${server.componentPort}"
secret = "s3cret"
[http]
listen = "127.0.0.1:${http}"
[s3]
bucket_url = "${rgw.bucketUrl}"
region = "${rgw.region}"
access_key_id = "${rgw.accessKeyId}"
secret_access_key = "${rgw.secretAccessKey}"
access = "private"
`,
  });
  const websocketUrl = `ws://127.0.0.1:${websocket}/xmpp-websocket`;
  page = await serveConverse(web, { jid: "alice@example.test", password: "pw-alice", websocketUrl });
}, 90_000);
afterAll(async () => {
  await page?.stop();
  await slotd?.stop();
  await server?.stop();
  await rgw?.stop();
  await chromium?.stop();
  if (folder) removeFolder(folder);
}, 30_000);

test("Converse.js uploads a picture to a private bucket and shows it, which nobody can fetch from the bucket", async () => {
  const file = join(folder, "été à la mer.png");
  writeFileSync(file, picture(240, 40));
  const tab = await chromium.browser.newPage({ viewport: { width: 1000, height: 700 } });
  const seen: string[] = [];
  tab.on("response", (response) => {
    const { origin } = new URL(response.url());
    const where = origin === publicUrl ? "slotd" : origin === rgw.endpoint ? "store" : undefined;
    if (where) seen.push(`${response.request().method()} ${where} ${response.status()}`);
  });
  await sendFileInConverse(tab, page.url, "bob@example.test", file);
  const image = tab.locator(`converse-chat-message img[src^="${publicUrl}/"]`).first();
  await image.waitFor({ state: "visible", timeout: 20_000 }).catch(async (error) => {
    throw new Error(`${await tab.locator("body").innerText()}\n${seen.join(", ")}`, { cause: error });
  });
  const width = () =>
    image.evaluate((element) => (element as unknown as { naturalWidth: number }).naturalWidth);
  while ((await width()) === 0) await tab.waitForTimeout(50);
  expect(await width()).toBe(240);
  expect(seen).toContain("PUT store 200");
  expect(seen).toContain("GET slotd 302");
  expect(seen).toContain("GET store 200");
  const getUrl = (await image.getAttribute("src")) ?? "";
  expect((await fetch(getUrl)).status).toBe(200);
  expect((await fetch(getUrl.replace(publicUrl, rgw.bucketUrl))).status).toBe(403);
  await tab.close();
}, 60_000);
