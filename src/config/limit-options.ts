import { z } from "zod";
import type { Purpose } from "../slot/purpose.ts";
import {
  byteSize,
  count,
  duration,
  expectedCount,
  expectedDuration,
  expectedFileSize,
  expectedSize,
  fileSize,
  perDomain,
  text,
} from "./option.ts";
import { parseAccess, parseLedgerUrl, parseTypeGlob } from "./values.ts";

const expectedWho = 'a list of domains, "*." and a domain, bare JIDs, or "*"';
const expectedTypes = 'a list of media types in which "*" stands for any text';

/** The options on who may upload, what, and for how long it is kept. */
export const whoAndWhatOptions = {
  access: {
    ...perDomain,
    schema: z.array(text(parseAccess)).min(1),
    kind: "list",
    expected: expectedWho,
    defaultWords: "the served domain",
    prose:
      'Who may request slots: domains, hosts (servers and components, by their JID) and bare JIDs; `"*.example.org"` is every host under a domain, `"*"` everyone.',
    example: '["example.org", "bot@example.net"]',
  },
  deny: {
    ...perDomain,
    schema: z.array(text(parseAccess)),
    kind: "list",
    expected: expectedWho,
    defaultWords: "nobody",
    prose: "Who may not request slots, even when `access` names them.",
    example: '["spammer@example.org", "gateway.example.org"]',
  },
  allowed_types: {
    ...perDomain,
    schema: z.array(text(parseTypeGlob)).min(1),
    kind: "list",
    expected: expectedTypes,
    defaultWords: "every type",
    prose:
      "The media types that may be uploaded, by what the client declares. Where types are restricted, a request that declares none is refused.",
    example: '["image/*", "video/mp4"]',
  },
  denied_types: {
    ...perDomain,
    schema: z.array(text(parseTypeGlob)),
    kind: "list",
    expected: expectedTypes,
    defaultWords: "no type",
    prose: "The media types that may not be uploaded, even when `allowed_types` has them.",
    example: '["text/html", "image/svg+xml"]',
  },
  retention: {
    ...perDomain,
    schema: duration,
    kind: "size",
    expected: expectedDuration,
    default: "30d",
    prose:
      'How long a file is kept: after that it is not served any more, and deleted. `"never"` and `"infinity"` keep files for ever. On S3 it needs a ledger; without one files stay until the bucket\'s own rules delete them.',
    example: '"30d"',
  },
} as const;

/** Where the ledger is. */
export const ledgerOptions = {
  "ledger.url": {
    ...perDomain,
    // The URL of a database may hold a password.
    isSecret: true,
    schema: text(parseLedgerUrl),
    kind: "text",
    expected: '"sqlite:PATH", "postgres://USER:PASSWORD@HOST/DATABASE" or "none"',
    defaultWords: '`"sqlite:slotd.db"` on disk, `"none"` on S3',
    prose:
      'Where slotd writes down who holds how much: an embedded database, a PostgreSQL that several slotd may share, or `"none"` for no record (then there are no quotas and rates). A relative path starts from `disk.path` on disk, and from the folder of the configuration file on S3.',
    example: '"sqlite:/var/lib/slotd/slotd.db"',
  },
} as const;

function bytesQuota<Example extends string>(prose: string, example: Example) {
  return {
    ...perDomain,
    schema: byteSize,
    kind: "size",
    expected: expectedSize,
    default: "infinity",
    prose,
    example: `"${example}"`,
  } as const;
}

function filesQuota<Of extends "user" | "user_daily" | "domain" | "total", Example extends string>(
  of: Of,
  prose: string,
  example: Example,
) {
  return {
    ...perDomain,
    schema: count,
    kind: "size",
    expected: expectedCount,
    defaultWords: `one for each 4 KiB of \`quota.${of}\``,
    prose,
    example,
  } as const;
}

/** How much, and how fast. */
export const limitOptions = {
  "quota.user": bytesQuota("How many bytes one bare JID may hold.", "1GiB"),
  "quota.user_files": filesQuota("user", "How many files one bare JID may hold.", "1000"),
  "quota.user_daily": bytesQuota("How many bytes one bare JID may upload in one day (UTC).", "100MiB"),
  "quota.user_daily_files": filesQuota(
    "user_daily",
    "How many files one bare JID may upload in one day (UTC).",
    "200",
  ),
  "quota.domain": bytesQuota("How many bytes may be held for the served domain.", "100GiB"),
  "quota.domain_files": filesQuota("domain", "How many files may be held for the served domain.", "100000"),
  "quota.total": {
    ...bytesQuota("How many bytes may be held in the whole ledger, for all domains.", "1TiB"),
    isPerDomain: false,
  },
  "quota.total_files": {
    ...filesQuota("total", "How many files may be held in the whole ledger, for all domains.", "1000000"),
    isPerDomain: false,
  },
  "quota.when_full": {
    ...perDomain,
    schema: z.enum(["refuse", "delete-oldest"]),
    kind: "text",
    expected: '"refuse" or "delete-oldest"',
    default: "refuse",
    prose:
      "What happens to a file over a quota: its slot is refused, or it is taken and the oldest files that count towards the quota are deleted when it is complete. Over `user_daily` a slot is always refused. With `quota.total` the same for every domain.",
    example: '"delete-oldest"',
  },
  "rate.slots_per_minute": {
    ...perDomain,
    schema: count,
    kind: "size",
    expected: expectedCount,
    default: "infinity",
    prose: "How many slots a minute one bare JID may request; a remote domain as a whole, too.",
    example: "60",
    unit: "slots",
  },
  "rate.burst": {
    ...perDomain,
    schema: z.int().min(1).max(1_000_000),
    kind: "integer",
    expected: "a whole number from 1 to 1000000",
    default: 50,
    unit: "slots",
    prose: "How many slots may be requested at once after a pause, before `rate.slots_per_minute` is felt.",
    example: "20",
  },
} as const;

function isEnabled<Words extends string>(purpose: Purpose, defaultWords: Words) {
  return {
    ...perDomain,
    schema: z.boolean(),
    kind: "boolean",
    expected: "true or false",
    defaultWords,
    prose: `Whether files for the purpose "${purpose}" are taken; only such purposes are announced (XEP-0363 1.2 §5).`,
    example: "true",
  } as const;
}

function retention<Words extends string>(purpose: Purpose, defaultWords: Words) {
  return {
    ...perDomain,
    schema: duration,
    kind: "size",
    expected: expectedDuration,
    defaultWords,
    prose: `How long files for the purpose "${purpose}" are kept.`,
    example: '"30d"',
  } as const;
}

function maxFileSize(purpose: Purpose) {
  return {
    ...perDomain,
    schema: fileSize,
    kind: "size",
    expected: expectedFileSize,
    defaultWords: "`max_file_size`",
    prose: `The largest file for the purpose "${purpose}".`,
    example: '"5MiB"',
  } as const;
}

function quota<Words extends string>(purpose: Purpose, defaultWords: Words) {
  return {
    ...perDomain,
    schema: byteSize,
    kind: "size",
    expected: expectedSize,
    defaultWords,
    prose: `How many bytes one bare JID may hold for the purpose "${purpose}"; they count towards \`quota.user\` too.`,
    example: '"20MiB"',
  } as const;
}

const none = '`"infinity"`';

/** What each purpose is allowed. */
export const purposeOptions = {
  "purpose.message.enabled": isEnabled("message", "`true`"),
  "purpose.message.retention": retention("message", "`retention`"),
  "purpose.message.max_file_size": maxFileSize("message"),
  "purpose.message.quota": quota("message", none),
  "purpose.profile.enabled": isEnabled("profile", "`true` on disk and with a ledger, else `false`"),
  "purpose.profile.retention": retention("profile", '`"never"`'),
  "purpose.profile.max_file_size": maxFileSize("profile"),
  "purpose.profile.quota": quota("profile", `\`"20MiB"\` with a ledger, else ${none}`),
  "purpose.ephemeral.enabled": isEnabled(
    "ephemeral",
    "`true` on disk and, with a ledger, in a private bucket, else `false`",
  ),
  "purpose.ephemeral.retention": retention("ephemeral", "`retention`"),
  "purpose.ephemeral.max_file_size": maxFileSize("ephemeral"),
  "purpose.ephemeral.quota": quota("ephemeral", none),
  "purpose.permanent.enabled": isEnabled("permanent", "`false`"),
  "purpose.permanent.retention": retention("permanent", '`"never"`'),
  "purpose.permanent.max_file_size": maxFileSize("permanent"),
  "purpose.permanent.quota": quota("permanent", none),
} as const;
