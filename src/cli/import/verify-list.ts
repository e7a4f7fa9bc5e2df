import { resolve } from "node:path";
import { PrivateFile } from "../../import/private-file.ts";
import { readUrlList } from "../../import/url-list.ts";
import { verifyUrls, type WrongUrl } from "../../import/verify-urls.ts";
import { type Arguments, type CommandIo, UsageError } from "../command.ts";
import { interruption } from "../interrupt.ts";
import { Progress } from "../progress.ts";
import { counted, jsonText, plain, sizeText } from "../table.ts";

/** Requests at the same time, where nothing else is said. */
const usualParallel = 8;
/**
 * `slotd import --verify LIST`: GETs every URL of a list. Ends with 1 when one does not answer as it should; which ones
 * is in a file of mode 0600, for they open files.
 */
export async function verifyList(list: string, args: Arguments, io: CommandIo): Promise<number> {
  const to = args.text("to");
  if (to !== undefined && !isOrigin(to)) {
    throw new UsageError(`expected --to URL to be an origin such as http://127.0.0.1:5080, got "${to}"`);
  }
  const { signal, done } = interruption();
  const progress = new Progress(io, (checked) => `${counted(checked, "URL")} checked`);
  const path = resolve(io.cwd, args.text("report") ?? `${list}.wrong`);
  let file: PrivateFile | undefined;
  const kinds: Partial<Record<WrongUrl["wrong"], number>> = {};
  const verified = await verifyUrls(readUrlList(resolve(io.cwd, list)), {
    ...{ to, signal, parallel: args.number("parallel") ?? usualParallel },
    onWrong: ({ url, wrong, detail }) => {
      kinds[wrong] = (kinds[wrong] ?? 0) + 1;
      file ??= new PrivateFile(path, true);
      file.add(`${wrong}\t${url}\t${plain(detail)}\n`);
    },
    onProgress: (checked) => progress.show(checked),
  }).finally(() => {
    done();
    progress.clear();
    file?.close();
  });
  const { isWhole, checked, bytes, wrong } = verified;
  const report = wrong === 0 ? undefined : path;
  if (args.has("json")) io.stdout(jsonText({ ...verified, kinds, report }));
  else {
    const verdict = wrong === 0 ? "all respond with the listed content" : `${wrong} do not respond as listed`;
    io.stdout(`${counted(checked, "URL")} checked, ${sizeText(bytes)}: ${verdict}.\n`);
    for (const [kind, count] of Object.entries(kinds))
      io.stdout(`  ${count} ${wrongTexts[kind as WrongUrl["wrong"]]}\n`);
    if (report !== undefined) io.stdout(`Report: ${report}\n`);
  }
  if (!isWhole) io.stderr("slotd: interrupted; not every URL was checked.\n");
  return isWhole && wrong === 0 ? 0 : 1;
}

const wrongTexts = {
  unreachable: "gave no whole response",
  status: "responded with another status than 200",
  size: "responded with another size",
  content: "responded with another content",
} as const satisfies Record<WrongUrl["wrong"], string>;

function isOrigin(text: string): boolean {
  return /^https?:\/\/[^/?#@]+\/?$/.test(text) && URL.canParse(text);
}
