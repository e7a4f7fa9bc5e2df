import type { Difference } from "../../admin/agree.ts";
import type { TooMany } from "../../admin/held-back.ts";
import { type Reconciled, type Repair, reconcile } from "../../admin/reconcile.ts";
import { type Arguments, type CommandIo, UsageError } from "../command.ts";
import { fileJson } from "../file-json.ts";
import { interruption } from "../interrupt.ts";
import { Progress } from "../progress.ts";
import { counted, jsonText, plain, sizeText } from "../table.ts";
import { withOpenDomains } from "../with-open-domains.ts";

/** `slotd reconcile`: compares ledger and store. Ends with 1 when a difference is left, or when it was interrupted. */
export function run(args: Arguments, io: CommandIo): Promise<number> {
  const fix = args.has("fix");
  const deleteUnknown = args.has("delete-unknown");
  const forgetMany = args.has("forget-many");
  const deleteMany = args.has("delete-many");
  if (deleteUnknown && !fix) throw new UsageError("--delete-unknown needs --fix");
  if (forgetMany && !fix) throw new UsageError("--forget-many needs --fix");
  if (deleteMany && !deleteUnknown) throw new UsageError("--delete-many needs --delete-unknown");
  io.lowerPriority();
  return withOpenDomains(args, io, true, async (openDomains) => {
    const { signal, done } = interruption();
    const progress = new Progress(io, (looked) => `${counted(looked, "file")} compared`);
    const found: object[] = [];
    const outcome = await reconcile(openDomains, {
      ...{ fix, deleteUnknown, forgetMany, deleteMany, signal, now: io.now },
      onProgress: (looked) => progress.show(looked),
      onDifference: (difference, repair) => {
        progress.clear();
        if (args.has("json")) found.push({ ...difference, ...fileOf(difference), repair });
        else io.stdout(`${describe(difference, repair)}\n`);
      },
    }).finally(done);
    progress.clear();
    if (args.has("json")) {
      io.stdout(jsonText({ ...outcome, differences: found }));
    } else report(io, outcome, fix);
    return outcome.left === 0 && outcome.isWhole ? 0 : 1;
  });
}

function fileOf(difference: Difference): object {
  return "file" in difference && difference.file !== undefined ? { file: fileJson(difference.file) } : {};
}

function sumsText({ files, bytes, reserved }: Reconciled["sums"][number]["counted"]): string {
  return `${counted(files, "file")}, ${counted(bytes, "byte")} (reserved: ${reserved.files}, ${reserved.bytes})`;
}

function report(io: CommandIo, outcome: Reconciled, fix: boolean): void {
  const { looked, differences, left, sums, isWhole } = outcome;
  for (const { account, counted: sum, listed } of sums) {
    io.stdout(
      `sum: ${plain(account)} counts ${sumsText(sum)}; its files are ${sumsText(listed)}${fix ? ": repaired" : ""}\n`,
    );
  }
  const all = differences + sums.length;
  const verdict =
    all === 0 ? "ledger and store agree" : `${counted(all, "difference")}, ${all - left} repaired`;
  io.stdout(`${counted(looked, "file")} compared: ${verdict}.\n`);
  reportTooMany(io, outcome);
  if (!isWhole)
    io.stderr("slotd: interrupted. Completed repairs remain; run the command again for the rest.\n");
  else if (left > 0 && !fix) io.stderr('slotd: "slotd reconcile --fix" repairs them.\n');
}

/** What looks like a wrong store or ledger was left alone. */
function reportTooMany(io: CommandIo, { tooManyMissing, tooManyUnknown }: Reconciled): void {
  if (tooManyMissing !== undefined) {
    io.stderr(
      `slotd: ${shareText(tooManyMissing)} files of the ledger are missing in the store, too many for --fix alone: the ledger forgot none. Check that the store is complete. If the files are lost, add --forget-many.\n`,
    );
  }
  if (tooManyUnknown !== undefined) {
    io.stderr(
      `slotd: the ledger does not know ${shareText(tooManyUnknown)} files in the store, too many for --delete-unknown alone: slotd deleted none. Check that it is the right ledger. If nobody needs the files, add --delete-many.\n`,
    );
  }
}

function shareText({ count, all }: TooMany): string {
  return `${count} of ${all}`;
}

function describe(difference: Difference, repair: Repair): string {
  const outcome =
    repair === "left" ? "" : `: ${repair === "repaired" ? outcomes[difference.kind] : "deleted"}`;
  return `${textOf(difference)}${outcome}`;
}

const outcomes = {
  missing: "forgotten",
  unknown: "entered under the domain's name",
  "other-size": "corrected",
  "not-completed": "completed",
  damaged: "",
} as const satisfies Record<Difference["kind"], string>;

function textOf(difference: Difference): string {
  switch (difference.kind) {
    case "missing":
      return `missing in the store: ${nameOf(difference.file)}, of ${plain(difference.file.jid)}`;
    case "unknown":
      return `unknown to the ledger: ${nameOf(difference.object)}, ${sizeText(difference.object.size)}`;
    case "other-size":
      return `other size: ${nameOf(difference.file)}: ledger ${difference.file.size} bytes, store ${difference.size}`;
    case "not-completed":
      return `not completed: ${nameOf(difference.file)}, of ${plain(difference.file.jid)}`;
    case "damaged":
      return `damaged: ${nameOf(difference.file ?? difference.object)}: ${difference.object.damage}`;
  }
}

function nameOf({ token, filename }: { readonly token: string; readonly filename: string }): string {
  return filename === "" ? token : `${token}/${plain(filename)}`;
}
