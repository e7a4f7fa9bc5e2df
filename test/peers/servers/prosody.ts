import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startXmppServer, type XmppPlan, type XmppServer, type XmppServerOptions } from "./xmpp-server.ts";

export interface ProsodyOptions extends XmppServerOptions {
  /** Lua lines after the virtual hosts: another Component with its options. */
  readonly hosts?: readonly string[];
  /** Modules beside those that every test needs, such as "websocket". */
  readonly modules?: readonly string[];
  /** Serves HTTP over TLS here, for Prosody's own upload modules. */
  readonly httpsPort?: number;
}

/** A Lua string literal. */
function quote(text: string): string {
  return `"${text.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n")}"`;
}

/** The name that Prosody gives the folder of a domain. */
function folderName(domain: string): string {
  return domain.replace(/[^A-Za-z0-9]/g, (c) => `%${c.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

function configuration(plan: XmppPlan, options: ProsodyOptions): string {
  const { folder, ports, certificates } = plan;
  const tls = `{ key = ${quote(certificates.key)}; certificate = ${quote(certificates.chain)} }`;
  return [
    `data_path = ${quote(join(folder, "data"))}`,
    `interfaces = { "127.0.0.1" }`,
    `component_interfaces = { "127.0.0.1" }`,
    `c2s_ports = { ${ports.c2s} }`,
    `c2s_direct_tls_ports = { ${ports.c2sTls} }`,
    `c2s_direct_tls_ssl = ${tls}`,
    `component_ports = { ${ports.component} }`,
    // COMPAT(@xmpp/client 0.14): no "smacks", for it counts one stanza too many and Prosody closes the stream.
    `modules_enabled = { ${["roster", "saslauth", "disco", "ping", "offline", ...(options.modules ?? [])].map(quote).join("; ")} }`,
    `modules_disabled = { "s2s"; "tls" }`,
    `authentication = "internal_plain"`,
    "c2s_require_encryption = false",
    "allow_unencrypted_plain_auth = true",
    ...(options.httpsPort === undefined ? [] : httpsLines(options.httpsPort, tls)),
    `log = { info = "*console" }`,
    ...(options.extra ?? []),
    ...plan.domains.map((domain) => `VirtualHost ${quote(domain)}`),
    ...Object.entries(options.components).flatMap(([domain, secret]) => [
      `Component ${quote(domain)}`,
      `  component_secret = ${quote(secret)}`,
    ]),
    ...(options.hosts ?? []),
    "",
  ].join("\n");
}

function httpsLines(port: number, tls: string): readonly string[] {
  const listeners = ["http_ports = {}", `https_ports = { ${port} }`, `https_interfaces = { "127.0.0.1" }`];
  return [...listeners, `https_ssl = ${tls}`];
}

/** Writes what prosodyctl would, in a fraction of its time. */
function writeAccounts(plan: XmppPlan): void {
  for (const { user, domain, password } of plan.accounts) {
    const folder = join(plan.folder, "data", folderName(domain), "accounts");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${user}.dat`), `return { ["password"] = ${quote(password)}; };\n`);
  }
}

/**
 * Starts Prosody (Debian package prosody) on loopback. As root it runs as the user prosody, for it refuses root.
 *
 * A component's domain is in disco#items of its parent domain whether it is connected or not.
 *
 * @throws {Error} with the end of its log when it does not come up.
 */
export function startProsody(options: ProsodyOptions): Promise<XmppServer> {
  return startXmppServer("prosody", options, (plan) => {
    const file = join(plan.folder, "prosody.cfg.lua");
    writeFileSync(file, configuration(plan, options));
    writeAccounts(plan);
    return { name: "prosody", command: ["prosody", "--config", file, "-F"], user: "prosody" };
  });
}
