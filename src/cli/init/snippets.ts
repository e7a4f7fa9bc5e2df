import { replaceHost } from "../../config/values.ts";
import { type ProxyName, proxyText } from "./proxies.ts";
import { serverSnippets } from "./servers.ts";
import type { Snippet } from "./snippet.ts";
import { type Setup, setupListen } from "./template.ts";

/**
 * Says for the XMPP server (or each one that is known), and for the reverse proxy, what belongs to a fresh slotd.toml.
 */
export function snippets(setup: Setup): Snippet[] {
  return [...serverSnippets(setup), ...(setup.isS3 ? [] : proxy(setup))];
}

/** The reverse proxy for each public host that is https; slotd itself speaks http only. */
function proxy({ domains, publicUrl, proxy }: Setup): Snippet[] {
  const all = domains.map((domain) => new URL(replaceHost(publicUrl, domain)));
  const https = all.filter((url) => url.protocol === "https:");
  const urls = [...new Map(https.map((url) => [url.host, url])).values()];
  if (urls.length === 0) return [];
  const text = proxyText[proxy]({ urls, listen: setupListen });
  return [{ title: `${proxyNames[proxy]}: the reverse proxy for the public URL`, text }];
}

const proxyNames = { nginx: "nginx", caddy: "Caddy", haproxy: "HAProxy" } as const satisfies Record<
  ProxyName,
  string
>;
