import { uriDecode } from "../sigv4/encode.ts";
import { parseBucketUrl } from "../store/object-url.ts";
import type { HttpReceiver } from "./http-receiver.ts";
import type { RequestHead } from "./request-head.ts";

/** A receiver and what of the path is its own. */
export interface FoundReceiver<Receiver> {
  readonly receiver: Receiver;
  /** What follows its base in the path, decoded once, without the slash between them. */
  readonly path: string;
}

interface Based<Receiver> {
  readonly receiver: Receiver;
  /** The path of its base, decoded, with what was configured as its end. */
  readonly base: string;
}

/**
 * Finds the receiver that a request is for by host and path. The base counts as it was configured: where that has no
 * final slash, what is signed may follow it without one (COMPAT(Prosody mod_http_upload_external): it puts the base
 * before the slot as it is). Of several bases that fit, the longest counts.
 */
export class ReceiverIndex<Receiver extends Pick<HttpReceiver, "url" | "settings">> {
  readonly #byHost: ReadonlyMap<string, readonly Based<Receiver>[]>;
  /** By the name of the host without its port: proxies drop ports, or put their own in. */
  readonly #byName: ReadonlyMap<string, readonly Based<Receiver>[]>;

  /** @throws {TypeError} when a URL is none. */
  constructor(receivers: readonly Receiver[]) {
    const based = receivers
      .map((receiver) => ({ receiver, host: parseBucketUrl(receiver.url).host, base: baseOf(receiver) }))
      .sort((a, b) => b.base.length - a.base.length);
    this.#byHost = Map.groupBy(based, ({ host }) => host);
    this.#byName = Map.groupBy(based, ({ host }) => nameOf(host));
  }

  /** Takes a time that grows with the path, and with the receivers of one host. */
  find({ host, rawPath }: Pick<RequestHead, "host" | "rawPath">): FoundReceiver<Receiver> | undefined {
    const named = host.toLowerCase();
    const here = this.#byHost.get(named) ?? this.#byName.get(nameOf(named));
    const path = here && uriDecode(rawPath);
    const found = path === undefined ? undefined : here?.find(({ base }) => path.startsWith(base));
    if (path === undefined || found === undefined) return undefined;
    const { receiver, base } = found;
    const rest = path.slice(base.length);
    return { receiver, path: !base.endsWith("/") && rest.startsWith("/") ? rest.slice(1) : rest };
  }
}

function nameOf(host: string): string {
  return host.replace(/:\d*$/, "");
}

function baseOf({ url, settings }: Pick<HttpReceiver, "url" | "settings">): string {
  const [, path = ""] = /^[a-z]+:\/\/[^/?#]*([^?#]*)$/i.exec(url) ?? [];
  const decoded = uriDecode(path) ?? path;
  // COMPAT(Prosody mod_http_file_share): it adds the slash that a base lacks.
  const isComplete = decoded.endsWith("/") || (decoded !== "" && settings.protocol !== "jwt");
  return isComplete ? decoded : `${decoded}/`;
}
