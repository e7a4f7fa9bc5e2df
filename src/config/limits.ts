import { resolve } from "node:path";
import { prepareDomain } from "../slot/jid.ts";
import type { PurposeRules } from "../slot/policy.ts";
import { type Purpose, purposes } from "../slot/purpose.ts";
import type { Bytes, Seconds } from "../slot/slot.ts";
import type { DomainConfig, LedgerLocation, Limits } from "./config.ts";
import type { OptionName, OptionValue } from "./options.ts";
import { find, type Layers } from "./settings.ts";

/** What one JID may hold for its profile where a ledger counts: enough for avatars and covers, too little for a store. */
const profileQuota: Bytes = 20 * 1024 * 1024;

/** One block of the most common file systems. */
const leastBytes: Bytes = 4096;

/**
 * How many files a quota of bytes allows where nothing is said of files: one for each 4 KiB. Empty files take room in
 * tables and folders too, and without it any number of them would be within any quota.
 */
export function filesWithin(bytes: Bytes | undefined): number | undefined {
  return bytes === undefined ? undefined : Math.ceil(bytes / leastBytes);
}

/** The part of a domain's configuration that limits what may be uploaded. */
export type LimitsConfig = Pick<
  DomainConfig,
  "access" | "deny" | "types" | "purposes" | "quota" | "rate" | "ledger"
>;

/**
 * Reads the limits of one domain; every option has been found valid.
 *
 * @param folder what relative paths of a ledger start from.
 */
export function limitsOf(layers: Layers, domain: string, folder: string): LimitsConfig {
  const given = <Name extends OptionName>(name: Name) => find(layers, domain, name).value;
  const limits = (name: "user" | "user_daily" | "domain" | "total"): Limits => {
    const bytes = given(`quota.${name}`)?.is;
    const { setting, value } = find(layers, domain, `quota.${name}_files`);
    return { bytes, files: setting === undefined ? filesWithin(bytes) : value?.is };
  };
  const ledger = ledgerOf(layers, domain, folder);
  const rulesOf = purposeRules(layers, domain, ledger.kind !== "none");
  return {
    access: given("access")?.is ?? [prepareDomain(domain)],
    deny: given("deny")?.is ?? [],
    types: { allowed: given("allowed_types")?.is, denied: given("denied_types")?.is ?? [] },
    purposes: {
      message: rulesOf("message"),
      profile: rulesOf("profile"),
      ephemeral: rulesOf("ephemeral"),
      permanent: rulesOf("permanent"),
    },
    quota: {
      user: limits("user"),
      userDaily: limits("user_daily"),
      domain: limits("domain"),
      total: limits("total"),
      whenFull: given("quota.when_full")?.is ?? "refuse",
    },
    rate: { slotsPerMinute: given("rate.slots_per_minute")?.is, burst: given("rate.burst")?.is ?? 1 },
    ledger,
  };
}

/** Where the ledger of a domain is, its path absolute. */
function ledgerOf(layers: Layers, domain: string, folder: string): LedgerLocation {
  const location = ledgerKindOf(layers, domain);
  return location.kind === "sqlite" ? { ...location, path: resolve(folder, location.path) } : location;
}

/** Where the ledger of a domain is, a path as it was given. */
export function ledgerKindOf(layers: Layers, domain: string): LedgerLocation {
  const given = find(layers, domain, "ledger.url").value?.is;
  if (given !== undefined) return given;
  return isOnDisk(layers, domain) ? { kind: "sqlite", path: "slotd.db" } : { kind: "none" };
}

/** Whether slotd keeps the domain's files itself. */
export function isOnDisk(layers: Layers, domain: string): boolean {
  return find(layers, domain, "backend").value?.is === "disk";
}

/** Whether a file can be withdrawn to the second, and is deleted then. */
export function canWithdraw(layers: Layers, domain: string): boolean {
  if (isOnDisk(layers, domain)) return true;
  const isPrivate = find(layers, domain, "s3.access").value?.is === "private";
  return isPrivate && ledgerKindOf(layers, domain).kind !== "none";
}

function purposeRules(
  layers: Layers,
  domain: string,
  hasLedger: boolean,
): (purpose: Purpose) => PurposeRules {
  const onDisk = isOnDisk(layers, domain);
  const knowsExpiry = onDisk || hasLedger;
  const ordinary = knowsExpiry ? find(layers, domain, "retention").value?.is : undefined;
  const defaults: Readonly<Record<Purpose, PurposeDefaults>> = {
    message: { isOn: true, retention: ordinary },
    profile: { isOn: knowsExpiry, retention: undefined, ...(hasLedger ? { quota: profileQuota } : {}) },
    ephemeral: { isOn: canWithdraw(layers, domain), retention: ordinary },
    permanent: { isOn: false, retention: undefined },
  };
  return (purpose) => {
    const own = <Name extends "enabled" | "retention" | "max_file_size" | "quota">(name: Name) =>
      find(layers, domain, `purpose.${purpose}.${name}`).value as
        | { readonly is: OptionValue<`purpose.${Purpose}.${Name}`> }
        | undefined;
    const { isOn, retention, quota } = defaults[purpose];
    const or = <Value>(value: { readonly is: Value } | undefined, fallback: Value): Value =>
      value === undefined ? fallback : value.is;
    return {
      isOn: or<boolean>(own("enabled"), isOn),
      retention: or<Seconds | undefined>(own("retention"), retention),
      maxFileSize: or<Bytes | undefined>(
        own("max_file_size"),
        find(layers, domain, "max_file_size").value?.is,
      ),
      quota: or<Bytes | undefined>(own("quota"), quota),
    };
  };
}

interface PurposeDefaults {
  readonly isOn: boolean;
  readonly retention: Seconds | undefined;
  readonly quota?: Bytes;
}

/** The options of every purpose that have this last word. */
export function purposeOptionNames<Name extends "enabled" | "retention" | "max_file_size" | "quota">(
  name: Name,
): readonly OptionName[] {
  return purposes.map((purpose) => `purpose.${purpose}.${name}` as const);
}
