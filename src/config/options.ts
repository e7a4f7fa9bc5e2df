import { z } from "zod";
import { diskOptions, httpOptions } from "./http-options.ts";
import { ledgerOptions, limitOptions, purposeOptions, whoAndWhatOptions } from "./limit-options.ts";
import { expectedFileSize, fileSize, global, type Option, path, perDomain, secret, text } from "./option.ts";
import { s3Options } from "./s3-options.ts";
import { parseAddress, parseBaseUrl, parseDomain, parseListen, replaceHost } from "./values.ts";

/** Every option of slotd, once, in the order of the reference. */
export const options = {
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
  host: {
    ...perDomain,
    schema: z.string().refine((raw) => parseDomain(replaceHost(raw, "example.org")) !== undefined),
    kind: "text",
    expected: "a domain, in which @HOST@ stands for the served domain",
    default: "upload.@HOST@",
    prose: "The component's JID. `@HOST@` is replaced with each served domain; no two domains may share one.",
    example: '"upload.@HOST@"',
  },
  backend: {
    ...perDomain,
    schema: z.enum(["s3", "disk"]),
    kind: "text",
    expected: '"s3" or "disk"',
    default: "s3",
    prose: 'Who keeps the files: an S3 bucket (`"s3"`), or slotd itself (`"disk"`).',
    example: '"disk"',
  },
  expiration_time: {
    ...perDomain,
    schema: z.int().min(1).max(604800),
    kind: "integer",
    expected: "a whole number of seconds from 1 to 604800 (7 days, the most that SigV4 allows)",
    default: 60,
    unit: "seconds",
    prose: "After this time the PUT URL is invalid.",
    example: "60",
  },
  token_bytes: {
    ...perDomain,
    schema: z.int().min(8).max(96),
    kind: "integer",
    expected:
      "a whole number of bytes from 8 to 96 (fewer could be guessed; more, written as hex, would leave no room for a 255-byte file name in an S3 object key)",
    default: 32,
    unit: "bytes",
    prose: "Random bytes in the URL's token, which is written as hex: twice as many characters.",
    example: "32",
  },
  max_file_size: {
    ...perDomain,
    schema: fileSize,
    kind: "size",
    expected: expectedFileSize,
    default: 10485760,
    unit: "bytes",
    prose:
      'The largest file. `"50MiB"` is read too (KB to TB count in 1000, KiB to TiB in 1024); `"infinity"` or `"undefined"` switch the limit off, up to 1 TiB: no larger file is taken.',
    example: '"50MiB"',
  },
  ...whoAndWhatOptions,
  ...s3Options,
  "xmpp.address": {
    ...perDomain,
    schema: text((raw) => parseAddress(raw, 1)),
    kind: "text",
    expected: '"host:port" with a port from 1 to 65535 (an IPv6 address in brackets)',
    default: "127.0.0.1:5347",
    prose: "The XMPP server's component port.",
    example: '"127.0.0.1:5347"',
  },
  "xmpp.secret": {
    ...perDomain,
    isMandatory: "always",
    isSecret: true,
    schema: secret,
    kind: "text",
    expected: "a text that is not empty",
    prose: "The component secret, the same as in the XMPP server.",
    example: '"a long random text"',
  },
  "xmpp.tls": {
    ...perDomain,
    schema: z.boolean(),
    kind: "boolean",
    expected: "true or false",
    default: false,
    prose:
      "Connects to the component port with TLS from the first byte (ejabberd and MongooseIM offer that).",
    example: "true",
  },
  "xmpp.tls_ca": {
    ...perDomain,
    schema: path,
    kind: "text",
    expected: "the path of a PEM file",
    defaultWords: "the system's authorities",
    prose: "The certificate authorities to trust for `xmpp.tls`.",
    example: '"/etc/slotd/ca.pem"',
  },
  "disk.path": {
    ...perDomain,
    schema: path,
    kind: "text",
    expected: "a path",
    default: "./data",
    prose: 'Where the files live with `backend = "disk"`.',
    example: '"/var/lib/slotd"',
  },
  ...diskOptions,
  "http.listen": {
    ...perDomain,
    schema: text(parseListen),
    kind: "text",
    expected:
      '"host:port" with a port from 0 to 65535 (0 takes a free one; an IPv6 address in brackets), or "unix:" and the path of a socket',
    default: "127.0.0.1:5080",
    prose:
      "The address of the embedded HTTP server. A Unix socket is for a proxy on the same machine; its group may use it.",
    example: '"127.0.0.1:5080"',
  },
  "http.public_url": {
    ...perDomain,
    schema: z.string().refine((raw) => parseBaseUrl(replaceHost(raw, "example.org")) !== undefined),
    kind: "text",
    expected:
      "an http or https URL without user name, password, query or fragment, in which @HOST@ stands for the served domain",
    defaultWords: '`"http://"`, or with `http.tls.cert` `"https://"`, and `http.listen`',
    prose:
      "What clients reach `http.listen` by, mostly through a reverse proxy with TLS; `@HOST@` is replaced with the served domain.",
    example: '"https://upload.@HOST@"',
  },
  ...httpOptions,
  ...ledgerOptions,
  ...limitOptions,
  ...purposeOptions,
  shutdown_grace: {
    ...global,
    schema: z.int().min(0).max(3600),
    kind: "integer",
    expected: "a whole number of seconds from 0 to 3600",
    default: 30,
    unit: "seconds",
    prose: "How long uploads and downloads under way may take to finish when slotd is stopped.",
    example: "30",
  },
  "log.level": {
    ...global,
    schema: z.enum(["debug", "info", "warn", "error"]),
    kind: "text",
    expected: '"debug", "info", "warn" or "error"',
    default: "info",
    prose: "What is logged: this level and those above it.",
    example: '"info"',
  },
  "log.format": {
    ...global,
    schema: z.enum(["auto", "text", "json"]),
    kind: "text",
    expected: '"auto", "text" or "json"',
    default: "auto",
    prose: 'How it is logged; `"auto"` is text on a terminal and JSON elsewhere.',
    example: '"json"',
  },
  "ops.listen": {
    ...global,
    schema: z.union([z.literal("off").transform(() => undefined), text((raw) => parseAddress(raw, 0))]),
    kind: "text",
    expected: '"host:port" with a port from 0 to 65535 (0 takes a free one), or "off"',
    default: "127.0.0.1:5081",
    prose:
      'Where Prometheus finds the metrics (`/metrics`) and monitors the health (`/healthz`, `/readyz`); `"off"` for nowhere. Whoever reaches it may read it: keep it on loopback or a private network.',
    example: '"127.0.0.1:5081"',
  },
  "ops.socket": {
    ...global,
    schema: path,
    kind: "text",
    expected: "a path",
    defaultWords: "`/run/slotd/slotd.sock`, where that folder is there",
    prose: "The Unix socket that `slotd reload` talks to a running slotd by; only the user that runs it may.",
    example: '"/run/slotd/slotd.sock"',
  },
} as const satisfies Record<string, Option>;

export type OptionName = keyof typeof options;

/** The type of an option's value once it is read. */
export type OptionValue<Name extends OptionName> = z.output<(typeof options)[Name]["schema"]>;

/** The names of all options, in the order of the reference. */
export const optionNames = Object.keys(options) as readonly OptionName[];

/** The table that an option stands in: "s3", "purpose.message"; "" for the top of the file. */
export function tableOf(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf(".")));
}

/** What an option is called in its table. */
export function keyOf(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}

/** The tables that options stand in, and those that hold such tables. */
export const tableNames: readonly string[] = [
  ...new Set(optionNames.map(tableOf).flatMap((table) => [tableOf(table), table])),
].filter((table) => table !== "");

/** Whether an option has this dotted name. */
export function isOptionName(name: string): name is OptionName {
  return Object.hasOwn(options, name);
}

/** An option's entry in the table, by its general type. */
export function optionOf(name: OptionName): Option {
  return options[name];
}

/** Whether an option's value may stand in a file, which the key `<option>_file` names. */
export function hasFileKey(name: OptionName): boolean {
  const { isSecret, hasFile } = optionOf(name);
  return isSecret || hasFile === true;
}

/** The option whose value the key `<option>_file` names a file for; undefined for any other key. */
export function secretOfFileKey(key: string): OptionName | undefined {
  const name = key.endsWith("_file") ? key.slice(0, -"_file".length) : "";
  return isOptionName(name) && hasFileKey(name) ? name : undefined;
}

/** Every key that a configuration may hold: the options, and the file keys of those that have one. */
export const knownKeys: readonly string[] = optionNames.flatMap((name) =>
  hasFileKey(name) ? [name, `${name}_file`] : [name],
);

/** The environment variable of a key: `s3.region` is `SLOTD_S3_REGION`. */
export function variableOf(key: string): string {
  return `SLOTD_${key.toUpperCase().replaceAll(".", "_")}`;
}
