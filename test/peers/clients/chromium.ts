import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { makeFolder, removeFolder } from "../process.ts";

/** Debian's Chromium without a window, on a profile of its own. */
export interface Chromium {
  readonly browser: Browser;
  /** Ends it and removes its profile. */
  stop(): Promise<void>;
}

/** Starts Chromium (Debian package chromium); it asks nobody on the Internet for anything. */
export async function startChromium(): Promise<Chromium> {
  const folder = makeFolder("chromium");
  const browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    headless: true,
    env: {
      ...process.env,
      ...{ HOME: folder, XDG_CONFIG_HOME: join(folder, "config"), XDG_CACHE_HOME: folder },
      // Without a locale it cannot open a file whose name is not ASCII.
      LC_ALL: "C.UTF-8",
    },
    args: [
      // Root may run Chromium only without its sandbox; it sees nothing here but the tests' own pages.
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--disable-dev-shm-usage",
      "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE localhost , EXCLUDE 127.0.0.1",
    ],
  });
  return {
    browser,
    async stop() {
      await browser.close();
      removeFolder(folder);
    },
  };
}
