import type { OpenDomains } from "../../admin/open-domains.ts";
import { parseAccess } from "../../config/values.ts";
import { type Arguments, type CommandIo, UsageError } from "../command.ts";
import { servedDomain } from "../served-domain.ts";
import { counted, jsonText, plain, sizeText, table } from "../table.ts";
import { withOpenDomains } from "../with-open-domains.ts";

/** `slotd usage`: who holds how much. */
export function run(args: Arguments, io: CommandIo): Promise<number> {
  const jid = args.text("jid");
  const bare = jid === undefined ? undefined : bareJidOf(jid);
  io.lowerPriority();
  return withOpenDomains(args, io, true, async ({ domains, ledgers }) => {
    const only = servedDomain(args, { domains: domains.map(({ config }) => config) });
    const selection = {
      ...(bare === undefined ? {} : { jid: bare }),
      ...(only === undefined ? {} : { domain: only.domain }),
    };
    const accounts = (await Promise.all(ledgers.map((ledger) => ledger.usage(selection)))).flat();
    const total = {
      files: accounts.reduce((sum, { files }) => sum + files, 0),
      bytes: accounts.reduce((sum, { bytes }) => sum + bytes, 0),
    };
    const quotas = selection.jid === undefined ? [] : quotasOf(domains, accounts);
    if (args.has("json")) {
      io.stdout(jsonText({ accounts, total, quotas }));
      return 0;
    }
    const rows = accounts.map(({ jid, domain, purpose, files, bytes, today }) => [
      ...[plain(jid), domain, purpose, String(files), sizeText(bytes)],
      ...[String(today.files), sizeText(today.bytes)],
    ]);
    const headers = ["<JID", "<DOMAIN", "<PURPOSE", "FILES", "SIZE", "FILES TODAY", "SIZE TODAY"];
    io.stdout(table(headers, [...rows, ["total", "", "", String(total.files), sizeText(total.bytes)]]));
    for (const { domain, used, allowed } of quotas) {
      const bytes =
        allowed.bytes === undefined ? [] : [`${sizeText(used.bytes)} of ${sizeText(allowed.bytes)}`];
      const files = allowed.files === undefined ? [] : [`${used.files} of ${counted(allowed.files, "file")}`];
      io.stdout(`quota.user at ${domain}: ${[...bytes, ...files].join(", ")}\n`);
    }
    return 0;
  });
}

interface Held {
  readonly bytes: number;
  readonly files: number;
}

/** What one JID holds of its quota in each domain that has one. */
function quotasOf(
  openDomains: OpenDomains["domains"],
  accounts: readonly (Held & { readonly domain: string })[],
): { readonly domain: string; readonly used: Held; readonly allowed: Partial<Held> }[] {
  return openDomains.flatMap(({ config: { domain, quota } }) => {
    const { user: bytes, userFiles: files } = quota;
    if (bytes === undefined && files === undefined) return [];
    const own = accounts.filter((account) => account.domain === domain);
    const used = {
      bytes: own.reduce((sum, account) => sum + account.bytes, 0),
      files: own.reduce((sum, account) => sum + account.files, 0),
    };
    const allowed = { ...(bytes !== undefined && { bytes }), ...(files !== undefined && { files }) };
    return [{ domain, used, allowed }];
  });
}

/**
 * A bare JID as it stands in the ledger.
 *
 * @throws {UsageError} when it is none.
 */
export function bareJidOf(text: string): string {
  const jid = text.includes("*") ? undefined : parseAccess(text);
  if (jid !== undefined) return jid;
  throw new UsageError(`expected --jid JID to be a bare JID such as alice@example.org, got "${text}"`);
}
