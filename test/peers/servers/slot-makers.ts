import { type EjabberdOptions, startEjabberd } from "./ejabberd.ts";
import { startProsody } from "./prosody.ts";
import type { XmppServer } from "./xmpp-server.ts";

/** What Prosody's modules make slots for. */
export interface ProsodyMakers {
  /** The public base of each protocol, with its final slash. */
  readonly bases: Readonly<Record<"v1" | "v2" | "jwt", string>>;
  /** The secret of each. */
  readonly secrets: Readonly<Record<"v1" | "v2" | "jwt", string>>;
}

/** The domains of `prosodyMakers`, by the protocol of their slots. */
export const prosodyDomains = { v1: "v1.test", v2: "v2.test", jwt: "jwt.test" } as const;

/** A Lua string literal. */
function quote(text: string): string {
  return `"${text.replace(/[\\"]/g, "\\$&")}"`;
}

/**
 * The lines of Prosody's configuration for one domain with mod_http_upload_external v1, one with v2, and one with
 * mod_http_file_share that leaves the files to another server (Debian package prosody-modules).
 */
export function prosodyMakers({ bases, secrets }: ProsodyMakers): readonly string[] {
  const external = (protocol: "v1" | "v2") => [
    `Component "upload.${prosodyDomains[protocol]}" "http_upload_external"`,
    `  http_upload_external_base_url = ${quote(bases[protocol])}`,
    `  http_upload_external_secret = ${quote(secrets[protocol])}`,
    `  http_upload_external_protocol = "${protocol}"`,
  ];
  return [
    ...external("v1"),
    ...external("v2"),
    `Component "upload.${prosodyDomains.jwt}" "http_file_share"`,
    `  http_file_share_base_url = ${quote(bases.jwt)}`,
    `  http_file_share_secret = ${quote(secrets.jwt)}`,
    "  http_file_share_size_limit = 100*1024*1024",
    "  http_file_share_expires_after = 3600",
    `  http_file_share_access = { "${prosodyDomains.jwt}" }`,
  ];
}

/** Starts Prosody with the three; `modules` and `extra` as `startProsody` takes them. */
export function startProsodyMakers(
  makers: ProsodyMakers,
  more: { readonly modules?: readonly string[]; readonly extra?: readonly string[] } = {},
): Promise<XmppServer> {
  return startProsody({
    domains: Object.values(prosodyDomains),
    components: {},
    hosts: prosodyMakers(makers),
    ...more,
  });
}

/** How ejabberd's mod_http_upload makes slots for a domain. */
export type EjabberdMaker =
  /** It signs them for the server at this public base. */
  | { readonly base: string; readonly secret: string }
  /** It asks there. */
  | { readonly serviceUrl: string };

/** Starts ejabberd with mod_http_upload for these domains; the service of each is `upload.` and the domain. */
export function startEjabberdMakers(
  makers: Readonly<Record<string, EjabberdMaker>>,
  more: Pick<EjabberdOptions, "listeners" | "modules"> = {},
): Promise<XmppServer> {
  return startEjabberd({
    domains: Object.keys(makers),
    components: {},
    ...more,
    extra: [
      "append_host_config:",
      ...Object.entries(makers).flatMap(([domain, maker]) => moduleFor(domain, maker)),
    ],
  });
}

function moduleFor(domain: string, maker: EjabberdMaker): readonly string[] {
  const options =
    "serviceUrl" in maker
      ? // Of two modules with the same put_url the second does not start.
        { put_url: `http://${domain}.invalid/`, service_url: maker.serviceUrl }
      : { put_url: maker.base, external_secret: maker.secret };
  return [
    `  "${domain}":`,
    "    modules:",
    "      mod_http_upload:",
    `        hosts: [ "upload.${domain}" ]`,
    "        access: all",
    "        max_size: infinity",
    ...Object.entries(options).map(([key, value]) => `        ${key}: ${JSON.stringify(value)}`),
  ];
}
