import type { Config, DomainConfig, S3Config } from "./config.ts";
import { limitValuesOf } from "./describe-limits.ts";
import { keyOf, type OptionName, optionNames, optionOf, tableOf } from "./options.ts";
import { defaultPublicUrl, formatAddress, formatListen, parseByteSize, replaceHost } from "./values.ts";

/** What stands in the place of a secret. */
const redacted = "(redacted)";

export type TomlValue = string | number | boolean | readonly string[];

/**
 * Writes what is in force as TOML that slotd would read: one table for each domain, `# default` after a value
 * that is the default, and "(redacted)" for each secret. Ends with a line break.
 */
export function describeConfig(config: Config): string {
  const top = [
    line(
      "domains",
      "domains",
      config.domains.map(({ domain }) => domain),
    ),
    line("shutdown_grace", "shutdown_grace", config.shutdownGrace),
  ];
  const log = [
    "[log]",
    line("level", "log.level", config.log.level),
    line("format", "log.format", config.log.format),
  ];
  const total = config.domains[0]?.quota.total;
  const quota = [
    "[quota]",
    line("total", "quota.total", total?.bytes ?? "infinity"),
    line("total_files", "quota.total_files", total?.files ?? "infinity"),
  ];
  const ops = [
    "[ops]",
    line("listen", "ops.listen", config.ops.listen === undefined ? "off" : formatAddress(config.ops.listen)),
    ...(config.ops.socket === undefined ? [] : [line("socket", "ops.socket", config.ops.socket)]),
  ];
  const { disk, http } = config;
  const diskBlock = [
    "[disk]",
    line("reserve", "disk.reserve", sizeText("disk.reserve", disk.reserve)),
    line("fsync", "disk.fsync", disk.fsync),
  ];
  const blocks = [
    top,
    log,
    diskBlock,
    ...httpBlocks(http),
    ops,
    quota,
    ...config.domains.flatMap(domainBlocks),
  ];
  return blocks.map((lines) => `${lines.join("\n")}\n`).join("\n");
}

function httpBlocks(http: Config["http"]): string[][] {
  const block = [
    "[http]",
    line("cors_origins", "http.cors_origins", http.corsOrigins),
    line("inline_types", "http.inline_types", http.inlineTypes),
    line("cache", "http.cache", http.cache),
    line("max_uploads", "http.max_uploads", http.maxUploads),
    line("max_uploads_per_address", "http.max_uploads_per_address", http.maxUploadsPerAddress),
    line("max_downloads", "http.max_downloads", http.maxDownloads),
    line("max_downloads_per_address", "http.max_downloads_per_address", http.maxDownloadsPerAddress),
    line("min_rate", "http.min_rate", sizeText("http.min_rate", http.minRate)),
    line("idle_timeout", "http.idle_timeout", http.idleTimeout),
    line("trusted_proxies", "http.trusted_proxies", http.trustedProxies),
  ];
  if (http.tls === undefined) return [block];
  const tls = [
    "[http.tls]",
    line("cert", "http.tls.cert", http.tls.cert),
    line("key", "http.tls.key", http.tls.key),
  ];
  return [block, tls];
}

/** The default as it is written, or the number of bytes. */
function sizeText(name: OptionName, bytes: number): TomlValue {
  const fallback = optionOf(name).default;
  return typeof fallback === "string" && parseByteSize(fallback) === bytes ? fallback : bytes;
}

function domainBlocks(config: DomainConfig): string[][] {
  const blocks = new Map<string, string[]>();
  const values = valuesOf(config);
  for (const name of optionNames) {
    const value = values[name];
    if (value === undefined) continue;
    const table = tableOf(name);
    const header = ["domain", JSON.stringify(config.domain), ...(table === "" ? [] : [table])].join(".");
    const block = blocks.get(header) ?? [`[${header}]`];
    blocks.set(header, [...block, line(keyOf(name), name, value, defaultOf(name, config))]);
  }
  return [...blocks.values()];
}

/** What a domain's own table may hold. */
function valuesOf({
  s3,
  xmpp,
  http,
  ...config
}: DomainConfig): Partial<Record<OptionName, TomlValue | undefined>> {
  return {
    host: config.host,
    backend: config.backend,
    expiration_time: config.expirationTime,
    token_bytes: config.tokenBytes,
    max_file_size: config.maxFileSize ?? "infinity",
    ...limitValuesOf(config),
    ...(s3 && s3Values(s3)),
    "xmpp.address": formatAddress(xmpp.address),
    "xmpp.secret": redacted,
    "xmpp.tls": xmpp.tls,
    "xmpp.tls_ca": xmpp.tlsCa,
    "disk.path": config.disk.path,
    "http.listen": formatListen(http.listen),
    "http.public_url": http.publicUrl,
  };
}

function s3Values(s3: S3Config): Partial<Record<OptionName, TomlValue | undefined>> {
  const { credentials } = s3;
  return {
    "s3.bucket_url": s3.bucketUrl,
    "s3.region": s3.region,
    "s3.access": s3.access,
    "s3.public_url": s3.publicUrl,
    "s3.get_expiration_time": s3.getExpirationTime,
    "s3.upload": s3.upload,
    "s3.credentials": credentials.kind,
    ...(credentials.kind === "file" && { "s3.credentials_file": credentials.path }),
    ...(credentials.kind === "static" && {
      "s3.access_key_id": credentials.accessKeyId,
      "s3.secret_access_key": redacted,
      "s3.session_token": credentials.sessionToken === undefined ? undefined : redacted,
    }),
    "s3.add_acl": s3.addAcl,
  };
}

function defaultOf(name: OptionName, { domain, http, s3 }: DomainConfig): TomlValue | undefined {
  if (name === "host") return replaceHost(String(optionOf(name).default), domain);
  if (name === "access") return [domain];
  if (name === "deny" || name === "denied_types") return [];
  if (name === "s3.public_url") return s3?.bucketUrl;
  if (name === "http.public_url") return defaultPublicUrl(http.listen, false);
  return optionOf(name).default;
}

function line(
  key: string,
  name: OptionName,
  value: TomlValue,
  fallback: TomlValue | undefined = optionOf(name).default,
): string {
  const text = tomlText(value);
  return `${key} = ${text}${fallback !== undefined && tomlText(fallback) === text ? " # default" : ""}`;
}

/** Writes a text, number, boolean or list of texts as TOML 1.0. */
export function tomlText(value: TomlValue): string {
  if (typeof value === "string") {
    // JSON's escapes are TOML's too, but JSON leaves DEL and what steers a terminal above it as they are.
    return JSON.stringify(value.toWellFormed()).replace(
      /\p{Cc}/gu,
      (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
  }
  return typeof value === "object" ? `[${value.map(tomlText).join(", ")}]` : String(value);
}
