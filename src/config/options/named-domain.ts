import type { Option } from "./option.ts";
import type { Rule } from "./rule.ts";
import { domains } from "./top.ts";

/** A table with a name belongs to a domain that slotd serves, and says to which where there are several. */
export function servedDomainRule(table: string, option: Option): Rule {
  return ({ whole, named, breach }) => {
    const served = whole.find(domains).value?.is;
    if (served === undefined) return;
    for (const one of named(table)) {
      const { setting, value } = one.find(option);
      const isSaid = setting !== undefined || served.length === 1;
      if (value === undefined || (isSaid && served.includes(String(value.is)))) continue;
      breach(option, setting ?? one.at, {
        expected: `one of the domains served (${served.join(", ")})`,
        got: setting === undefined ? "no domain" : JSON.stringify(value.is),
        ...(setting === undefined ? { advice: `Set ${one.at.key}.domain.` } : {}),
      });
    }
  };
}
