import type { Policy, PurposeRules } from "../../../src/slot/policy.ts";

/** What a purpose is allowed that is on and has no limit. */
export const unlimited: PurposeRules = {
  enabled: true,
  retention: undefined,
  maxFileSize: undefined,
  quota: undefined,
};

/** A policy with every purpose on and no limit at all, but for what is changed. */
export function policyOf(
  change: Partial<Omit<Policy, "purposes">> & {
    readonly purposes?: Partial<Policy["purposes"]>;
  } = {},
): Policy {
  return {
    access: ["*"],
    deny: [],
    types: { allowed: undefined, denied: [] },
    ...change,
    purposes: {
      message: unlimited,
      profile: unlimited,
      ephemeral: unlimited,
      permanent: unlimited,
      ...change.purposes,
    },
  };
}
