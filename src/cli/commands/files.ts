import { filesOf } from "../../admin/all-files.ts";
import type { Arguments, CommandIo } from "../command.ts";
import { fileJson } from "../file-json.ts";
import { jsonText, plain, sizeText, table } from "../table.ts";
import { withOpenDomains } from "../with-open-domains.ts";
import { bareJidOf } from "./usage.ts";

/** `slotd files`: the files of a JID, the newest last. */
export function run(args: Arguments, io: CommandIo): Promise<number> {
  const jid = bareJidOf(args.required("jid"));
  const purpose = args.text("purpose");
  io.lowerPriority();
  return withOpenDomains(args, io, true, async ({ ledgers }) => {
    const selection = { jid, ...(purpose === undefined ? {} : { purpose }) };
    const files = (
      await Promise.all(ledgers.map((ledger) => Array.fromAsync(filesOf(ledger, selection))))
    ).flat();
    files.sort((a, b) => a.reserved.getTime() - b.reserved.getTime());
    if (args.has("json")) {
      io.stdout(jsonText({ files: files.map(fileJson) }));
      return 0;
    }
    const rows = files.map((file) => [
      ...[time(file.reserved), file.purpose, file.state, sizeText(file.size)],
      ...[file.expires === undefined ? "never" : time(file.expires), file.token, plain(file.filename)],
    ]);
    io.stdout(table(["<SINCE", "<PURPOSE", "<STATE", "SIZE", "<EXPIRES", "<TOKEN", "<NAME"], rows));
    return 0;
  });
}

function time(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, "Z");
}
