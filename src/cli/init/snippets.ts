import { replaceHost } from "../../config/values.ts";
import { serverSnippets } from "./servers.ts";
import type { Snippet } from "./snippet.ts";
import { type Setup, setupListen } from "./template.ts";

/**
 * Says for the XMPP server (or each one that is known), and for nginx as the reverse proxy, what belongs to a fresh
 * slotd.toml.
 */
export function snippets(setup: Setup): Snippet[] {
  return [...serverSnippets(setup), ...nginx(setup)];
}

/** A reverse proxy for each public host that is https; slotd itself speaks http only. */
function nginx({ domains, publicUrl }: Setup): Snippet[] {
  const urls = domains.map((domain) => new URL(replaceHost(publicUrl, domain)));
  const servers = new Map(
    urls.filter((url) => url.protocol === "https:").map((url) => [url.host, nginxServer(url)]),
  );
  if (servers.size === 0) return [];
  return [{ title: "nginx: the reverse proxy for the public URL", text: [...servers.values()].join("\n\n") }];
}

function nginxServer({ hostname, port, pathname }: URL): string {
  return `server {
    listen ${port === "" ? "443" : port} ssl;
    server_name ${hostname};
    ssl_certificate     /etc/letsencrypt/live/${hostname}/fullchain.pem;
    ssl_certificate_key /etc/letsencrypt/live/${hostname}/privkey.pem;

    location ${pathname.replace(/\/+$/, "")}/ {
        # Without a path behind it, so that the signed path arrives as the client sent it.
        proxy_pass http://${setupListen};
        proxy_http_version 1.1;
        # The signature covers the Host header.
        proxy_set_header Host $http_host;
        # slotd checks the size itself, and streams in both directions.
        client_max_body_size 0;
        proxy_request_buffering off;
        proxy_buffering off;
    }
}`;
}
