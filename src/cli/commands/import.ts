import { type OpenImport, openImport } from "../../app/open-import.ts";
import { type Imported, importFiles } from "../../import/import-files.ts";
import { PrivateFile } from "../../import/private-file.ts";
import { urlList } from "../../import/url-list.ts";
import { createLog } from "../../ops/log.ts";
import { readAccounts } from "../../sources/accounts.ts";
import type { SourceOptions } from "../../sources/source.ts";
import { sources } from "../../sources/sources.ts";
import type { Arguments, CommandIo } from "../command.ts";
import { formerTableText } from "../import/former-table.ts";
import { ImportProgress } from "../import/import-progress.ts";
import { ImportReport, summaryText } from "../import/import-report.ts";
import { type ImportRequest, importRequest } from "../import/import-request.ts";
import { refuseOptions } from "../import/option-rules.ts";
import { verifyList } from "../import/verify-list.ts";
import { interruption } from "../interrupt.ts";
import { loadOrReport } from "../load-or-report.ts";
import { jsonText } from "../table.ts";

/**
 * `slotd import`: takes over the files of a former service, or checks a list of its URLs. Ends with 1 when it was
 * interrupted, when the store did not take a file, or when a URL does not answer as it should.
 */
export async function run(args: Arguments, io: CommandIo): Promise<number> {
  refuseOptions(args);
  const list = args.text("verify");
  if (list !== undefined) return verifyList(list, args, io);
  const config = loadOrReport(args, io);
  if (config === undefined) return 1;
  const request = importRequest(args, config, io);
  const { logger } = createLog({ level: "warn", format: io.isTerminal ? "text" : "json" }, io.stderr);
  const open = await openImport(config, request.domain, request.folder, logger);
  const { signal, done } = interruption();
  try {
    for (const text of warnings(request, open)) io.stderr(`slotd: ${text}\n`);
    const imported = await runImport(request, open, io, signal);
    if (args.has("json")) io.stdout(jsonText(jsonOf(request, imported)));
    else tell(request, imported, io);
    const { isWhole, tally } = imported;
    return isWhole && tally.left.failed === undefined ? 0 : 1;
  } finally {
    done();
    await open.close();
  }
}

function warnings({ keptFor, run, list, folder, base }: ImportRequest, open: OpenImport): string[] {
  const texts: string[] = [];
  if (open.ledger === undefined) {
    texts.push('ledger.url is "none": the owners of the files are not kept, and no quota counts them.');
    if (open.spent === undefined)
      texts.push("without a ledger, a file that you delete from the bucket comes back with the next run.");
  }
  if (keptFor?.by === "own" && !run.isDryRun) {
    texts.push(
      `without --expires-after, imported files expire after ${Math.round(keptFor.seconds / 86400)} days (retention) from now; --expires-after never keeps them.`,
    );
  }
  if (base.missing.length > 0) {
    texts.push("the configuration does not have every --url; the lines to add follow at the end.");
  }
  if (`${list}/`.startsWith(`${folder}/`)) texts.push("the list lies in the folder of the former service.");
  return texts;
}

async function runImport(
  request: ImportRequest,
  open: OpenImport,
  io: CommandIo,
  signal: AbortSignal,
): Promise<Imported> {
  const { addressing, domain, keptFor, run, kind } = request;
  const when = io.now().toISOString();
  const report = new ImportReport(
    new PrivateFile(request.report, true),
    `slotd import ${kind} into ${domain.domain}, begun at ${when}${run.isDryRun ? ", dry run" : ""}`,
  );
  const list = run.isDryRun ? undefined : new PrivateFile(request.list, false);
  const progress = new ImportProgress(io);
  let summary = "";
  let ending = "The run did not end; run it again.";
  try {
    await progress.count(read(request, io, signal), signal);
    const imported = await importFiles(
      read(request, io, signal),
      { ...run, ...open.limits, addressing, keptFor, domain: domain.domain },
      {
        ...{ target: open.target, ledger: open.ledger, spent: open.spent, signal, now: io.now },
        list: list === undefined ? noList : urlList(list),
        remark: (remark) => report.add(remark),
        onProgress: (tally, copied) => progress.show(tally, copied),
        monotonic: () => performance.now(),
        sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
      },
    );
    summary = summaryText(imported.tally, run.isDryRun);
    ending = endingOf(imported);
    return imported;
  } finally {
    progress.clear();
    list?.close();
    report.end(summary, ending);
  }
}

const noList = { add: () => undefined, written: async () => undefined };

function read({ kind, folder, accounts, domain, source }: ImportRequest, io: CommandIo, signal: AbortSignal) {
  const options: SourceOptions = {
    ...{ folder, signal, now: io.now, ...source },
    ...(accounts !== undefined && { accounts: () => readAccounts(accounts, domain.domain) }),
  };
  return sources[kind](options);
}

function endingOf({ isWhole, stoppedBy }: Imported): string {
  if (isWhole) return "The run is complete.";
  return `${stoppedBy ?? "Interrupted."} Run it again for the rest.`;
}

function tell(
  { base, kind, domain, report, list, run }: ImportRequest,
  imported: Imported,
  io: CommandIo,
): void {
  io.stdout(summaryText(imported.tally, run.isDryRun));
  io.stdout(run.isDryRun ? `Report: ${report}\n` : `Report: ${report}\nOld URLs and SHA-256: ${list}\n`);
  if (!imported.isWhole) io.stderr(`slotd: ${endingOf(imported)}\n`);
  if (base.missing.length > 0) io.stdout(`\n${formerTableText({ kind, base, domain })}`);
}

function jsonOf({ kind, domain, base, report, list, run }: ImportRequest, imported: Imported): object {
  const { tally, isWhole, stoppedBy } = imported;
  const files = { report, list: run.isDryRun ? undefined : list };
  return {
    kind,
    domain: domain.domain,
    space: base.space,
    isDryRun: run.isDryRun,
    isWhole,
    stoppedBy,
    ...tally,
    ...files,
  };
}
