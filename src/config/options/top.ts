import { z } from "zod";
import { hostPlaceholder, parseDomain, replaceHost } from "../values.ts";
import { from, global, type Option, perDomain } from "./option.ts";
import type { Rule } from "./rule.ts";
import { fileSize, integer, oneOf, text } from "./types.ts";

const host = {
  ...perDomain,
  schema: z.string().refine((raw) => parseDomain(replaceHost(raw, "example.org")) !== undefined),
  kind: "text",
  expected: "a domain, in which @HOST@ stands for the served domain",
  apply: from(
    [],
    (_, { domain = "" }) =>
      (raw: string) =>
        parseDomain(replaceHost(raw, domain)) ?? "",
  ),
  default: `upload.${hostPlaceholder}`,
  prose:
    "The component's JID. slotd replaces `@HOST@` with each served domain; two domains must not share a JID.",
  example: '"upload.@HOST@"',
} as const satisfies Option;

export const backend = {
  ...perDomain,
  ...oneOf("s3", "disk"),
  default: "s3",
  prose: 'Where the files are stored: in an S3 bucket (`"s3"`), or on disk by slotd itself (`"disk"`).',
  example: '"disk"',
} as const satisfies Option;

export const maxFileSize = {
  ...perDomain,
  ...fileSize,
  default: 10485760,
  unit: "bytes",
  prose:
    'The maximum size of a file. `"50MiB"` is also valid (KB to TB are powers of 1000, KiB to TiB powers of 1024). `"infinity"` and `"undefined"` remove the limit; slotd never accepts a file over 1 TiB.',
  example: '"50MiB"',
} as const satisfies Option;

export const domains = {
  ...global,
  isMandatory: "always",
  schema: z
    .array(text(parseDomain))
    .min(1)
    .refine((list) => new Set(list).size === list.length),
  kind: "list",
  expected: "a list of one or more different domains",
  prose: "The XMPP domains to serve, with one component for each.",
  example: '["example.org"]',
} as const satisfies Option;

/** Who is served, and with what kind of slots. */
export const topOptions = {
  domains,
  host,
  backend,
  expiration_time: {
    ...perDomain,
    ...integer(1, 604800, "number of seconds", "7 days, the most that SigV4 allows"),
    default: 60,
    unit: "seconds",
    prose: "The lifetime of a PUT URL.",
    example: "60",
  },
  token_bytes: {
    ...perDomain,
    ...integer(
      8,
      96,
      "number of bytes",
      "fewer could be guessed; more, written as hex, would leave no room for a 255-byte file name in an S3 object key",
    ),
    default: 32,
    unit: "bytes",
    prose: "The number of random bytes in the URL's token. The URL has twice as many hexadecimal digits.",
    example: "32",
  },
  max_file_size: maxFileSize,
} as const satisfies Record<string, Option>;

/** Without `@HOST@` two domains would share a component. */
const hostRule: Rule = ({ domains, breach }) => {
  const owners = new Map<string, string>();
  for (const { domain, find } of domains) {
    const { value, setting } = find(host);
    if (value === undefined) continue;
    const owner = owners.get(value.is);
    if (value.is === "") {
      const got = `${JSON.stringify(replaceHost(String(setting?.value ?? host.default), domain))} for ${domain}`;
      breach(host, setting, { expected: host.expected, got, example: host });
    } else if (owner !== undefined) {
      breach(host, setting, {
        expected: "a different host for each domain",
        got: `${JSON.stringify(value.is)} for both ${owner} and ${domain}`,
        advice: `Put ${hostPlaceholder} into it, or set host in [domain.${JSON.stringify(domain)}].`,
        example: host,
      });
    } else owners.set(value.is, domain);
  }
};

export const topRules: readonly Rule[] = [hostRule];
