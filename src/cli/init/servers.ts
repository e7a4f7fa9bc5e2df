import { parseAddress, replaceHost } from "../../config/values.ts";
import { componentAddress, type ServerName, serverNames } from "./server-names.ts";
import type { Snippet } from "./snippet.ts";
import { type Setup, setupHost } from "./template.ts";

/** What to add to the servers: to the one that the setup is for, or to each of them. */
export function serverSnippets(setup: Setup): Snippet[] {
  const names = setup.server === undefined ? serverNames : [setup.server];
  const hosts = setup.domains.map((domain) => replaceHost(setupHost, domain));
  return names.map((name) => writers[name](hosts, setup));
}

const writers = {
  prosody,
  ejabberd,
  mongooseim,
  openfire,
  jabberd2,
  metronome,
} as const satisfies Record<ServerName, (hosts: readonly string[], setup: Setup) => Snippet>;

/** The sections of Prosody and Metronome. */
function luaComponents(hosts: readonly string[], { secret }: Setup): string {
  return hosts
    .map((host) => `Component ${quoted(host)}\n  component_secret = ${quoted(secret)}`)
    .join("\n\n");
}

function prosody(hosts: readonly string[], setup: Setup): Snippet {
  const activate = hosts.map((host) => `--   host:activate(${quoted(host)})`);
  return {
    title: "Prosody: at the end of prosody.cfg.lua",
    text: `${luaComponents(hosts, setup)}

-- Then restart Prosody: a reload does not load a new Component. To load it without a restart, in "prosodyctl shell":
${activate.join("\n")}
-- Prosody accepts components on 127.0.0.1:5347 unless component_ports and component_interfaces differ.
-- Clients find a component automatically if its name is a subdomain of their VirtualHost. Any other name
-- needs a line in the section of that VirtualHost:
--   disco_items = { { "files.example.net", "HTTP File Upload" } }
-- Remove a Component "http_file_share" with the same name.`,
  };
}

function metronome(hosts: readonly string[], setup: Setup): Snippet {
  return {
    title: "Metronome: at the end of metronome.cfg.lua",
    text: `${luaComponents(hosts, setup)}

-- Then restart Metronome. It accepts components on port 5347 unless component_ports differs.
-- Clients find a component automatically if its name is a subdomain of their VirtualHost.
-- Remove its own module "http_upload", or clients find two services.`,
  };
}

function ejabberd(hosts: readonly string[], { secret }: Setup): Snippet {
  const lines = hosts.map((host) => `      ${quoted(host)}:\n        password: ${quoted(secret)}`);
  return {
    title: "ejabberd: in ejabberd.yml, under the existing listen:",
    text: `listen:
  -
    port: ${setupPort}
    ip: "127.0.0.1"
    module: ejabberd_service
    access: all
    # Each connection receives only the stanzas of its own host.
    global_routes: false
    hosts:
${lines.join("\n")}

# Clients find a connected component automatically if its name is a subdomain of their domain. Any other name
# needs, under modules:
#   mod_disco:
#     extra_domains: ["files.example.net"]
# Remove mod_http_upload from modules: with the same name it receives some of the requests, and with another
# name clients find two services.`,
  };
}

function mongooseim(hosts: readonly string[], { secret }: Setup): Snippet {
  const several =
    hosts.length === 1
      ? ""
      : `
# MongooseIM lists each of these on every domain. slotd announces its service only to users that access
# allows, so that clients choose the component of their own domain: keep the default of access, the domain itself.`;
  return {
    title: "MongooseIM: in mongooseim.toml",
    text: `# For ${hosts.join(", ")}. In releases up to 6.3 it is [[listen.service]].
[[listen.component]]
  port = ${setupPort}
  ip_address = "127.0.0.1"
  password = ${quoted(secret)}
  # Without a shaper: "fast" limits slotd to 50,000 bytes a second, about 57 slots.
  # With this setting a second slotd is on standby; with "kick_old" the two would disconnect each other.
  conflict_behaviour = "disconnect"

# From 6.4 on, TLS on this listener needs xmpp.tls = true in slotd.toml.
# mod_disco lists every connected component, unless this listener has hidden_components = true and mod_disco
# users_can_see_hidden_services = false.${several}
# Remove [modules.mod_http_upload]: it uses the same name. Then restart MongooseIM.`,
  };
}

function openfire(_: readonly string[], { domains, secret, server }: Setup): Snippet {
  const subdomain = setupHost.slice(0, setupHost.indexOf("."));
  const address = server === "openfire" ? "" : `\n3. In slotd.toml, under [xmpp]: address = "127.0.0.1:5275"`;
  return {
    title: "Openfire: Admin console > Server > Server Settings > External Components",
    text: `1. Enable the service, on port 5275.
2. Allow the subdomain ${quoted(subdomain)} with the shared secret ${quoted(secret)}
   (Openfire adds its own XMPP domain: ${domains.map((domain) => `${subdomain}.${domain}`).join(", ")}).${address}
Clients find a connected component automatically. Remove the HTTP File Upload plugin, or they find two.`,
  };
}

function jabberd2(hosts: readonly string[], { secret }: Setup): Snippet {
  const several =
    hosts.length === 1
      ? ""
      : `
     jabberd2 lists each of these on every domain. slotd announces its service only to users that access
     allows, so that clients choose the component of their own domain: keep the default of access, the domain itself.`;
  return {
    title: "jabberd2: in router.xml, inside <local>",
    text: `    <ip>127.0.0.1</ip>
    <secret>${secret}</secret>

<!-- All components share this secret, which replaces the existing <secret>; jabberd2 needs no names
     (here ${hosts.join(", ")}). Do not change <ip> if sm, c2s or s2s run on other machines.
     Then restart the router. It accepts components on <port>, 5347.
     Clients find a connected component automatically.${several} -->`,
  };
}

const setupPort = parseAddress(componentAddress(undefined), 1)?.port ?? 0;

/** Secrets and hosts of a setup hold neither quotes nor backslashes, so that this is right in every language here. */
function quoted(text: string): string {
  return `"${text}"`;
}
