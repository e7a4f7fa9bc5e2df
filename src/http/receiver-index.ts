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

  /** @throws {TypeError} when a URL is none. */
  constructor(receivers: readonly Receiver[]) {
    const based = receivers.map((receiver) => ({
      receiver,
      host: parseBucketUrl(receiver.url).host,
      base: baseOf(receiver),
    }));
    this.#byHost = new Map(
      [...Map.groupBy(based, ({ host }) => host)].map(([host, here]) => [
        host,
        here.toSorted((a, b) => b.base.length - a.base.length),
      ]),
    );
  }

  /** Whether some receiver with this protocol is at this host. */
  find({ host, rawPath }: Pick<RequestHead, "host" | "rawPath">): FoundReceiver<Receiver> | undefined {
    const here = this.#byHost.get(host.toLowerCase());
    if (here === undefined) return undefined;
    const path = uriDecode(rawPath);
    if (path === undefined) return undefined;
    const found = here.find(({ base }) => path.startsWith(base));
    if (found === undefined) return undefined;
    const rest = path.slice(found.base.length);
    return {
      receiver: found.receiver,
      path: !found.base.endsWith("/") && rest.startsWith("/") ? rest.slice(1) : rest,
    };
  }
}

function baseOf({ url, settings }: Pick<HttpReceiver, "url" | "settings">): string {
  const [, path = ""] = /^[a-z]+:\/\/[^/?#]*([^?#]*)$/i.exec(url) ?? [];
  const decoded = uriDecode(path) ?? path;
  // COMPAT(Prosody mod_http_file_share): it adds the slash that a base lacks.
  const isComplete = decoded.endsWith("/") || (decoded !== "" && settings.protocol !== "jwt");
  return isComplete ? decoded : `${decoded}/`;
}
