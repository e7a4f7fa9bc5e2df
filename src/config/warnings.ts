import type { Config, DomainConfig } from "./config.ts";
import { componentSecret, takesUploads, usesHttp } from "./places.ts";
import { isLoopback } from "./values.ts";

/** Says, each once, what works and is probably not wanted. No secret is in it. */
export function warningsOf({ domains }: Config): string[] {
  const served = new Set(domains.map(({ domain }) => domain));
  return [
    ...new Set(domains.flatMap((domain) => [...domainWarnings(domain, served), ...askedWarnings(domain)])),
  ];
}

/** What ejabberd up to 25.07 does to the URLs that service_url gives it, seen on 23.01. */
function askedWarnings(config: DomainConfig): string[] {
  const { service_url: tables, http } = config;
  const isDirect = !takesUploads(config);
  const isPlain = /^https?:\/\/[A-Za-z0-9_.:/-]+$/.test(http.publicUrl);
  return tables.flatMap(({ name }) => [
    ...(isDirect
      ? [
          `service_url.${name}: ejabberd up to 25.07 changes PUT URLs of the bucket, and uploads fail. With s3.upload = "proxy" slotd accepts the changed URLs.`,
        ]
      : []),
    ...(isPlain
      ? []
      : [
          `service_url.${name}: ejabberd up to 25.07 changes a URL that begins with http.public_url = ${http.publicUrl}. Use letters, digits, "-", ".", "_", ":" and "/" only.`,
        ]),
  ]);
}

function domainWarnings(config: DomainConfig, served: ReadonlySet<string>): string[] {
  const { tokenBytes, s3, http, xmpp, host, receivers, service_url: tables } = config;
  const warnings: string[] = [];
  if (tokenBytes < 16) {
    warnings.push(
      `token_bytes: ${tokenBytes} random bytes are few; with 16 or more nobody can guess a file's URL.`,
    );
  }
  if (s3 !== undefined && isOpenHttp(s3.bucketUrl)) {
    warnings.push(
      `s3.bucket_url: ${s3.bucketUrl} is not https: files travel unencrypted, and some clients refuse it.`,
    );
  }
  if (usesHttp(config) && isOpenHttp(http.publicUrl)) {
    warnings.push(
      `http.public_url: ${http.publicUrl} is not https: some clients refuse it. Put a reverse proxy with TLS before slotd, and its https URL here.`,
    );
  }
  if (s3?.access === "private" && s3.publicUrl !== s3.bucketUrl) {
    warnings.push(
      's3.public_url: it has no effect with s3.access = "private"; GET URLs begin with http.public_url.',
    );
  }
  if (componentSecret(config) === undefined && receivers.length + tables.length === 0) {
    warnings.push(
      `xmpp.component: it is "off", and ${config.domain} has no [receivers.NAME] and no [service_url.NAME], so nobody can upload.`,
    );
  }
  if (xmpp.tlsCa !== undefined && !xmpp.tls) {
    warnings.push("xmpp.tls_ca: it has no effect while xmpp.tls is false.");
  }
  if (served.has(host)) {
    warnings.push(
      `host: ${host} is one of the domains served; XMPP servers refuse a component of that name.`,
    );
  }
  return warnings;
}

function isOpenHttp(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === "http:" && !isLoopback(hostname);
}
