import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Connections } from "../net/connections.ts";
import { listening } from "../net/listening.ts";
import type { Metrics } from "./metrics.ts";
import { lookAt, type ReadyCheck } from "./ready-checks.ts";
import { repeat } from "./repeat.ts";

export interface OpsServerOptions {
  /** Port 0 takes a free one. */
  readonly listen: { readonly host: string; readonly port: number };
  readonly metrics: Metrics;
  /** Asked at each look for what is to be looked at. */
  readonly checks: () => readonly ReadyCheck[];
  /** Sets what is measured now and then, not at a scrape; called at each look. Must not throw. */
  readonly measure?: () => Promise<void>;
  /** Milliseconds between two looks that nobody has asked for; 15,000 when absent. */
  readonly lookEvery?: number;
}

export interface OpsServer {
  /** Where it really listens. */
  readonly address: { readonly host: string; readonly port: number };
  /** Looks soon, without waiting for the time: what there is to be looked at has changed. */
  look(): void;
  stop(): Promise<void>;
}

/** So often slotd looks and measures without anybody asking; milliseconds. */
const lookEvery = 15_000;

/**
 * Serves operators: `/metrics` for Prometheus, `/healthz` (200 as long as the process answers) and `/readyz` (200 when
 * every check is well, else 503; one line each, with the reason). GET and HEAD only. The checks are looked at every 15 s
 * too, so that a scrape finds how they are whether or not anybody asks for /readyz; and what is measured is measured then.
 *
 * @throws the system's error when it cannot listen.
 */
export async function startOpsServer(options: OpsServerOptions): Promise<OpsServer> {
  const connections = new Connections(false);
  const server = createServer((request, response) => {
    const begin = () =>
      answer(request, response, options).catch((error: unknown) => {
        send(response, 500, `${error instanceof Error ? error.message : String(error)}\n`);
      });
    connections.of(request.socket).take(request, response, begin);
  });
  server.headersTimeout = 5_000;
  server.requestTimeout = 10_000;
  await listening(server, () => server.listen(options.listen.port, options.listen.host));
  const address = server.address();
  const every = options.lookEvery ?? lookEvery;
  const looking = [
    repeat(every, async () => {
      await lookAt(options.checks(), options.metrics);
    }),
    repeat(every, async () => options.measure?.()),
  ];
  const port = typeof address === "object" && address !== null ? address.port : options.listen.port;
  return {
    address: { host: options.listen.host, port },
    look() {
      for (const each of looking) each.nudge();
    },
    async stop() {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      await Promise.all([closed, ...looking.map((each) => each.stop())]);
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { metrics, checks }: OpsServerOptions,
): Promise<void> {
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.setHeader("Allow", "GET, HEAD");
    return send(response, 405, "Expected GET or HEAD.\n");
  }
  switch (request.url?.replace(/\?.*$/s, "")) {
    case "/metrics": {
      const { text, contentType } = await metrics.text();
      return send(response, 200, text, contentType);
    }
    case "/healthz":
      return send(response, 200, "ok\n");
    case "/readyz": {
      const problems = await lookAt(checks(), metrics);
      return send(response, problems.length === 0 ? 200 : 503, readyText(problems));
    }
    default:
      return send(response, 404, "Not found; expected /metrics, /healthz or /readyz.\n");
  }
}

function readyText(problems: readonly string[]): string {
  return problems.length === 0 ? "ready\n" : `not ready\n${problems.map((line) => `${line}\n`).join("")}`;
}

function send(
  response: ServerResponse,
  status: number,
  text: string,
  type = "text/plain; charset=utf-8",
): void {
  response.writeHead(status, {
    "Content-Type": type,
    "Content-Length": Buffer.byteLength(text),
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
  });
  response.end(response.req.method === "HEAD" ? undefined : text);
}
