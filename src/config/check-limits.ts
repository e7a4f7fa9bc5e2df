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
