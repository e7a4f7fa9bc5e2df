import { purposes } from "../slot/purpose.ts";
import type { Seconds } from "../slot/slot.ts";
import type { TomlValue } from "./describe.ts";
import type { LimitsConfig } from "./limits.ts";
import type { OptionName } from "./options.ts";
import { formatDuration, formatLedgerUrl } from "./values.ts";

/** The limits in force for one domain, as values of their options. The password of a database is not in it. */
export function limitValuesOf(config: LimitsConfig): Partial<Record<OptionName, TomlValue>> {
  const { access, deny, types, quota, rate } = config;
  const values: Partial<Record<OptionName, TomlValue>> = {
    access,
    deny,
    denied_types: types.denied,
    "ledger.url": formatLedgerUrl(config.ledger),
    "quota.when_full": quota.whenFull,
    "rate.slots_per_minute": limit(rate.slotsPerMinute),
    "rate.burst": rate.burst,
  };
  if (types.allowed !== undefined) values.allowed_types = types.allowed;
  for (const [name, limits] of [
    ["user", quota.user],
    ["user_daily", quota.userDaily],
    ["domain", quota.domain],
  ] as const) {
    values[`quota.${name}`] = limit(limits.bytes);
    values[`quota.${name}_files`] = limit(limits.files);
  }
  for (const purpose of purposes) {
    const { isOn, retention, maxFileSize, quota } = config.purposes[purpose];
    values[`purpose.${purpose}.enabled`] = isOn;
    values[`purpose.${purpose}.retention`] = time(retention);
    values[`purpose.${purpose}.max_file_size`] = limit(maxFileSize);
    values[`purpose.${purpose}.quota`] = limit(quota);
  }
  return values;
}

function limit(value: number | undefined): number | string {
  return value ?? "infinity";
}

function time(value: Seconds | undefined): string {
  return value === undefined ? "never" : formatDuration(value);
}
