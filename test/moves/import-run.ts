import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { FormerService } from "../peers/servers/former/former-service.ts";
import type { SlotdTarget } from "./slotd-target.ts";

/** What one run of `slotd import` says that it did. */
export interface ImportedCounts {
  readonly taken: number;
  readonly present: number;
}

/** The list of old URLs that imports into this target write. */
function listOf(target: SlotdTarget): string {
  return join(target.folder, "old-urls");
}

/** `slotd import`, with the accounts of the service. */
export async function importFrom(service: FormerService, target: SlotdTarget): Promise<ImportedCounts> {
  const accounts = join(target.folder, "accounts");
  const jids = service.xmpp.accounts.filter(({ domain }) => service.domains.includes(domain));
  writeFileSync(accounts, jids.map(({ jid }) => `${jid}\n`).join(""));
  const output = await target.run([
    ...["import", service.kind, service.folder, "--accounts", accounts, "--expires-after", "never"],
    // No upload is in progress, and the test does not wait a minute.
    ...["--min-age", "0", "--list", listOf(target), "--report", join(target.folder, "report"), "--json"],
  ]);
  const { taken, present } = JSON.parse(output);
  return { taken: taken.files, present: present.files };
}

/** What the ledger has for each JID. */
export async function usageOf(
  target: SlotdTarget,
): Promise<ReadonlyMap<string, { readonly files: number; readonly bytes: number }>> {
  const { accounts } = JSON.parse(await target.run(["usage", "--json"]));
  return new Map(
    accounts.map(({ jid, files, bytes }: { jid: string; files: number; bytes: number }) => [
      jid,
      { files, bytes },
    ]),
  );
}

/** `slotd import --verify` through nginx: what it says is wrong. */
export async function verifyList(service: FormerService, target: SlotdTarget): Promise<readonly string[]> {
  const env = { NODE_EXTRA_CA_CERTS: service.xmpp.ca };
  try {
    // Its certificate is for this address too, whatever names its URLs have.
    const to = service.isReachable ? [] : ["--to", `https://127.0.0.1:${service.port}`];
    await target.run(["import", "--verify", listOf(target), ...to], env);
    return [];
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}
