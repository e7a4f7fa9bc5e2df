import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import type { ReceiverConfig } from "../../config/config.ts";
import { type Finding, ok, skipped, warn, wrong } from "../finding.ts";
import type { Check } from "../run-checks.ts";
import { alsoTrusting } from "./trusting.ts";

const TIMEOUT = 15_000;

/** A secret that is shorter can be found out by whoever has one URL of a slot, with a computer of his own. */
const shortestSecret = 16;

export interface ReceiverContext {
  readonly receiver: Pick<ReceiverConfig, "name" | "url" | "secret" | "protocol">;
  /** What the HTTP server of its domain listens on. */
  readonly listen: string;
  /** Of a web client. */
  readonly origin: string;
  readonly ca: string | undefined;
  readonly signal: AbortSignal;
}

/** Whether a receiver can be reached, and what proves its slots cannot be guessed. Nothing is uploaded. */
export const receiverChecks: readonly Check<ReceiverContext>[] = [
  { name: "receiver-secret", needs: [], run: checkSecret },
  { name: "receiver-url", needs: [], run: checkUrl },
];

async function checkSecret({ receiver: { name, secret } }: ReceiverContext): Promise<Finding> {
  const length = Buffer.byteLength(secret);
  if (length >= shortestSecret) return ok(`The secret of receivers.${name} has ${length} bytes.`);
  return warn(
    `The secret of receivers.${name} has ${length} bytes; whoever has a URL of a slot can guess it.`,
    `Set a random secret of at least ${shortestSecret} bytes here and in the XMPP server. It voids all earlier PUT URLs.`,
  );
}

async function checkUrl(context: ReceiverContext): Promise<Finding> {
  const { receiver, listen } = context;
  const { name, url, protocol } = receiver;
  const behind = `Have the reverse proxy for ${url} pass everything on to http://${listen} as it came, with the Host header; or correct receivers.${name}.url.`;
  let answer: Preflight;
  try {
    answer = await preflight(context);
  } catch (error) {
    if (context.signal.aborted) return skipped("The check was ended.");
    return wrong(
      `${url} cannot be reached: ${error instanceof Error ? error.message : String(error)}.`,
      behind,
    );
  }
  const { status, headers, origin } = answer;
  if (status !== 204 || headers === undefined)
    return wrong(`${url} answers an OPTIONS request with ${status}: slotd is not reached.`, behind);
  if (origin === undefined) {
    return warn(
      `${url} allows no uploads of the web client at ${context.origin}.`,
      "Let the reverse proxy remove no Access-Control headers, and add the origin to http.cors_origins.",
    );
  }
  if (protocol === "jwt" && !/\bauthorization\b/i.test(headers)) {
    return wrong(
      `The answer of ${url} to an OPTIONS request does not allow the header Authorization: no web client can upload.`,
      "Let the reverse proxy pass the Access-Control headers on as they are.",
    );
  }
  return ok(`${url} answers web clients.`);
}

interface Preflight {
  readonly status: number;
  readonly headers: string | undefined;
  readonly origin: string | undefined;
}

function preflight({ receiver: { url }, origin, ca, signal }: ReceiverContext): Promise<Preflight> {
  return new Promise((resolve, reject) => {
    const send = url.startsWith("https:") ? requestHttps : requestHttp;
    const headers = {
      ...{ origin, "access-control-request-method": "PUT" },
      "access-control-request-headers": "authorization, content-type",
    };
    const options = { method: "OPTIONS", headers, signal, timeout: TIMEOUT, ...alsoTrusting(ca) };
    const request = send(`${url}${url.endsWith("/") ? "" : "/"}slotd-check/probe`, options, (response) => {
      response.resume();
      const of = (name: string) => response.headers[name]?.toString();
      resolve({
        status: response.statusCode ?? 0,
        headers: of("access-control-allow-headers"),
        origin: of("access-control-allow-origin"),
      });
    });
    request.once("timeout", () => request.destroy(new Error("no answer came")));
    request.once("error", reject);
    request.end();
  });
}
