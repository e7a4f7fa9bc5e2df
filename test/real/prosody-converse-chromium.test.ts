import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bodyOf } from "../contract/object-store.ts";
import { type Chromium, startChromium } from "../peers/clients/chromium.ts";
import { prosodyForConverse, sendFileInConverse, serveConverse } from "../peers/clients/converse.ts";
import { picture } from "../peers/clients/picture.ts";
import { freePorts } from "../peers/ports.ts";
import { makeFolder, removeFolder } from "../peers/process.ts";
import { startProsody } from "../peers/servers/prosody.ts";
import type { XmppServer } from "../peers/servers/xmpp-server.ts";
import { type Slotd, startSlotd } from "../peers/slotd.ts";
import { startFixture } from "../unit/http/http-fixture.ts";

let chromium: Chromium;

beforeAll(async () => {
  chromium = await startChromium();
}, 60_000);
afterAll(() => chromium?.stop(), 30_000);

describe("Converse.js in Chromium, through Prosody, with slotd on another origin", () => {
  let server: XmppServer;
  let slotd: Slotd;
  let page: Awaited<ReturnType<typeof serveConverse>>;
  let folder: string;
  let slotdOrigin: string;

  beforeAll(async () => {
    const [websocket = 0, http = 0, web = 0] = await freePorts(3);
    folder = makeFolder("converse");
    slotdOrigin = `http://127.0.0.1:${http}`;
    server = await startProsody({
      components: { "upload.example.test": "s3cret" },
      ...prosodyForConverse(websocket),
    });
    slotd = await startSlotd({
      config: `domains = ["example.test"]
backend = "disk"
[xmpp]
address = "127.0.0.1:${server.componentPort}"
secret = "s3cret"
[http]
listen = "127.0.0.1:${http}"
[disk]
reserve = 0
`,
    });
    page = await serveConverse(web, {
      jid: "alice@example.test",
      password: "pw-alice",
      websocketUrl: `ws://127.0.0.1:${websocket}/xmpp-websocket`,
    });
  }, 60_000);
  afterAll(async () => {
    await page?.stop();
    await slotd?.stop();
    await server?.stop();
    if (folder) removeFolder(folder);
  }, 30_000);

  test("uploads a picture, which is shown in the chat", async () => {
    const file = join(folder, "été à la mer.png");
    writeFileSync(file, picture(240, 40));
    const tab = await chromium.browser.newPage({ viewport: { width: 1000, height: 700 } });
    const requests: string[] = [];
    tab.on("response", (response) => {
      if (response.url().startsWith(slotdOrigin))
        requests.push(`${response.request().method()} ${response.status()}`);
    });
    await sendFileInConverse(tab, page.url, "bob@example.test", file);
    const image = tab.locator(`converse-chat-message img[src^="${slotdOrigin}/"]`).first();
    await image.waitFor({ state: "visible", timeout: 20_000 }).catch(async (error) => {
      throw new Error(`${await tab.locator("body").innerText()}\n${requests.join(", ")}`, { cause: error });
    });
    const width = () =>
      image.evaluate((element) => (element as unknown as { naturalWidth: number }).naturalWidth);
    while ((await width()) === 0) await tab.waitForTimeout(50);
    expect(await width()).toBe(240);
    expect(requests).toContain("PUT 201");
    expect(requests).toContain("GET 200");
    const shots = process.env.SCREENSHOTS;
    if (shots !== undefined) {
      mkdirSync(shots, { recursive: true });
      await tab.screenshot({ path: join(shots, "converse.png") });
    }
    await tab.close();
  }, 60_000);
});

describe("Chromium runs no script", () => {
  const marker = "script-ran";
  const html = `<!doctype html><title>safe</title><body><img src=x onerror="document.title='${marker}'">
<script>document.title = "${marker}"; fetch("/${marker}");</script></body>`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" onload="document.title='${marker}'"><script>fetch("/${marker}")</script><rect width="9" height="9"/></svg>`;
  const everything = ["text/html", "image/svg+xml", "application/xhtml+xml", "text/plain"];

  /** Opens a stored file as a page, in a frame and as a picture; gives what the browser did. */
  async function visit(content: string, contentType: string, inlineTypes: readonly string[] | undefined) {
    const fixture = await startFixture(inlineTypes === undefined ? {} : { server: { inlineTypes } });
    try {
      const token = randomBytes(32).toString("hex");
      const size = Buffer.byteLength(content);
      await fixture.store.put({ token, filename: "a.html", contentType, size }, bodyOf(content));
      const url = `${fixture.origin}/${token}/a.html`;
      const context = await chromium.browser.newContext();
      const tab = await context.newPage();
      const asked: string[] = [];
      let downloads = 0;
      tab.on("request", (request) => asked.push(request.url()));
      tab.on("download", () => {
        downloads += 1;
      });
      await tab.goto(url, { waitUntil: "load" }).catch(() => undefined);
      await tab.waitForTimeout(500);
      const title = await tab.title().catch(() => "");
      await tab.goto("about:blank");
      await tab.setContent(`<img src="${url}"><object data="${url}"></object><iframe src="${url}"></iframe>`);
      await tab.waitForTimeout(500);
      await context.close();
      return { title, downloads, ran: asked.filter((each) => each.includes(marker)) };
    } finally {
      await fixture.stop();
    }
  }

  test.each([
    ["HTML", html, "text/html"],
    ["SVG", svg, "image/svg+xml"],
    ["XHTML", svg, "application/xhtml+xml"],
  ])(
    "of %s, which it downloads",
    async (_, content, type) => {
      const { title, downloads, ran } = await visit(content, type, undefined);
      expect([title.includes(marker), ran]).toEqual([false, []]);
      expect(downloads).toBeGreaterThan(0);
    },
    30_000,
  );

  test.each([
    ["HTML", html, "text/html"],
    ["SVG", svg, "image/svg+xml"],
    ["HTML that says it is text", html, "text/plain"],
  ])(
    "of %s, even where the operator lets it be shown",
    async (_, content, type) => {
      const { title, downloads, ran } = await visit(content, type, everything);
      expect([title.includes(marker), ran, downloads]).toEqual([false, [], 0]);
    },
    30_000,
  );

  test("but runs that very HTML when a server sends it without slotd's headers", async () => {
    const server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: () => new Response(html, { headers: { "Content-Type": "text/html" } }),
    });
    const tab = await chromium.browser.newPage();
    await tab.goto(server.url.href);
    expect(await tab.title()).toBe(marker);
    await tab.close();
    await server.stop(true);
  }, 30_000);
});
