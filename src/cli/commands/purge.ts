import { removeFilesOf } from "../../admin/remove.ts";
import type { Arguments, CommandIo } from "../command.ts";
import { interruption } from "../interrupt.ts";
import { Progress } from "../progress.ts";
import { counted, jsonText, sizeText } from "../table.ts";
import { withOpenDomains } from "../with-open-domains.ts";
import { bareJidOf } from "./usage.ts";

/** `slotd purge`: removes every file of a JID. Ends with 1 when it was interrupted or something is left. */
export function run(args: Arguments, io: CommandIo): Promise<number> {
  const jid = bareJidOf(args.required("jid"));
  return withOpenDomains(args, io, true, async (openDomains) => {
    await openDomains.requireStores();
    const { signal, done } = interruption();
    const progress = new Progress(io, (files) => `${counted(files, "file")} deleted`);
    const onProgress = (files: number) => progress.show(files);
    const removed = await removeFilesOf(openDomains, jid, { signal, onProgress, now: io.now }).finally(done);
    progress.clear();
    const { files, bytes, notRemoved, isWhole } = removed;
    if (args.has("json")) {
      io.stdout(jsonText({ jid, files, bytes, notRemoved, isWhole }));
    } else {
      io.stdout(`Deleted ${counted(files, "file")} of ${jid}, ${sizeText(bytes)}.\n`);
      if (!isWhole) io.stderr("slotd: interrupted; run it again to delete the rest.\n");
      if (notRemoved.length > 0) {
        io.stderr(
          `slotd: ${counted(notRemoved.length, "file is", "files are")} no longer counted, but still in the store (${notRemoved[0]?.reason}); the sweep tries again.\n`,
        );
      }
    }
    return isWhole && notRemoved.length === 0 ? 0 : 1;
  });
}
