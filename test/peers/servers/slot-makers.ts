import { type EjabberdOptions, startEjabberd } from "./ejabberd.ts";
import { startProsody } from "./prosody.ts";
import type { XmppServer } from "./xmpp-server.ts";

/** A server's own upload module that makes the slots and lets another HTTP server take the files. */
export interface SlotMaker {
  /** The server's module, such as "Prosody, mod_http_upload_external, v1". */
  readonly name: string;
  /** The domain whose users it makes slots for. */
  readonly domain: string;
  /** The JID of the service; its only one below `domain`. */
  readonly host: string;
}

/** What Prosody's modules make slots for. */
export interface ProsodyMakers {
  /** The public base of each protocol, with its final slash. */
  readonly bases: Readonly<Record<"v1" | "v2" | "jwt", string>>;
  readonly secret: string;
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
export function prosodyMakers({ bases, secret }: ProsodyMakers): readonly string[] {
  const external = (protocol: "v1" | "v2") => [
    `Component "upload.${prosodyDomains[protocol]}" "http_upload_external"`,
    `  http_upload_external_base_url = ${quote(bases[protocol])}`,
    `  http_upload_external_secret = ${quote(secret)}`,
    `  http_upload_external_protocol = "${protocol}"`,
  ];
  return [
    ...external("v1"),
    ...external("v2"),
    `Component "upload.${prosodyDomains.jwt}" "http_file_share"`,
    `  http_file_share_base_url = ${quote(bases.jwt)}`,
    `  http_file_share_secret = ${quote(secret)}`,
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

/** The domains of `startEjabberdMakers`, by how their slots are made. */
export const ejabberdDomains = { external: "external.test", asking: "asking.test" } as const;

export interface EjabberdMakers {
  /** The public base of `external_secret`, and its secret. */
  readonly external: { readonly base: string; readonly secret: string };
  /** Where the other domain asks for slots. */
  readonly serviceUrl: string;
}

/** Starts ejabberd with one domain whose mod_http_upload has `external_secret`, and one that has `service_url`. */
export function startEjabberdMakers(
  { external, serviceUrl }: EjabberdMakers,
  more: Pick<EjabberdOptions, "listeners"> = {},
): Promise<XmppServer> {
  const module = (domain: string, options: Readonly<Record<string, string>>) => [
    `  "${domain}":`,
    "    modules:",
    "      mod_http_upload:",
    `        hosts: [ "upload.${domain}" ]`,
    "        access: all",
    "        max_size: infinity",
    ...Object.entries(options).map(([key, value]) => `        ${key}: ${JSON.stringify(value)}`),
  ];
  return startEjabberd({
    domains: Object.values(ejabberdDomains),
    components: {},
    ...more,
    extra: [
      "append_host_config:",
      ...module(ejabberdDomains.external, { put_url: external.base, external_secret: external.secret }),
      // Of two modules with the same put_url the second does not start.
      ...module(ejabberdDomains.asking, { put_url: "http://unused.invalid/", service_url: serviceUrl }),
    ],
  });
}
