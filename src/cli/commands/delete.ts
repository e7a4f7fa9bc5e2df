import { findFile, removeFile } from "../../admin/remove.ts";
import { type Arguments, type CommandIo, UsageError } from "../command.ts";
import { fileJson } from "../file-json.ts";
import { jsonText, plain, sizeText } from "../table.ts";
import { withOpenDomains } from "../with-open-domains.ts";

/** `slotd delete`: removes one file from the store and the ledger. Ends with 1 when there is no such file. */
export function run(args: Arguments, io: CommandIo): Promise<number> {
  const { token, filename } = objectOf(args.operand);
  return withOpenDomains(args, io, false, async (openDomains) => {
    const found = await findFile(openDomains, token, filename);
    if (found === undefined) {
      if (args.has("json")) io.stdout(jsonText({ deleted: false, reason: "not-found" }));
      else io.stderr("slotd: neither the ledger nor the store has this file.\n");
      return 1;
    }
    await openDomains.requireStores(found.openDomain);
    const [failed] = await removeFile(found, io.now);
    if (args.has("json")) {
      const about = found.file === undefined ? found.object : fileJson(found.file);
      io.stdout(jsonText({ deleted: failed === undefined, ...about, reason: failed?.reason }));
    } else if (failed === undefined) io.stdout(`Deleted ${describe(found.file ?? found.object)}.\n`);
    else io.stderr(`slotd: the file no longer counts, but is still in the store: ${failed.reason}.\n`);
    return failed === undefined ? 0 : 1;
  });
}

function describe(file: {
  readonly filename: string;
  readonly jid?: string;
  readonly size?: number;
}): string {
  const { filename, jid, size } = file;
  const what = size === undefined ? "" : ` of ${sizeText(size)}`;
  const whose = jid === undefined ? ", which the ledger did not know" : `, uploaded by ${plain(jid)}`;
  return `${filename === "" ? "the file" : `"${plain(filename)}"`}${what}${whose}`;
}

/** @throws {UsageError} for what is neither a token nor a URL with one. */
function objectOf(operand: string): { readonly token: string; readonly filename: string | undefined } {
  const [, token, filename] =
    /^(?:https?:\/\/[^/]+\/(?:.*\/)?)?([0-9a-f]{16,192}(?:-\d{1,12})?)(?:\/([^/?#]+))?(?:[?#].*)?$/.exec(
      operand,
    ) ?? [];
  if (token !== undefined) return { token, filename: filename === undefined ? undefined : decoded(filename) };
  throw new UsageError(`expected URL|TOKEN to be a GET URL of slotd or the token in it, got "${operand}"`);
}

function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
