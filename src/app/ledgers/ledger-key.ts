import type { DomainConfig } from "../../config/config.ts";

/** What tells one ledger from another; secret. */
export function ledgerKey({ ledger }: Pick<DomainConfig, "ledger">): string {
  return JSON.stringify(ledger.url);
}
