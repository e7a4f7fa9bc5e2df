import { resolve } from "node:path";
import { readUrlList } from "../../import/url-list.ts";
import { verifyUrls, type WrongUrl } from "../../import/verify-urls.ts";
import { type Arguments, type CommandIo, UsageError } from "../command.ts";
import { interruption } from "../interrupt.ts";
import { Progress } from "../progress.ts";
import { counted, jsonText, plain, sizeText } from "../table.ts";

/** Requests at the same time, where nothing else is said. */
const usualParallel = 8;
/** So many lines of wrong answers are kept for `--json`, and printed. */
const mostTold = 1_000;

/** `slotd import --verify LIST`: GETs every URL of a list. Ends with 1 when one does not answer as it should. */
export async function verifyList(list: string, args: Arguments, io: CommandIo): Promise<number> {
  const to = args.text("to");
  if (to !== undefined && !isOrigin(to)) {
    throw new UsageError(`expected --to URL to be an origin such as http://127.0.0.1:5080, got "${to}"`);
  }
  const { signal, done } = interruption();
  const progress = new Progress(io, (checked) => `${counted(checked, "URL")} checked`);
  const wrong: WrongUrl[] = [];
  const verified = await verifyUrls(readUrlList(resolve(io.cwd, list)), {
    ...{ to, signal, parallel: args.number("parallel") ?? usualParallel },
    onWrong: (each) => {
      if (wrong.length < mostTold) wrong.push(each);
    },
    onProgress: (checked) => progress.show(checked),
  }).finally(() => {
    done();
    progress.clear();
  });
  const { isWhole, checked, bytes } = verified;
  if (args.has("json")) {
    io.stdout(jsonText({ ...{ isWhole, checked, bytes, wrong: verified.wrong }, urls: wrong }));
  } else {
    // Whoever asked for the check has the list, and needs to know which of its URLs it is.
    for (const { url, detail } of wrong) io.stdout(`wrong: ${plain(url)}: ${plain(detail)}\n`);
    if (verified.wrong > wrong.length) io.stdout(`... and ${verified.wrong - wrong.length} more.\n`);
    const verdict = verified.wrong === 0 ? "all respond with the listed content" : `${verified.wrong} do not`;
    io.stdout(`${counted(checked, "URL")} checked, ${sizeText(bytes)}: ${verdict}.\n`);
  }
  if (!isWhole) io.stderr("slotd: interrupted; not every URL was checked.\n");
  return isWhole && verified.wrong === 0 ? 0 : 1;
}

function isOrigin(text: string): boolean {
  return /^https?:\/\/[^/?#@]+\/?$/.test(text) && URL.canParse(text);
}
