import { canWithdraw, isOnDisk, ledgerKindOf, purposeOptionNames } from "./limits.ts";
import { type OptionName, optionOf } from "./options.ts";
import type { Problem } from "./problem.ts";
import { find, type Layers, type Setting } from "./settings.ts";

/** What a ledger counts. */
const counted: readonly OptionName[] = [
  "quota.user",
  "quota.user_files",
  "quota.user_daily",
  "quota.user_daily_files",
  "quota.domain",
  "quota.domain_files",
  "quota.total",
  "quota.total_files",
  ...purposeOptionNames("quota"),
  "rate.slots_per_minute",
];

const retentions: readonly OptionName[] = ["retention", ...purposeOptionNames("retention")];

/** Adds a problem for each limit that was given and that nothing keeps: a promise that is not kept is worse than none. */
export function checkLimits(layers: Layers, domains: readonly string[], problems: Problem[]): void {
  const told = new Set<Setting>();
  const refuse = (setting: Setting | undefined, problem: Omit<Problem, "place" | "key">): void => {
    if (setting === undefined || told.has(setting)) return;
    told.add(setting);
    problems.push({ place: setting.place, key: setting.key, ...problem });
  };
  for (const domain of domains) {
    const hasLedger = ledgerKindOf(layers, domain).kind !== "none";
    const onDisk = isOnDisk(layers, domain);
    const needed = (names: readonly OptionName[]) => (hasLedger ? [] : names);
    for (const name of needed(counted)) refuse(givenLimit(layers, domain, name), noLedger(domain, "counts"));
    for (const name of needed(onDisk ? [] : retentions)) {
      refuse(givenLimit(layers, domain, name), noLedger(domain, "knows how old files are"));
    }
    if (!hasLedger && find(layers, domain, "quota.when_full").value?.is === "delete-oldest") {
      refuse(find(layers, domain, "quota.when_full").setting, noLedger(domain, "knows what is oldest"));
    }
    if (
      !canWithdraw(layers, domain) &&
      find(layers, domain, "purpose.ephemeral.enabled").value?.is === true
    ) {
      refuse(find(layers, domain, "purpose.ephemeral.enabled").setting, ephemeralOnS3(domain));
    }
  }
  for (const sharing of Map.groupBy(domains, (domain) =>
    JSON.stringify(ledgerKindOf(layers, domain)),
  ).values()) {
    for (const [setting, problem] of mixedTotals(layers, sharing)) refuse(setting, problem);
  }
}

/**
 * The domains of one ledger whose `when_full` is not that of the first, where a limit is of them all: the files of one
 * would be deleted for those of another, or come on top of what the total allows.
 */
function mixedTotals(
  layers: Layers,
  domains: readonly string[],
): (readonly [Setting | undefined, Omit<Problem, "place" | "key">])[] {
  const total = (["quota.total", "quota.total_files"] as const).find(
    (name) => find(layers, undefined, name).value?.is !== undefined,
  );
  const [first = "", ...others] = domains;
  const whenFull = (domain: string) => find(layers, domain, "quota.when_full");
  const unlike = others.filter((domain) => whenFull(domain).value?.is !== whenFull(first).value?.is);
  if (total === undefined) return [];
  return unlike.map((domain) => [
    whenFull(domain).setting ?? whenFull(first).setting,
    {
      expected: `the same for every domain of one ledger, since ${total} is of them all`,
      got: `"${whenFull(domain).value?.is}" for ${domain} and "${whenFull(first).value?.is}" for ${first}`,
      advice: `Set it once in [quota], give ${domain} a ledger.url of its own, or remove ${total}.`,
    },
  ]);
}

/** A limit that is no limit ("infinity") needs nobody to keep it. */
function givenLimit(layers: Layers, domain: string, name: OptionName): Setting | undefined {
  const { setting, value } = find(layers, domain, name);
  return value?.is === undefined ? undefined : setting;
}

function noLedger(domain: string, whatItDoes: string): Omit<Problem, "place" | "key"> {
  return {
    expected: `a ledger that ${whatItDoes}`,
    got: `none for ${domain}`,
    advice: `Set ledger.url, or remove this for ${domain}.`,
    example: `ledger.url = ${optionOf("ledger.url").example}`,
  };
}

function ephemeralOnS3(domain: string): Omit<Problem, "place" | "key"> {
  return {
    expected: "a store that a file can be withdrawn from to the second",
    got: `a public bucket, or one without a ledger, for ${domain}`,
    advice: `Set s3.access = "private" and ledger.url, or remove this for ${domain}.`,
  };
}
