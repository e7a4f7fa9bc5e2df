import { isIP, isIPv6 } from "node:net";
import { domainToASCII } from "node:url";
import { prepareDomain, prepareLocal } from "../slot/jid.ts";
import type { Bytes, Seconds } from "../slot/slot.ts";

/** A database, or none: then slotd keeps no record. */
export type LedgerLocation =
  | { readonly kind: "none" }
  | { readonly kind: "sqlite"; readonly path: string }
  /** `url` may hold a password. */
  | { readonly kind: "postgres"; readonly url: string };

export interface ListenAddress {
  /** An IP address or name, without brackets. */
  readonly host: string;
  /** 0 to 65535; 0 takes a free one. */
  readonly port: number;
}

/** Where an HTTP server listens: a TCP address, or the path of a Unix socket. */
export type HttpListen = ListenAddress | { readonly unix: string };

/** The placeholder that stands for the served domain in `host` and `http.public_url`. */
export const hostPlaceholder = "@HOST@";

const sizeUnits: Readonly<Record<string, bigint>> = {
  "": 1n,
  b: 1n,
  kb: 10n ** 3n,
  mb: 10n ** 6n,
  gb: 10n ** 9n,
  tb: 10n ** 12n,
  kib: 2n ** 10n,
  mib: 2n ** 20n,
  gib: 2n ** 30n,
  tib: 2n ** 40n,
};

/**
 * Reads a number of bytes such as "50MiB", "1.5 GiB" or "1000": KB to TB count in 1000, KiB to TiB in 1024,
 * in any case. A fraction of a byte is dropped.
 *
 * @returns undefined when it is no such text, or not from 1 to 2^53 - 1.
 */
export function parseByteSize(text: string): Bytes | undefined {
  const match = /^(\d{1,16})(?:\.(\d{1,16}))? ?([a-z]{0,3})$/i.exec(text);
  const unit = sizeUnits[match?.[3]?.toLowerCase() ?? "?"];
  if (match === null || unit === undefined) return undefined;
  const fraction = match[2] ?? "";
  const bytes = (BigInt(`${match[1]}${fraction}`) * unit) / 10n ** BigInt(fraction.length);
  return bytes >= 1n && bytes <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(bytes) : undefined;
}

/** Reads a whole number from 1 to 2^53 - 1; undefined when it is none. */
export function parseCount(text: string): number | undefined {
  const number = /^\d{1,16}$/.test(text) ? Number(text) : 0;
  return number >= 1 && Number.isSafeInteger(number) ? number : undefined;
}

const timeUnits: Readonly<Record<string, Seconds>> = {
  "": 1,
  s: 1,
  m: 60,
  h: 3600,
  d: 86400,
  w: 7 * 86400,
  y: 365 * 86400,
};

/**
 * Reads a length of time such as "30d", "12 h" or "90": s, m (minutes), h, d, w and y (365 days), in lowercase.
 *
 * @returns undefined when it is no such text, or not from one second to 1,000 years.
 */
export function parseDuration(text: string): Seconds | undefined {
  const match = /^(\d{1,12}) ?([smhdwy]?)$/.exec(text);
  const seconds = Number(match?.[1]) * (timeUnits[match?.[2] ?? "?"] ?? Number.NaN);
  return seconds >= 1 && seconds <= 1000 * 365 * 86400 ? seconds : undefined;
}

/** Writes a length of time as `parseDuration` reads it, in the largest unit up to days that it is a multiple of. */
export function formatDuration(seconds: Seconds): string {
  const unit = ["d", "h", "m"].find((name) => seconds % (timeUnits[name] ?? 1) === 0) ?? "s";
  return `${seconds / (timeUnits[unit] ?? 1)}${unit}`;
}

/**
 * Reads where a ledger is: "none", "sqlite:PATH" or a postgres:// URL. A path is given back as it stands.
 *
 * @returns undefined when it is none of them.
 */
export function parseLedgerUrl(text: string): LedgerLocation | undefined {
  if (text === "none") return { kind: "none" };
  const path = /^sqlite:(?!\/\/)([^\0]+)$/.exec(text)?.[1];
  if (path !== undefined) return { kind: "sqlite", path };
  return /^postgres(ql)?:\/\/[^\s\p{Cc}]+$/u.test(text) && URL.canParse(text)
    ? { kind: "postgres", url: text }
    : undefined;
}

/** Writes where a ledger is as `parseLedgerUrl` reads it, without the password of a URL. */
export function formatLedgerUrl(location: LedgerLocation): string {
  if (location.kind === "none") return "none";
  if (location.kind === "sqlite") return `sqlite:${location.path}`;
  const url = new URL(location.url);
  url.password = "";
  url.searchParams.delete("password");
  return url.href;
}

/**
 * Reads a media type as a glob, such as "image/*", "*" or "application/vnd.*": a type of RFC 6838 §4.2 in which
 * "*" stands for any text. It is lowercased; undefined when it is none.
 */
export function parseTypeGlob(text: string): string | undefined {
  return /^(\*|[a-z0-9*][a-z0-9!#$&^_.+*-]*\/[a-z0-9*][a-z0-9!#$&^_.+*-]*)$/i.test(text)
    ? text.toLowerCase()
    : undefined;
}

/**
 * Reads the domain part of a JID: a DNS name, in Unicode or in punycode, or an IPv4 address. It is lowercased,
 * and a dot at its end is dropped. Source: RFC 7622 §3.2.
 *
 * @returns undefined when it is none.
 */
export function parseDomain(text: string): string | undefined {
  const domain = text.normalize("NFC").toLowerCase().replace(/\.$/, "");
  const labels = domain.split(".");
  if (!labels.every((label) => /^(?!-)[\p{L}\p{N}\p{M}_-]+(?<!-)$/u.test(label))) return undefined;
  const ascii = domainToASCII(domain);
  if (ascii === "" || ascii.length > 253) return undefined;
  return ascii.split(".").every((label) => label.length <= 63) ? domain : undefined;
}

/**
 * Reads who may request slots: a domain, "*." before one for every domain under it, a bare JID or "*". It is prepared
 * as the JIDs of requesters are. Source: RFC 7622 §3.
 *
 * @returns undefined when it is none of them; a JID with a resource is none.
 */
export function parseAccess(text: string): string | undefined {
  if (text === "*") return text;
  if (text.startsWith("*.")) {
    const parent = parseDomain(text.slice(2));
    return parent === undefined ? undefined : `*.${prepareDomain(parent)}`;
  }
  const at = text.indexOf("@");
  const given = parseDomain(text.slice(at + 1));
  if (given === undefined) return undefined;
  const domain = prepareDomain(given);
  if (at < 0) return domain;
  const local = prepareLocal(text.slice(0, at));
  const isLocal = local !== "" && Buffer.byteLength(local) <= 1023 && !/[\s\p{Cc}"&'/:<>@]/u.test(local);
  return isLocal ? `${local}@${domain}` : undefined;
}

/**
 * Reads "host:port" or "[::1]:port".
 *
 * @param lowestPort 1, or 0 where that means any free port.
 * @returns undefined when it is none of them.
 */
export function parseAddress(text: string, lowestPort: 0 | 1): ListenAddress | undefined {
  const match = /^(?:\[([^[\]]+)\]|([^:[\]\s/@]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  if (match === null || host === undefined) return undefined;
  if (match[1] !== undefined ? !isIPv6(host) : parseDomain(host) === undefined) return undefined;
  const port = Number(match[3]);
  return port >= lowestPort && port <= 65535 ? { host, port } : undefined;
}

/**
 * Reads what an HTTP server can listen on: "host:port", "[::1]:port" or "unix:/path".
 *
 * @returns undefined when it is none of them.
 */
export function parseListen(text: string): HttpListen | undefined {
  const path = /^unix:([^\0]+)$/.exec(text)?.[1];
  return path === undefined ? parseAddress(text, 0) : { unix: path };
}

/** Writes where an HTTP server listens as `parseListen` reads it. */
export function formatListen(listen: HttpListen): string {
  return "unix" in listen ? `unix:${listen.unix}` : formatAddress(listen);
}

/** The public URL where none is given. */
export function defaultPublicUrl(listen: HttpListen, hasTls: boolean): string {
  return `${hasTls ? "https" : "http"}://${formatListen(listen)}`;
}

/**
 * Reads the origin of a web page, or "*" for all. Source: RFC 6454 §6.2.
 *
 * @returns undefined when it is none; a URL with a path is none.
 */
export function parseOrigin(text: string): string | undefined {
  if (text === "*") return text;
  if (!/^[a-z][a-z\d+.-]*:\/\/[^\s/?#@]+$/i.test(text) || !URL.canParse(text)) return undefined;
  const { protocol, host } = new URL(text);
  return host === "" ? undefined : `${protocol}//${host}`;
}

/**
 * Reads an IP address, or a network in CIDR notation.
 *
 * @returns undefined when it is none.
 */
export function parseNetwork(text: string): string | undefined {
  const [, address = "", bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const family = isIP(address);
  return family === 0 || Number(bits ?? 0) > (family === 6 ? 128 : 32) ? undefined : text;
}

/** Writes an address as `parseAddress` reads it. */
export function formatAddress({ host, port }: ListenAddress): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Whether what looks like a URL carries a user name or password, so that it must not be shown. */
export function hasUserInfo(text: string): boolean {
  return text.replaceAll(hostPlaceholder, "host").includes("@");
}

/**
 * Reads a URL that objects are put under: http or https, without user name, query and fragment. Slashes at its
 * end are dropped; a default port is left out, as clients leave it out of the Host header (RFC 9110 §4.2.3).
 *
 * @returns undefined when it is none.
 */
export function parseBaseUrl(text: string): string | undefined {
  if (!/^https?:\/\/[^/]/i.test(text) || /[\s\p{Cc}\\?#]/u.test(text)) return undefined;
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return undefined;
  }
  if (url.username !== "" || url.password !== "" || hasUserInfo(url.host)) return undefined;
  return `${url.protocol}//${url.host}${url.pathname}`.replace(/\/+$/, "");
}

/** Puts a served domain in the place of `@HOST@`. */
export function replaceHost(text: string, domain: string): string {
  return text.replaceAll(hostPlaceholder, domain);
}

/** Whether a host name or IP address, with or without brackets, is this machine's own. Source: RFC 6761 §6.3. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, "").toLowerCase();
  return (
    name === "localhost" || name.endsWith(".localhost") || name === "::1" || /^127(\.\d+){3}$/.test(name)
  );
}
