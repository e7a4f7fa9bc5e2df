import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import type { Page } from "playwright-core";
import type { EjabberdOptions } from "../servers/ejabberd.ts";
import type { ProsodyOptions } from "../servers/prosody.ts";
import { conversePackage } from "./converse-package.ts";

const types: Readonly<Record<string, string>> = {
  ".css": "text/css",
  ".html": "text/html",
  ".js": "text/javascript",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

/** How Converse.js logs in. */
export interface ConverseAccount {
  readonly jid: string;
  readonly password: string;
  /** ws://... */
  readonly websocketUrl: string;
}

/** What Prosody needs for Converse.js, with its WebSocket at this port; `host` is one of its domains. */
export function prosodyForConverse(
  websocketPort: number,
  host = "example.test",
): Pick<ProsodyOptions, "modules" | "extra"> {
  return {
    // Converse waits for answers of some of them before it opens a chat.
    modules: [
      ...[
        "websocket",
        "pep",
        "carbons",
        "vcard4",
        "vcard_legacy",
        "mam",
        "blocklist",
        "bookmarks",
        "private",
      ],
    ],
    extra: [
      `http_ports = { ${websocketPort} }`,
      `http_interfaces = { "127.0.0.1" }`,
      "https_ports = {}",
      `http_default_host = "${host}"`,
      "consider_websocket_secure = true",
      `http_cors_override = { websocket = { enabled = true } }`,
    ],
  };
}

/** What ejabberd needs for Converse.js, with its WebSocket at this port. */
export function ejabberdForConverse(websocketPort: number): Pick<EjabberdOptions, "modules" | "listeners"> {
  return {
    modules: {
      mod_mam: { default: "always" },
      mod_pubsub: { plugins: ["flat", "pep"] },
      ...{ mod_blocking: {}, mod_caps: {}, mod_privacy: {}, mod_private: {}, mod_vcard: {} },
    },
    listeners: [
      {
        ...{ port: websocketPort, ip: "127.0.0.1", module: "ejabberd_http" },
        request_handlers: { "/ws": "ejabberd_http_ws" },
      },
    ],
  };
}

/** A page with Converse.js, logged in by itself, as `window.slotdTest.api`. */
function pageFor({ jid, password, websocketUrl }: ConverseAccount): string {
  const settings = {
    authentication: "login",
    auto_login: true,
    jid,
    password,
    websocket_url: websocketUrl,
    assets_path: "/",
    view_mode: "fullscreen",
    allow_non_roster_messaging: true,
    whitelisted_plugins: ["slotd-test"],
    // What is here may be shown.
    render_media: true,
    fetch_url_headers: false,
    clear_cache_on_logout: true,
    discover_connection_methods: false,
    omemo_default: false,
    i18n: "en",
  };
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Converse</title>
<link rel="stylesheet" href="/converse.min.css">
<body class="converse-fullscreen"><script type="module">
import converse from "/converse.min.js";
converse.plugins.add("slotd-test", { initialize() { window.slotdTest = this._converse; } });
converse.initialize(${JSON.stringify(settings)});
</script></body></html>`;
}

/** Serves a page with Converse.js on loopback. */
export async function serveConverse(
  port: number,
  account: ConverseAccount,
): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const dist = join(await conversePackage(), "dist");
  const server = createServer(async (request, response) => {
    const path = normalize(new URL(request.url ?? "/", "http://x").pathname);
    const content = path === "/" ? pageFor(account) : await readFile(join(dist, path)).catch(() => undefined);
    const type = path === "/" ? "text/html" : (types[extname(path)] ?? "application/octet-stream");
    response.writeHead(content === undefined ? 404 : 200, { "Content-Type": type });
    response.end(content);
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    url: `http://localhost:${port}/`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Logs in on an open page, opens a chat and sends a file by the button for that. */
export async function sendFileInConverse(page: Page, url: string, to: string, file: string): Promise<void> {
  await page.goto(url);
  await page.waitForFunction("window.slotdTest?.api?.connection?.connected()", undefined, {
    timeout: 20_000,
  });
  // A chat that is opened before the stored ones are back is closed again.
  await page.evaluate(`(async () => {
    const { api } = window.slotdTest;
    await api.waitUntil("chatBoxesFetched");
    await api.chats.open(${JSON.stringify(to)}, {}, true);
  })()`);
  const input = page.locator("input.fileupload").first();
  await input.waitFor({ state: "attached", timeout: 20_000 });
  await input.setInputFiles(file);
}
