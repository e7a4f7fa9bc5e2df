import { createHash, randomBytes } from "node:crypto";
import { type XmppClient, xmppClient } from "../peers/clients/xmpp-client.ts";
import { sleep } from "../peers/process.ts";
import type { XmppServer } from "../peers/servers/xmpp-server.ts";

const NS_UPLOAD = "urn:xmpp:http:upload:0";

/** One thing that a user of the load did, and how it ended. `at`: milliseconds of performance.now(). */
export interface Deed {
  readonly at: number;
  readonly domain: string;
  readonly what: "slot" | "upload" | "download";
  /** "ok", a stanza error's condition, an HTTP status, or why there was no answer. */
  readonly outcome: string;
}

export interface Load {
  readonly deeds: readonly Deed[];
  /** Files that were answered with success so far: their GET URLs and digests. */
  readonly files: ReadonlyMap<string, string>;
  /** Lets the users finish what they do and go. */
  stop(): Promise<void>;
}

export interface LoadOptions {
  readonly domains: readonly string[];
  /** How many users there are for each domain. */
  readonly users: number;
  /** Milliseconds between the end of one deed of a user and its next. */
  readonly pause: number;
}

/** Users that ask for slots, upload and fetch, one thing after the other, whatever happens around them. */
export function startLoad(server: XmppServer, options: LoadOptions): Load {
  const deeds: Deed[] = [];
  const files = new Map<string, string>();
  const state = { isStopping: false };
  const users = options.domains.flatMap((domain) =>
    Array.from({ length: options.users }, () => live(server, domain, options.pause, deeds, files, state)),
  );
  return {
    deeds,
    files,
    async stop() {
      state.isStopping = true;
      await Promise.all(users);
    },
  };
}

async function live(
  server: XmppServer,
  domain: string,
  pause: number,
  deeds: Deed[],
  files: Map<string, string>,
  state: { readonly isStopping: boolean },
): Promise<void> {
  const tell = (what: Deed["what"], outcome: string): void => {
    deeds.push({ at: performance.now(), domain, what, outcome });
  };
  let client: XmppClient | undefined;
  while (!state.isStopping) {
    try {
      client ??= await xmppClient({ port: server.c2sPort, domain, user: "alice", password: "pw-alice" });
      await uploadOnce(client, domain, files, tell);
    } catch (error) {
      tell("slot", error instanceof Error ? error.message.slice(0, 80) : "unknown");
      await client?.close().catch(() => undefined);
      client = undefined;
    }
    await sleep(pause);
  }
  await client?.close().catch(() => undefined);
}

async function uploadOnce(
  client: XmppClient,
  domain: string,
  files: Map<string, string>,
  tell: (what: Deed["what"], outcome: string) => void,
): Promise<void> {
  const body = new Uint8Array(randomBytes(1 + Math.floor(Math.random() * 50_000)));
  const request = `<request xmlns='${NS_UPLOAD}' filename='très cool.bin' size='${body.length}'/>`;
  const reply = await client.iq("get", `upload.${domain}`, request, 4_000);
  const slot = reply.getChild("slot", NS_UPLOAD);
  if (slot === undefined) {
    tell("slot", reply.getChild("error")?.getChildElements()[0]?.name ?? "no answer");
    return;
  }
  tell("slot", "ok");
  const putUrl = slot.getChild("put")?.attrs.url ?? "";
  const getUrl = slot.getChild("get")?.attrs.url ?? "";
  const put = await tryFetch(putUrl, { method: "PUT", body });
  tell("upload", put.outcome);
  if (put.outcome !== "ok") return;
  files.set(getUrl, digestOf(body));
  const get = await tryFetch(getUrl, {});
  tell(
    "download",
    get.outcome !== "ok" || digestOf(get.body) === digestOf(body) ? get.outcome : "other bytes",
  );
}

export function digestOf(body: Uint8Array): string {
  return createHash("sha256").update(body).digest("hex");
}

/** Fetches within ten seconds; "ok" is any 2xx. */
export async function tryFetch(
  url: string,
  init: { readonly method?: string; readonly body?: Uint8Array<ArrayBuffer> },
): Promise<{ readonly outcome: string; readonly body: Uint8Array }> {
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(10_000) });
    const body = new Uint8Array(await response.arrayBuffer());
    return { outcome: response.ok ? "ok" : String(response.status), body };
  } catch (error) {
    return { outcome: error instanceof Error ? error.name : "unknown", body: new Uint8Array() };
  }
}
