import { otherStoreHelp } from "../../admin/open-domains.ts";
import { lookAtStores, type StoreLook } from "../../app/stores/look-at-stores.ts";
import type { DomainConfig } from "../../config/config.ts";
import type { Logger } from "../../ops/log.ts";
import { type Finding, ok, skipped, warn, wrong } from "../finding.ts";
import type { Result } from "../run-checks.ts";

/** Whether each store is the one in which the ledger has the files; one result for each store of each ledger. */
export async function knownStoreResults(
  domains: readonly DomainConfig[],
  log: Logger,
): Promise<readonly Result[]> {
  const looks = await lookAtStores(domains, log);
  // A ledger that is not there yet knows no store.
  return looks
    .filter(({ is }) => is !== "new")
    .map((look) => ({
      scope: `Ledger: ${look.domains.join(", ")}`,
      check: "known-store",
      finding: findingOf(look),
      isFixed: false,
    }));
}

function findingOf({ is, text }: StoreLook): Finding {
  switch (is) {
    case "right":
      return ok(text);
    case "new":
    case "failed":
      return skipped(`The check cannot determine whether the store matches the ledger: ${text}`);
    case "unreadable":
      return warn(
        `${text} slotd cannot detect a wrong bucket.`,
        "Allow the key s3:GetObject and s3:PutObject for slotd-store-identity.json below the path of s3.bucket_url.",
      );
    case "other":
      return wrong(
        `${text} Until this is corrected, slotd accepts no uploads for them, and deletes and forgets nothing.`,
        otherStoreHelp,
      );
  }
}
