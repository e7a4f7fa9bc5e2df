import { formatDateTime } from "../../slot/date-time.ts";
import type { Refusal } from "../../slot/refusal.ts";
import type { LimitName, OverLimit, PurposeName } from "../ledger.ts";

/** Over which limit, as the requester is told. */
const holders = {
  purpose: (purpose) => `your files for the purpose "${purpose}"`,
  user: () => "your files",
  userDaily: () => "your files of today (UTC)",
  domain: () => "the files of all users of this domain",
  total: () => "all files on this service",
} as const satisfies Record<Exclude<LimitName, "rate">, (purpose: PurposeName) => string>;

/**
 * The refusal of a reservation: what is used, what is allowed, what was asked for, and when to try again.
 * Source: XEP-0363 §5.
 */
export function limitRefusal(outcome: OverLimit, purpose: PurposeName): Refusal {
  const { over, retryAt } = outcome;
  if (over === "rate") {
    const text = `Too many slots at once: ${outcome.allowed} may be requested in a row.${when(retryAt)}`;
    return { kind: "too-fast", text, retryAt };
  }
  const { unit, used, allowed, asked } = outcome;
  const whose = holders[over](purpose);
  const text =
    unit === "bytes"
      ? `Quota reached: ${whose} take ${used} of ${allowed} bytes, and this one has ${asked} bytes.`
      : `Quota reached: ${whose} are ${used} of the ${allowed} allowed, and this would be one more.`;
  return { kind: "over-quota", text: `${text}${when(retryAt)}`, retryAt };
}

function when(retryAt: Date | undefined): string {
  return retryAt === undefined ? "" : ` Try again at ${formatDateTime(retryAt)}.`;
}
