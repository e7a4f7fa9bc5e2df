import { resolve } from "node:path";
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
    'Where slotd writes down who holds how much: an embedded database, a PostgreSQL that several slotd may share, or `"none"` for no record (then there are no quotas and rates). A relative path starts from `disk.path` on disk, and from the folder of the configuration file on S3.',
  example: '"sqlite:/var/lib/slotd/slotd.db"',
} as const satisfies Option;

function bytesQuota<Example extends string>(prose: string, example: Example) {
  return { ...perDomain, ...byteSize, default: "infinity", prose, example: `"${example}"` } as const;
}

function filesQuota<Example extends string>(prose: string, example: Example) {
  return { ...perDomain, ...count, default: "infinity", prose, example } as const;
}

const whenFull = {
  ...perDomain,
  ...oneOf("refuse", "delete-oldest"),
  default: "refuse",
  prose:
    "What happens to a request over a quota: it is refused, or the oldest files that count towards the quota are deleted to make room. Over `user_daily` it is always refused.",
  example: '"delete-oldest"',
} as const satisfies Option;

/** What is counted, and refused over a limit. */
const counted = {
  "quota.user": bytesQuota("How many bytes one bare JID may hold.", "1GiB"),
  "quota.user_files": filesQuota("How many files one bare JID may hold.", "1000"),
  "quota.user_daily": bytesQuota("How many bytes one bare JID may upload in one day (UTC).", "100MiB"),
  "quota.user_daily_files": filesQuota("How many files one bare JID may upload in one day (UTC).", "200"),
  "quota.domain": bytesQuota("How many bytes may be held for the served domain.", "100GiB"),
  "quota.domain_files": filesQuota("How many files may be held for the served domain.", "100000"),
  "quota.total": {
    ...bytesQuota("How many bytes may be held in the whole ledger, for all domains.", "1TiB"),
    isPerDomain: false,
  },
  "quota.total_files": {
    ...filesQuota("How many files may be held in the whole ledger, for all domains.", "1000000"),
    isPerDomain: false,
  },
} as const;

const slotsPerMinute = {
  ...filesQuota("How many slots a minute one bare JID may request; a remote domain as a whole, too.", "60"),
  unit: "slots",
} as const;

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
    prose: "How many slots may be requested at once after a pause, before `rate.slots_per_minute` is felt.",
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
    breach(whenFull, setting, noLedger(scope.domain, "knows what is oldest"));
  }
};

export const ledgerRules: readonly Rule[] = [quotaRule, whenFullRule];
