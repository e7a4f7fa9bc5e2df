import type { DomainConfig } from "../../config/config.ts";
import { filesWithin } from "../../config/options/ledger.ts";
import { type Limits, noLimits } from "../../ledger/ledger.ts";
import { prepareDomain } from "../../slot/jid.ts";
import type { Requester } from "../../slot/policy.ts";
import { isPurpose, type Purpose } from "../../slot/purpose.ts";

/** What `delete-oldest` may delete for a file of another purpose. */
const mayDelete: readonly Purpose[] = ["message", "ephemeral"];

/** The limits that all users of a domain, or of a ledger, have together. */
export function sharedLimits({ quota }: DomainConfig): Pick<Limits, "domain" | "total" | "whenFull"> {
  return {
    domain: { bytes: quota.domain, files: quota.domainFiles },
    total: { bytes: quota.total, files: quota.totalFiles },
    whenFull: quota.whenFull,
  };
}

/** The limits of the configuration as the ledger takes them, for one requester and purpose. */
export function ledgerLimits(config: DomainConfig, requester: Requester, purpose: Purpose): Limits {
  const { domain, quota, rate, purpose: purposes } = config;
  const { slotsPerMinute, burst } = rate;
  // A server can make up as many users as it likes: a remote one counts as a whole as well.
  const names =
    requester.domain === prepareDomain(domain) ? [requester.bareJid] : [requester.bareJid, requester.domain];
  return {
    user: { bytes: quota.user, files: quota.userFiles },
    userDaily: { bytes: quota.userDaily, files: quota.userDailyFiles },
    ...sharedLimits(config),
    mayDelete,
    purpose: { bytes: purposes[purpose].quota, files: filesWithin(purposes[purpose].quota) },
    rates:
      slotsPerMinute === undefined
        ? []
        : [...new Set(names)].map((name) => ({ name, rate: { slotsPerMinute, burst } })),
  };
}

/**
 * The same for a file in the ledger; a purpose that slotd does not know (any more) has the limits of messages. A file
 * whose owner is not known stands under its domain: then only the limits count that all its users have together.
 */
export function ledgerLimitsOf(
  config: DomainConfig,
  { jid, purpose }: { readonly jid: string; readonly purpose: string },
): Limits {
  if (jid === config.domain) return { ...noLimits, ...sharedLimits(config), mayDelete };
  const requester = { bareJid: jid, domain: jid.slice(jid.indexOf("@") + 1) };
  return ledgerLimits(config, requester, isPurpose(purpose) ? purpose : "message");
}
