import type { Purpose } from "../../slot/purpose.ts";
import type { Bytes, Seconds } from "../../slot/slot.ts";
import { hasLedger, ledgerUrl, neededLedger } from "./ledger.ts";
import { type Derived, from, type Option, perDomain } from "./option.ts";
import type { Rule, Scope } from "./rule.ts";
import { bucketAccess } from "./s3.ts";
import { backend, maxFileSize } from "./top.ts";
import { boolean, byteSize, duration, fileSize } from "./types.ts";

/**
 * What one JID may hold for its profile where a ledger counts: enough for avatars and covers, too little for a store.
 */
const profileQuota: Bytes = 20 * 1024 * 1024;

const always = from([], () => true);
const never = from([], () => false);
/** On disk a file carries its own time; of a bucket only a ledger knows it. */
const whereExpiryIsKnown = from(
  [backend, ledgerUrl],
  ([where, ledger]) => where === "disk" || ledger.kind !== "none",
);
/** Where a file can be withdrawn to the second, and is deleted then. */
const whereWithdrawn = from(
  [backend, bucketAccess, ledgerUrl],
  ([where, access, ledger]) => where === "disk" || (access === "private" && ledger.kind !== "none"),
);
const forEver = from([], (): Seconds | undefined => undefined);

export const retention = {
  ...perDomain,
  ...duration,
  derived: from([backend, ledgerUrl], ([where, ledger]): Seconds | undefined =>
    where === "disk" || ledger.kind !== "none" ? 30 * 86400 : undefined,
  ),
  defaultWords: '`"30d"`; `"never"` on S3 without a ledger',
  prose:
    'How long slotd keeps a file. After that time slotd no longer serves the file, and deletes it. `"never"` and `"infinity"` disable the expiry. On S3 this option needs a ledger; without one, files remain until the bucket\'s own rules delete them.',
  example: '"30d"',
} as const satisfies Option;

const noQuota = from([], (): Bytes | undefined => undefined);
const quotaWithLedger = from([ledgerUrl], ([ledger]): Bytes | undefined =>
  ledger.kind === "none" ? undefined : profileQuota,
);

/** What is in force where an option is not given. */
interface Otherwise<Value> {
  readonly derived: Derived<Value>;
  readonly defaultWords: string;
}

function isEnabled(purpose: Purpose, otherwise: Otherwise<boolean>) {
  return {
    ...perDomain,
    ...boolean,
    ...otherwise,
    prose: `Whether slotd accepts files for the purpose "${purpose}". slotd announces only enabled purposes (XEP-0363 1.2 §5).`,
    example: "true",
  } as const;
}

function retentionOf(purpose: Purpose, otherwise: Otherwise<Seconds | undefined>) {
  return {
    ...perDomain,
    ...duration,
    ...otherwise,
    prose: `How long slotd keeps files for the purpose "${purpose}".`,
    example: '"30d"',
  } as const;
}

function maxFileSizeOf(purpose: Purpose) {
  return {
    ...perDomain,
    ...fileSize,
    derived: from([maxFileSize], ([size]) => size),
    defaultWords: "`max_file_size`",
    prose: `The maximum size of a file for the purpose "${purpose}".`,
    example: '"5MiB"',
  } as const;
}

function quotaOf(purpose: Purpose, otherwise: Otherwise<Bytes | undefined>) {
  return {
    ...perDomain,
    ...byteSize,
    ...otherwise,
    prose: `The maximum total size of one bare JID's files for the purpose "${purpose}". They also count towards \`quota.user\`.`,
    example: '"20MiB"',
  } as const;
}

const asRetention = { derived: from([retention], ([time]) => time), defaultWords: "`retention`" };
const keptForEver = { derived: forEver, defaultWords: '`"never"`' };
const unlimited = { derived: noQuota, defaultWords: '`"infinity"`' };

const ephemeralEnabled = isEnabled("ephemeral", {
  derived: whereWithdrawn,
  defaultWords: "`true` on disk, and in a private bucket with a ledger, else `false`",
});

/** What each purpose is allowed. */
export const purposeOptions = {
  "purpose.message.enabled": isEnabled("message", { derived: always, defaultWords: "`true`" }),
  "purpose.message.retention": retentionOf("message", asRetention),
  "purpose.message.max_file_size": maxFileSizeOf("message"),
  "purpose.message.quota": quotaOf("message", unlimited),
  "purpose.profile.enabled": isEnabled("profile", {
    derived: whereExpiryIsKnown,
    defaultWords: "`true` on disk, and on S3 with a ledger, else `false`",
  }),
  "purpose.profile.retention": retentionOf("profile", keptForEver),
  "purpose.profile.max_file_size": maxFileSizeOf("profile"),
  "purpose.profile.quota": quotaOf("profile", {
    derived: quotaWithLedger,
    defaultWords: '`"20MiB"` with a ledger, else `"infinity"`',
  }),
  "purpose.ephemeral.enabled": ephemeralEnabled,
  "purpose.ephemeral.retention": retentionOf("ephemeral", asRetention),
  "purpose.ephemeral.max_file_size": maxFileSizeOf("ephemeral"),
  "purpose.ephemeral.quota": quotaOf("ephemeral", unlimited),
  "purpose.permanent.enabled": isEnabled("permanent", { derived: never, defaultWords: "`false`" }),
  "purpose.permanent.retention": retentionOf("permanent", keptForEver),
  "purpose.permanent.max_file_size": maxFileSizeOf("permanent"),
  "purpose.permanent.quota": quotaOf("permanent", unlimited),
} as const satisfies Record<string, Option>;

function optionsOf(word: "retention" | "quota"): readonly Option[] {
  return Object.entries(purposeOptions).flatMap(([name, option]) =>
    name.endsWith(`.${word}`) ? [option] : [],
  );
}

const quotaRule = neededLedger(optionsOf("quota"), "counts");

const retentionRule = neededLedger(
  [retention, ...optionsOf("retention")],
  "knows how old files are",
  (scope) => isOnDisk(scope) || hasLedger(scope),
);

/** A file that is to be gone at a certain time is not given to a store that cannot promise it. */
const ephemeralRule: Rule = ({ domains, breach }) => {
  for (const scope of domains) {
    const { setting, value } = scope.find(ephemeralEnabled);
    if (value?.is !== true || canWithdraw(scope)) continue;
    breach(ephemeralEnabled, setting, {
      expected: "a store in which slotd can end the access to a file at an exact time",
      got: `a public bucket, or one without a ledger, for ${scope.domain}`,
      advice: `Set s3.access = "private" and ledger.url, or remove this for ${scope.domain}.`,
    });
  }
};

function isOnDisk({ find }: Scope): boolean {
  return find(backend).value?.is === "disk";
}

function canWithdraw(scope: Scope): boolean {
  if (isOnDisk(scope)) return true;
  return scope.find(bucketAccess).value?.is === "private" && hasLedger(scope);
}

export const purposeRules: readonly Rule[] = [quotaRule, retentionRule, ephemeralRule];
