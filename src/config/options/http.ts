import { domainToASCII } from "node:url";
import { z } from "zod";
import { defaultPublicUrl, parseBaseUrl, parseNetwork, parseOrigin, replaceHost } from "../values.ts";
import { hasFormer } from "./former.ts";
import { from, global, type Option, perDomain } from "./option.ts";
import { hasReceiver } from "./receivers.ts";
import type { Rule, Scope } from "./rule.ts";
import { bucketAccess, bucketUrl, s3Options, uploadWay } from "./s3.ts";
import { backend } from "./top.ts";
import { byteSizeOrNone, integer, listen as listenType, oneOf, path, text } from "./types.ts";

const tlsCert = {
  ...global,
  ...path("the path of a PEM file"),
  defaultWords: "none: plain HTTP",
  prose:
    "The certificate of the HTTP server, followed by its chain of issuers. With this option and `http.tls.key`, slotd serves HTTPS itself. slotd reads both files again when they change; open connections continue.",
  example: '"/etc/letsencrypt/live/upload.example.org/fullchain.pem"',
} as const satisfies Option;

const tlsKey = {
  ...global,
  ...path("the path of a PEM file"),
  defaultWords: "none: plain HTTP",
  prose: "The private key of that certificate, without a passphrase.",
  example: '"/etc/letsencrypt/live/upload.example.org/privkey.pem"',
} as const satisfies Option;

const listen = {
  ...perDomain,
  ...listenType,
  default: "127.0.0.1:5080",
  prose:
    "The address of the embedded HTTP server. A proxy on the same machine can use a Unix socket, to which the socket's group has access.",
  example: '"127.0.0.1:5080"',
} as const satisfies Option;

const publicUrl = {
  ...perDomain,
  schema: z.string().refine((raw) => parseBaseUrl(replaceHost(raw, "example.org")) !== undefined),
  kind: "text",
  expected:
    "an http or https URL without user name, password, query or fragment, in which @HOST@ stands for the served domain",
  apply: from(
    [],
    (_, { domain = "" }) =>
      (raw: string) =>
        parseBaseUrl(replaceHost(raw, domainToASCII(domain))) ?? raw,
  ),
  derived: from([listen, tlsCert], ([address, cert]) => defaultPublicUrl(address, cert !== undefined)),
  defaultWords: '`"http://"`, or with `http.tls.cert` `"https://"`, and `http.listen`',
  prose:
    "The URL at which clients reach `http.listen`, usually through a reverse proxy with TLS. slotd replaces `@HOST@` with the served domain.",
  example: '"https://upload.@HOST@"',
} as const satisfies Option;

/** The embedded HTTP server. */
export const httpOptions = {
  "http.listen": listen,
  "http.public_url": publicUrl,
  "http.tls.cert": tlsCert,
  "http.tls.key": tlsKey,
  "http.cors_origins": {
    ...global,
    schema: z.array(text(parseOrigin)).min(1),
    kind: "list",
    expected: 'a list of origins such as "https://chat.example.org", or ["*"]',
    default: ["*"],
    prose:
      'The origins of the web clients that may upload and download. `"*"` allows every origin. This is safe, because requests use neither cookies nor passwords.',
    example: '["https://chat.example.org"]',
  },
  "http.inline_types": {
    ...global,
    schema: z.array(z.string().regex(/^[\w!#$&^.+-]+\/(?:\*|[\w!#$&^.+-]+)$/)),
    kind: "list",
    expected: 'a list of media types such as "text/plain" or "image/*"',
    default: ["image/*", "audio/*", "video/*", "text/plain"],
    prose:
      'The media types that browsers may display; browsers download all others. `"image/*"` excludes SVG and other XML types, which can contain scripts; list these by name. Scripts in displayed files do not run.',
    example: '["image/*", "audio/*", "video/*", "text/plain", "application/pdf"]',
  },
  "http.cache": {
    ...global,
    ...oneOf("public", "private"),
    default: "public",
    prose:
      'Which caches may keep a copy of a file until it expires: every cache, such as a CDN in front of slotd (`"public"`), or only the requesting browser (`"private"`).',
    example: '"private"',
  },
  "http.max_uploads": {
    ...global,
    ...integer(1, 1_000_000),
    default: 1000,
    prose:
      "The maximum number of simultaneous uploads. slotd refuses further uploads with 503 and Retry-After.",
    example: "1000",
  },
  "http.max_uploads_per_address": {
    ...global,
    ...integer(1, 1_000_000),
    default: 50,
    prose:
      "The same limit for one client address (for IPv6, one /64 network). slotd refuses further uploads with 429. Behind a proxy, see `http.trusted_proxies`.",
    example: "50",
  },
  "http.max_downloads": {
    ...global,
    ...integer(1, 1_000_000),
    default: 2000,
    prose:
      "The maximum number of simultaneous downloads of files over 128 KiB, and, counted separately, of smaller files. slotd refuses further downloads with 503 and Retry-After. A download whose client reads nothing uses about 50 KiB of memory and a file descriptor.",
    example: "2000",
  },
  "http.max_downloads_per_address": {
    ...global,
    ...integer(1, 1_000_000),
    default: 500,
    prose:
      "The same limit for one client address (for IPv6, one /64 network). slotd refuses further downloads with 429. All clients behind one NAT, or behind a proxy that sends no X-Forwarded-For, share one address, and all members of a room fetch a posted picture at once.",
    example: "500",
  },
  "http.min_rate": {
    ...global,
    ...byteSizeOrNone("1KiB"),
    default: "1KiB",
    unit: "a second",
    prose:
      "The minimum rate of an upload, averaged over half a minute. slotd ends a slower upload with 408. It also ends an upload that would take more than 23 hours at its rate, because no upload may take longer than that. 0 disables both checks, but not the limit of 23 hours. Time that slotd's own disk takes does not count.",
    example: '"1KiB"',
  },
  "http.idle_timeout": {
    ...global,
    ...integer(1, 86400, "number of seconds"),
    default: 75,
    unit: "seconds",
    prose:
      "The time after which slotd closes an idle connection, between two requests or during a transfer. The head of a request may take at most 20 seconds. Set this option higher than the idle timeout of a proxy's connections (nginx: 60).",
    example: "75",
  },
  "http.trusted_proxies": {
    ...global,
    schema: z.array(text(parseNetwork)),
    kind: "list",
    expected: 'a list of IP addresses and networks such as "10.0.0.0/8"',
    default: ["127.0.0.0/8", "::1"],
    prose:
      "The proxies whose X-Forwarded-For slotd trusts. This header provides the client address for the log, for `http.max_uploads_per_address` and for `http.max_downloads_per_address`. slotd always trusts a Unix socket.",
    example: '["127.0.0.0/8", "::1", "10.1.2.3"]',
  },
} as const satisfies Record<string, Option>;

/** A certificate has a key, and a key a certificate. */
const tlsRule: Rule = ({ whole, breach }) => {
  for (const [option, other, name] of [
    [tlsCert, tlsKey, "http.tls.key"],
    [tlsKey, tlsCert, "http.tls.cert"],
  ] as const) {
    const { setting } = whole.find(option);
    if (setting === undefined || whole.find(other).setting !== undefined) continue;
    const expected = `${name} beside it: ${other.expected}`;
    breach(option, setting, { expected, got: "nothing there", example: other });
  }
};

/** Nobody can guess what a Unix socket is reached by. */
const socketRule: Rule = ({ domains, named, breach }) => {
  for (const scope of domains) {
    const { setting, value } = scope.find(listen);
    const isSocket = value !== undefined && "unix" in value.is;
    const isReached = isUsed(scope) || hasFormer(named, scope.domain) || hasReceiver(named, scope.domain);
    if (!isReached || !isSocket || setting === undefined) continue;
    if (scope.find(publicUrl).setting !== undefined) continue;
    breach(listen, setting, {
      expected: "http.public_url beside it: what clients reach the Unix socket by, through a proxy",
      got: "nothing there",
      example: publicUrl,
    });
    return;
  }
};

/**
 * No two buckets are reached by the same URL: the HTTP server would not know which of them is meant. Folders may
 * share one: a file says where it belongs.
 */
const bucketRule: Rule = ({ domains, breach }) => {
  const owners = new Map<string, { readonly domain: string; readonly bucket: string | undefined }>();
  for (const scope of domains) {
    const { setting, value } = scope.find(publicUrl);
    if (!isUsed(scope) || value === undefined) continue;
    const bucket = bucketOf(scope);
    const owner = owners.get(value.is);
    if (owner === undefined) owners.set(value.is, { domain: scope.domain, bucket });
    else if (owner.bucket !== bucket) {
      breach(publicUrl, setting, {
        expected: "a URL of its own for each bucket that is reached through slotd",
        got: `${JSON.stringify(value.is)} for both ${owner.domain} and ${scope.domain}`,
        advice: `Put @HOST@ into it, or set http.public_url in [domain.${JSON.stringify(scope.domain)}].`,
        example: publicUrl,
      });
    }
  }
};

/** Whether new files of this domain are reached through slotd's HTTP server. */
function isUsed({ find }: Scope): boolean {
  if (find(backend).value?.is === "disk") return true;
  return find(bucketAccess).value?.is === "private" || find(uploadWay).value?.is === "proxy";
}

/** What tells one bucket, reached with one key, from another; undefined on disk. */
function bucketOf({ find }: Scope): string | undefined {
  if (find(backend).value?.is === "disk") return undefined;
  const { "s3.region": region, "s3.credentials": kind, "s3.credentials_file": file } = s3Options;
  const { "s3.access_key_id": id, "s3.secret_access_key": secret, "s3.session_token": token } = s3Options;
  const told = [bucketUrl, region, kind, file, id, secret, token];
  return JSON.stringify(told.map((option) => find<Option>(option).value?.is ?? null));
}

export const httpRules: readonly Rule[] = [tlsRule, socketRule, bucketRule];
