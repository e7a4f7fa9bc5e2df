import { resolve } from "node:path";
import type { Bytes } from "../../slot/slot.ts";
import { formatLedgerUrl, type LedgerLocation, parseLedgerUrl } from "../values.ts";
import { diskPath } from "./disk.ts";
import { from, type Option, perDomain } from "./option.ts";
import type { Breach, Rule, Scope } from "./rule.ts";
import { backend } from "./top.ts";
import { byteSize, count, integer, oneOf, text } from "./types.ts";

export const ledgerUrl = {
  ...perDomain,
  // The URL of a database may hold a password.
  isSecret: true,
  schema: text(parseLedgerUrl),
  kind: "text",
  expected: '"sqlite:PATH", "postgres://USER:PASSWORD@HOST/DATABASE" or "none"',
  write: formatLedgerUrl,
  apply: from([backend, diskPath], ([where, path], { folder }) => (location: LedgerLocation) => {
    if (location.kind !== "sqlite") return location;
    return { ...location, path: resolve(where === "disk" ? path : folder, location.path) };
  }),
  derived: from(
    [backend],
    ([where]): LedgerLocation => (where === "disk" ? { kind: "sqlite", path: "slotd.db" } : { kind: "none" }),
  ),
  defaultWords: '`"sqlite:slotd.db"` on disk, `"none"` on S3',
  prose:
    'The ledger, the database that records the files and their owners: an embedded SQLite database, a PostgreSQL that several slotd processes may share, or `"none"` for no ledger, which makes quotas and rates impossible. A relative path is relative to `disk.path` on disk, and to the folder of the configuration file on S3.',
  example: '"sqlite:/var/lib/slotd/slotd.db"',
} as const satisfies Option;

function bytesQuota<Example extends string>(prose: string, example: Example) {
  return { ...perDomain, ...byteSize, default: "infinity", prose, example: `"${example}"` } as const;
}

type BytesQuota = Omit<ReturnType<typeof bytesQuota>, "isPerDomain"> & { readonly isPerDomain: boolean };

/** One block of the most common file systems. */
const leastBytes: Bytes = 4096;

/**
 * How many files a quota of bytes allows where nothing is said of files: one for each 4 KiB. Empty files take room in
 * tables and folders too, and without it any number of them would be within any quota.
 */
export function filesWithin(bytes: Bytes | undefined): number | undefined {
  return bytes === undefined ? undefined : Math.ceil(bytes / leastBytes);
}

/** A quota of files; `bytes` is the one of bytes that it stands beside. */
function filesQuota<Name extends string, Example extends string>(
  name: Name,
  bytes: BytesQuota,
  prose: string,
  example: Example,
) {
  return {
    ...perDomain,
    ...count,
    derived: from([bytes], ([allowed]) => filesWithin(allowed)),
    defaultWords: `one for each 4 KiB of \`${name}\``,
    prose,
    example,
  } as const;
}

const whenFull = {
  ...perDomain,
  ...oneOf("refuse", "delete-oldest"),
  default: "refuse",
  prose:
    "How slotd handles a file over a quota. It either refuses the slot, or accepts the file and deletes the oldest files that count towards the quota when the upload is complete. slotd always refuses a slot over `user_daily`. With `quota.total`, this option must be the same for every domain.",
  example: '"delete-oldest"',
} as const satisfies Option;

const user = bytesQuota("The maximum total size of one bare JID's files.", "1GiB");
const userDaily = bytesQuota(
  "The maximum number of bytes that one bare JID may upload in one day (UTC).",
  "100MiB",
);
const ofDomain = bytesQuota("The maximum total size of the served domain's files.", "100GiB");
const total = {
  ...bytesQuota("The maximum total size of all files in the ledger, for all domains.", "1TiB"),
  isPerDomain: false,
} as const;
const totalFiles = {
  ...filesQuota(
    "quota.total",
    total,
    "The maximum number of files in the ledger, for all domains.",
    "1000000",
  ),
  isPerDomain: false,
} as const;

/** What is counted, and refused over a limit. */
const counted = {
  "quota.user": user,
  "quota.user_files": filesQuota("quota.user", user, "The maximum number of one bare JID's files.", "1000"),
  "quota.user_daily": userDaily,
  "quota.user_daily_files": filesQuota(
    "quota.user_daily",
    userDaily,
    "The maximum number of files that one bare JID may upload in one day (UTC).",
    "200",
  ),
  "quota.domain": ofDomain,
  "quota.domain_files": filesQuota(
    "quota.domain",
    ofDomain,
    "The maximum number of the served domain's files.",
    "100000",
  ),
  "quota.total": total,
  "quota.total_files": totalFiles,
} as const;

const slotsPerMinute = {
  ...perDomain,
  ...count,
  default: "infinity",
  prose:
    "The number of slots that one bare JID may request in a minute. The same limit applies to each remote domain as a whole.",
  example: "60",
  unit: "slots",
} as const satisfies Option;

/** Where the ledger is, how much may be held, and how fast slots are given. */
export const ledgerOptions = {
  "ledger.url": ledgerUrl,
  ...counted,
  "quota.when_full": whenFull,
  "rate.slots_per_minute": slotsPerMinute,
  "rate.burst": {
    ...perDomain,
    ...integer(1, 1_000_000),
    default: 50,
    unit: "slots",
    prose:
      "The number of slots that a requester may request at once after a pause, before `rate.slots_per_minute` applies.",
    example: "20",
  },
} as const satisfies Record<string, Option>;

/** Whether a ledger is kept for a domain. */
export function hasLedger({ find }: Scope): boolean {
  return (find(ledgerUrl).value?.is.kind ?? "none") !== "none";
}

/**
 * A promise that is not kept is worse than none: tells of each of these options that sets a limit where only a ledger
 * could keep it, and there is none.
 *
 * @param isKept where a limit is kept.
 */
export function neededLedger(
  options: readonly Option[],
  whatItDoes: string,
  isKept: (scope: Scope) => boolean = hasLedger,
): Rule {
  return ({ domains, breach }) => {
    for (const scope of domains.filter((each) => !isKept(each))) {
      for (const option of options) {
        const { setting, value } = scope.find(option);
        // A limit that is no limit ("infinity") needs nobody to keep it.
        if (setting === undefined || value?.is === undefined) continue;
        breach(option, setting, noLedger(scope.domain, whatItDoes));
      }
    }
  };
}

function noLedger(domain: string, whatItDoes: string): Breach {
  return {
    expected: `a ledger that ${whatItDoes}`,
    got: `none for ${domain}`,
    advice: `Set ledger.url, or remove this for ${domain}.`,
    example: ledgerUrl,
  };
}

const quotaRule = neededLedger([...Object.values(counted), slotsPerMinute], "counts");

const whenFullRule: Rule = ({ domains, breach }) => {
  for (const scope of domains) {
    const { setting, value } = scope.find(whenFull);
    if (hasLedger(scope) || value?.is !== "delete-oldest") continue;
    breach(whenFull, setting, noLedger(scope.domain, "knows which files are the oldest"));
  }
};

/**
 * Where a limit is of all domains of a ledger, `when_full` is the same for them all: else the files of one would be
 * deleted for those of another, or come on top of what the total allows.
 */
const mixedTotalRule: Rule = ({ domains, whole, breach }) => {
  const limits = { "quota.total": total, "quota.total_files": totalFiles };
  const limit = Object.entries(limits).find(([, option]) => whole.find(option).value?.is !== undefined)?.[0];
  if (limit === undefined) return;
  for (const sharing of Map.groupBy(domains, (scope) =>
    JSON.stringify(scope.find(ledgerUrl).value?.is),
  ).values()) {
    const [first, ...others] = sharing;
    const given = first?.find(whenFull);
    for (const scope of others) {
      const { setting, value } = scope.find(whenFull);
      if (value?.is === given?.value?.is) continue;
      breach(whenFull, setting ?? given?.setting, {
        expected: `the same for every domain of one ledger, because ${limit} applies to all of them`,
        got: `"${value?.is}" for ${scope.domain} and "${given?.value?.is}" for ${first?.domain}`,
        advice: `Set it once in [quota], give ${scope.domain} a ledger.url of its own, or remove ${limit}.`,
      });
    }
  }
};

export const ledgerRules: readonly Rule[] = [quotaRule, whenFullRule, mixedTotalRule];
