import { createServer, type Server } from "node:http";
import type { Page } from "playwright-core";
import { freePorts } from "../ports.ts";
import { type Chromium, startChromium } from "./chromium.ts";

/** A page of a web client, in headless Chromium (Debian package chromium), at an origin of its own. */
export interface WebPage {
  readonly page: Page;
  readonly origin: string;
  /** What the browser said on its console: CORS errors among them, and each request that failed. */
  readonly console: readonly string[];
  stop(): Promise<void>;
}

/** Opens an empty page. */
export async function openWebPage(): Promise<WebPage> {
  const [port = 0] = await freePorts(1);
  const server: Server = createServer((_, response) => {
    response.setHeader("content-type", "text/html");
    response.end("<!doctype html><title>A web client</title><body>");
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  let chromium: Chromium | undefined;
  const stop = async () => {
    await chromium?.stop();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  try {
    chromium = await startChromium();
    const page = await chromium.browser.newPage();
    const console: string[] = [];
    page.on("console", (message) => console.push(message.text()));
    page.on("requestfailed", (request) =>
      console.push(`${request.method()} ${request.url()}: ${request.failure()?.errorText}`),
    );
    const origin = `http://127.0.0.1:${port}`;
    await page.goto(origin);
    return { page, origin, console, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
