import { resolve } from "node:path";
import { domainToASCII } from "node:url";
import { checkHttp } from "./check-http.ts";
import { checkLimits } from "./check-limits.ts";
import { checkPlaces } from "./check-places.ts";
import { checkHosts, checkMandatory } from "./checks.ts";
import type { Config, DomainConfig, HttpConfig, HttpListen, S3Config, S3Credentials } from "./config.ts";
import { limitsOf } from "./limits.ts";
import type { OptionName, OptionValue } from "./options.ts";
import type { Problem } from "./problem.ts";
import { find, type Layers } from "./settings.ts";
import { defaultPublicUrl, parseBaseUrl, parseDomain, replaceHost } from "./values.ts";
import { warningsOf } from "./warnings.ts";

/** What the layers amount to. */
export interface Resolved {
  /** Absent when anything is wrong. */
  readonly config: Config | undefined;
  /** The domains served; undefined when `domains` is missing or wrong. */
  readonly domains: readonly string[] | undefined;
  readonly warnings: readonly string[];
}

/**
 * Makes the effective configuration of every domain, and adds a problem for each option that is missing or does
 * not fit another one.
 *
 * @param from the file as it was named, and the folder that relative paths start from.
 */
export function resolveConfig(
  layers: Layers,
  from: { readonly file: string | undefined; readonly folder: string },
  problems: Problem[],
): Resolved {
  const domains = find(layers, undefined, "domains").value?.is;
  checkMandatory(layers, domains ?? [], from.file, problems);
  checkHosts(layers, domains ?? [], from.file, problems);
  checkLimits(layers, domains ?? [], problems);
  checkHttp(layers, domains ?? [], problems);
  if (problems.length > 0 || domains === undefined) return { config: undefined, domains, warnings: [] };
  const config: Config = {
    domains: domains.map((domain) => domainConfig(layers, domain, from.folder)),
    shutdownGrace: inForce(layers, undefined, "shutdown_grace"),
    log: { level: inForce(layers, undefined, "log.level"), format: inForce(layers, undefined, "log.format") },
    ops: opsConfig(layers, from.folder),
    disk: {
      reserve: inForce(layers, undefined, "disk.reserve"),
      fsync: inForce(layers, undefined, "disk.fsync"),
    },
    http: httpConfig(layers, from.folder),
  };
  checkPlaces(config, from.file, problems);
  return { config, domains, warnings: warningsOf(config) };
}

function httpConfig(layers: Layers, folder: string): HttpConfig {
  const value = <Name extends OptionName>(name: Name) => inForce(layers, undefined, name);
  return {
    tls: tlsFiles(layers, folder),
    corsOrigins: value("http.cors_origins"),
    inlineTypes: value("http.inline_types"),
    cache: value("http.cache"),
    maxUploads: value("http.max_uploads"),
    maxUploadsPerAddress: value("http.max_uploads_per_address"),
    maxDownloads: value("http.max_downloads"),
    maxDownloadsPerAddress: value("http.max_downloads_per_address"),
    minRate: value("http.min_rate"),
    idleTimeout: value("http.idle_timeout"),
    trustedProxies: value("http.trusted_proxies"),
  };
}

/** That there is none or both has been checked. */
function tlsFiles(layers: Layers, folder: string): HttpConfig["tls"] {
  const cert = find(layers, undefined, "http.tls.cert").value?.is;
  const key = find(layers, undefined, "http.tls.key").value?.is;
  return cert === undefined || key === undefined
    ? undefined
    : { cert: resolve(folder, cert), key: resolve(folder, key) };
}

function opsConfig(layers: Layers, folder: string): Config["ops"] {
  const socket = find(layers, undefined, "ops.socket").value?.is;
  return {
    listen: inForce(layers, undefined, "ops.listen"),
    socket: socket === undefined ? undefined : resolve(folder, socket),
  };
}

function domainConfig(layers: Layers, domain: string, folder: string): DomainConfig {
  const value = <Name extends OptionName>(name: Name) => inForce(layers, domain, name);
  const backend = value("backend");
  const given = value("http.listen");
  const listen = "unix" in given ? { unix: resolve(folder, given.unix) } : given;
  const diskPath = resolve(folder, value("disk.path"));
  const tlsCa = find(layers, domain, "xmpp.tls_ca").value?.is;
  return {
    domain,
    host: parseDomain(replaceHost(value("host"), domain)) ?? "",
    backend,
    expirationTime: value("expiration_time"),
    tokenBytes: value("token_bytes"),
    maxFileSize: value("max_file_size"),
    ...limitsOf(layers, domain, backend === "disk" ? diskPath : folder),
    xmpp: {
      address: value("xmpp.address"),
      secret: value("xmpp.secret"),
      tls: value("xmpp.tls"),
      tlsCa: tlsCa === undefined ? undefined : resolve(folder, tlsCa),
    },
    s3: backend === "s3" ? s3Config(layers, domain, folder) : undefined,
    disk: { path: diskPath },
    http: { listen, publicUrl: publicUrl(layers, domain, listen) },
  };
}

function s3Config(layers: Layers, domain: string, folder: string): S3Config {
  const value = <Name extends OptionName>(name: Name) => inForce(layers, domain, name);
  const bucketUrl = value("s3.bucket_url");
  return {
    bucketUrl,
    region: value("s3.region"),
    access: value("s3.access"),
    publicUrl: find(layers, domain, "s3.public_url").value?.is ?? bucketUrl,
    getExpirationTime: value("s3.get_expiration_time"),
    upload: value("s3.upload"),
    credentials: s3Credentials(layers, domain, folder),
    addAcl: value("s3.add_acl"),
  };
}

function s3Credentials(layers: Layers, domain: string, folder: string): S3Credentials {
  const kind = inForce(layers, domain, "s3.credentials");
  if (kind === "file") return { kind, path: resolve(folder, inForce(layers, domain, "s3.credentials_file")) };
  if (kind === "aws") return { kind };
  const file = (name: OptionName) => find(layers, domain, name).setting?.file;
  return {
    kind,
    accessKeyId: inForce(layers, domain, "s3.access_key_id"),
    secretAccessKey: inForce(layers, domain, "s3.secret_access_key"),
    sessionToken: find(layers, domain, "s3.session_token").value?.is,
    files: {
      accessKeyId: file("s3.access_key_id"),
      secretAccessKey: file("s3.secret_access_key"),
      sessionToken: file("s3.session_token"),
    },
  };
}

/** That it is given where slotd listens on a Unix socket has been checked. */
function publicUrl(layers: Layers, domain: string, listen: HttpListen): string {
  const given = find(layers, domain, "http.public_url").value?.is;
  if (given === undefined) {
    const hasTls = find(layers, undefined, "http.tls.cert").value !== undefined;
    return defaultPublicUrl(listen, hasTls);
  }
  const url = parseBaseUrl(replaceHost(given, domainToASCII(domain)));
  if (url === undefined) throw new Error("http.public_url passed its schema and is no URL");
  return url;
}

/** Called once all that is mandatory was found to be there. */
function inForce<Name extends OptionName>(
  layers: Layers,
  domain: string | undefined,
  name: Name,
): OptionValue<Name> {
  const { value } = find(layers, domain, name);
  if (value === undefined) throw new Error(`${name} was checked and is not there`);
  return value.is;
}
