import { sizeInWords, sizesInWords, timeInWords } from "../../slot/plain-words.ts";
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
export function limitRefusal(outcome: OverLimit, purpose: PurposeName, now: Date): Refusal {
  const { over, retryAt } = outcome;
  if (over === "rate") {
    const text = `Too many uploads in a short time: at most ${outcome.allowed} at once are allowed.${again(retryAt, now)}`;
    return { kind: "too-fast", text, retryAt };
  }
  const { unit, used, allowed, asked } = outcome;
  const whose = holders[over](purpose);
  const text =
    unit === "bytes"
      ? bytesText(whose, { used, allowed, asked })
      : `Quota reached: ${whose} are ${used} of the ${allowed} allowed, and this file would be one more.`;
  return { kind: "over-quota", text: `${text}${again(retryAt, now)}`, retryAt };
}

function bytesText(
  whose: string,
  { used, allowed, asked }: Pick<OverLimit, "used" | "allowed" | "asked">,
): string {
  const [taken, limit] = sizesInWords(used, allowed);
  return `Quota reached: ${whose} use ${taken} of ${limit}, and this file has ${sizeInWords(asked)}.`;
}

function again(retryAt: Date | undefined, now: Date): string {
  return retryAt === undefined ? "" : ` Try again ${timeInWords(retryAt, now)}.`;
}
