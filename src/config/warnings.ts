import type { Config, DomainConfig } from "./config.ts";
import { usesHttp } from "./places.ts";
import { isLoopback } from "./values.ts";

/** Says, each once, what works and is probably not wanted. No secret is in it. */
export function warningsOf({ domains }: Config): string[] {
  const served = new Set(domains.map(({ domain }) => domain));
  return [...new Set(domains.flatMap((domain) => domainWarnings(domain, served)))];
}

function domainWarnings(config: DomainConfig, served: ReadonlySet<string>): string[] {
  const { tokenBytes, s3, http, xmpp, host } = config;
  const warnings: string[] = [];
  if (tokenBytes < 16) {
    warnings.push(
      `token_bytes: ${tokenBytes} random bytes are few; use 16 or more, so that nobody can guess the URL of a file.`,
    );
  }
  if (s3 !== undefined && isOpenHttp(s3.bucketUrl)) {
    warnings.push(
      `s3.bucket_url: ${s3.bucketUrl} is not https: files travel unencrypted, and some clients refuse it.`,
    );
  }
  if (usesHttp(config) && isOpenHttp(http.publicUrl)) {
    warnings.push(
      `http.public_url: ${http.publicUrl} is not https: some clients refuse it. Configure a reverse proxy with TLS in front of slotd, and set its https URL here.`,
    );
  }
  if (s3?.access === "private" && s3.publicUrl !== s3.bucketUrl) {
    warnings.push(
      's3.public_url: it has no effect with s3.access = "private"; GET URLs begin with http.public_url.',
    );
  }
  if (xmpp.tlsCa !== undefined && !xmpp.tls) {
    warnings.push("xmpp.tls_ca: it has no effect if xmpp.tls is false.");
  }
  if (served.has(host)) {
    warnings.push(
      `host: ${host} is one of the served domains; XMPP servers refuse a component with that name.`,
    );
  }
  return warnings;
}

function isOpenHttp(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === "http:" && !isLoopback(hostname);
}
