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
  prose: "The component's JID. `@HOST@` is replaced with each served domain; no two domains may share one.",
  example: '"upload.@HOST@"',
} as const satisfies Option;

export const backend = {
  ...perDomain,
  ...oneOf("s3", "disk"),
  default: "s3",
  prose: 'Who keeps the files: an S3 bucket (`"s3"`), or slotd itself (`"disk"`).',
  example: '"disk"',
} as const satisfies Option;

export const maxFileSize = {
  ...perDomain,
  ...fileSize,
  default: 10485760,
  unit: "bytes",
  prose:
    'The largest file. `"50MiB"` is read too (KB to TB count in 1000, KiB to TiB in 1024); `"infinity"` or `"undefined"` switch the limit off, up to 1 TiB: no larger file is taken.',
  example: '"50MiB"',
} as const satisfies Option;

/** Who is served, and with what kind of slots. */
export const topOptions = {
  domains: {
    ...global,
    isMandatory: "always",
    schema: z
      .array(text(parseDomain))
      .min(1)
      .refine((list) => new Set(list).size === list.length),
    kind: "list",
    expected: "a list of one or more different domains",
    prose: "The XMPP domains served. Each gets a component of its own.",
    example: '["example.org"]',
  },
  host,
  backend,
  expiration_time: {
    ...perDomain,
    ...integer(1, 604800, "number of seconds", "7 days, the most that SigV4 allows"),
    default: 60,
    unit: "seconds",
    prose: "After this time the PUT URL is invalid.",
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
    prose: "Random bytes in the URL's token, which is written as hex: twice as many characters.",
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
