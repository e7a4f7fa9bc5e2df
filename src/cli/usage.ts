import { parseAccess } from "../config/values.ts";
import { type Arguments, type CommandIo, UsageError } from "./command.ts";
import { plain, sizeText, table } from "./table.ts";
import { withPremises } from "./with-premises.ts";

/** `slotd usage`: who holds how much. */
export function run(args: Arguments, io: CommandIo): Promise<number> {
  const selection = selectionOf(args);
  return withPremises(args, io, true, async ({ ledgers }) => {
    const accounts = (await Promise.all(ledgers.map((ledger) => ledger.usage(selection)))).flat();
    const total = {
      files: accounts.reduce((sum, { files }) => sum + files, 0),
      bytes: accounts.reduce((sum, { bytes }) => sum + bytes, 0),
    };
    if (args.has("json")) {
      io.stdout(`${JSON.stringify({ accounts, total }, undefined, 2)}\n`);
      return 0;
    }
    const rows = accounts.map(({ jid, domain, purpose, files, bytes, today }) => [
      ...[plain(jid), domain, purpose, String(files), sizeText(bytes)],
      ...[String(today.files), sizeText(today.bytes)],
    ]);
    const headers = ["<JID", "<DOMAIN", "<PURPOSE", "FILES", "SIZE", "FILES TODAY", "SIZE TODAY"];
    io.stdout(table(headers, [...rows, ["total", "", "", String(total.files), sizeText(total.bytes)]]));
    return 0;
  });
}

function selectionOf(args: Arguments): { readonly jid?: string; readonly domain?: string } {
  const jid = args.text("jid");
  const domain = args.text("domain");
  return {
    ...(jid === undefined ? {} : { jid: bareJidOf(jid) }),
    ...(domain === undefined ? {} : { domain: domain.toLowerCase() }),
  };
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
