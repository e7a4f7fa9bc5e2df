import { parseAddress, replaceHost } from "../../config/values.ts";
import { type ProxyName, proxyText } from "./proxies.ts";
import { type Setup, setupAddress, setupHost, setupListen } from "./template.ts";

/** What to add to another program's configuration. */
export interface Snippet {
  /** The program, and where in it. */
  readonly title: string;
  readonly text: string;
}

/** Says for each XMPP server, and for the reverse proxy, what belongs to a fresh slotd.toml. */
export function snippets(setup: Setup): Snippet[] {
  const hosts = setup.domains.map((domain) => replaceHost(setupHost, domain));
  const port = parseAddress(setupAddress, 1)?.port ?? 0;
  return [
    prosody(hosts, setup),
    ejabberd(hosts, setup, port),
    mongooseim(hosts, setup, port),
    openfire(setup),
    ...(setup.isS3 ? [] : proxy(setup)),
  ];
}

function prosody(hosts: readonly string[], { secret }: Setup): Snippet {
  const components = hosts.map((host) => `Component ${quoted(host)}\n  component_secret = ${quoted(secret)}`);
  return {
    title: "Prosody: at the end of prosody.cfg.lua",
    text: `${components.join("\n\n")}

-- Prosody takes components on 127.0.0.1:5347 unless component_ports and component_interfaces say otherwise.
-- Clients find a component by itself when its name is a subdomain of their VirtualHost. Any other name
-- needs a line in the section of that VirtualHost:
--   disco_items = { { "files.example.net", "HTTP File Upload" } }
-- Remove a Component "http_file_share" of the same name.`,
  };
}

function ejabberd(hosts: readonly string[], { secret }: Setup, port: number): Snippet {
  const lines = hosts.map((host) => `      ${quoted(host)}:\n        password: ${quoted(secret)}`);
  return {
    title: "ejabberd: in ejabberd.yml, under the listen: that is there",
    text: `listen:
  -
    port: ${port}
    ip: "127.0.0.1"
    module: ejabberd_service
    access: all
    # Each connection gets the stanzas of its own host only.
    global_routes: false
    hosts:
${lines.join("\n")}

# Clients find a connected component by itself when its name is a subdomain of their domain. Any other name
# needs, under modules:
#   mod_disco:
#     extra_domains: ["files.example.net"]
# Remove mod_http_upload from modules: it takes the same name.`,
  };
}

function mongooseim(hosts: readonly string[], { secret }: Setup, port: number): Snippet {
  return {
    title: "MongooseIM: in mongooseim.toml",
    text: `# For ${hosts.join(", ")}. In releases up to 6.3 it is [[listen.service]].
[[listen.component]]
  port = ${port}
  ip_address = "127.0.0.1"
  password = ${quoted(secret)}

# mod_disco lists every connected component, unless this listener has hidden_components = true and mod_disco
# users_can_see_hidden_services = false.
# Remove [modules.mod_http_upload]: it takes the same name.`,
  };
}

function openfire({ domains, secret }: Setup): Snippet {
  const subdomain = setupHost.slice(0, setupHost.indexOf("."));
  return {
    title: "Openfire: Admin console > Server > Server Settings > External Components",
    text: `1. Enable the service, on port 5275.
2. Allow the subdomain ${quoted(subdomain)} with the shared secret ${quoted(secret)}
   (Openfire adds its own XMPP domain: ${domains.map((domain) => `${subdomain}.${domain}`).join(", ")}).
3. In slotd.toml, under [xmpp]: address = "127.0.0.1:5275"
Clients find a connected component by themselves. Remove the HTTP File Upload plugin, or they find two.`,
  };
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

/** Secrets and hosts of a setup hold neither quotes nor backslashes, so that this is right in every language here. */
function quoted(text: string): string {
  return `"${text}"`;
}
