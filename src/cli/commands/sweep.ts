import { removeExpiredObjects } from "../../admin/expired-objects.ts";
import { sweepLedgers } from "../../app/ledgers/sweep-ledgers.ts";
import type { Arguments, CommandIo } from "../command.ts";
import { interruption } from "../interrupt.ts";
import { Progress } from "../progress.ts";
import { counted, jsonText, sizeText } from "../table.ts";
import { withOpenDomains } from "../with-open-domains.ts";

/**
 * `slotd sweep`: removes at once what has expired, as a running slotd does little by little. Where no ledger is kept
 * it goes by what the objects themselves say, which nothing else does. Ends with 1 when something is left.
 */
export function run(args: Arguments, io: CommandIo): Promise<number> {
  const isDryRun = args.has("dry-run");
  return withOpenDomains(args, io, false, async (openDomains) => {
    if (!isDryRun) await openDomains.requireStores();
    const { signal, done } = interruption();
    const progress = new Progress(
      io,
      (files) => `${counted(files, "file")} ${isDryRun ? "found" : "deleted"}`,
    );
    let before = 0;
    const onProgress = (files: number) => progress.show(before + files);
    try {
      const recorded = await sweepLedgers(openDomains, isDryRun, { signal, onProgress, now: io.now });
      before = recorded.files;
      const dated = await removeExpiredObjects(openDomains, io.now(), isDryRun, { signal, onProgress });
      progress.clear();
      const swept = {
        ...{ files: recorded.files + dated.files, bytes: recorded.bytes + dated.bytes },
        left: recorded.left + dated.notRemoved.length,
        isWhole: !signal.aborted,
      };
      if (args.has("json")) io.stdout(jsonText({ ...swept, isDryRun }));
      else report(io, swept, isDryRun, recorded.reason ?? dated.notRemoved[0]?.reason);
      return swept.left === 0 && swept.isWhole ? 0 : 1;
    } finally {
      done();
    }
  });
}

interface Swept {
  readonly files: number;
  readonly bytes: number;
  readonly left: number;
  readonly isWhole: boolean;
}

function report(io: CommandIo, swept: Swept, isDryRun: boolean, reason: string | undefined): void {
  const { files, bytes, left, isWhole } = swept;
  io.stdout(
    `${isDryRun ? "Would delete" : "Deleted"} ${counted(files, "expired file")}, ${sizeText(bytes)}.\n`,
  );
  if (left > 0) {
    io.stderr(
      `slotd: ${counted(left, "file is", "files are")} still in the store (${reason}); the next sweep tries again.\n`,
    );
  }
  if (!isWhole) io.stderr("slotd: interrupted; run it again for the rest.\n");
}
