import type { Remark } from "../../import/import-files.ts";
import type { LeftReason, Note, Tally } from "../../import/outcomes.ts";
import type { PrivateFile } from "../../import/private-file.ts";
import { printable } from "../../slot/printable.ts";
import { counted, plain, sizeText } from "../table.ts";

/** More of a place than any file system has in a path. */
const longestPlace = 8192;

const leftTexts = {
  unfinished: "unfinished upload",
  junk: "no file of this service",
  "metadata-without-file": "metadata without a file",
  "file-without-metadata": "file without metadata",
  "not-a-regular-file": "no regular file",
  unreadable: "unreadable",
  "malformed-metadata": "malformed metadata",
  "not-reachable": "no URL leads to it",
  "too-young": "changed too recently; the next run takes it",
  expired: "past its time",
  "too-large": "too large",
  deleted: "deleted in slotd, or expired there",
  "same-url": "another file has the same URL",
  changed: "changed while it was read; the next run takes it",
  failed: "the store did not take it; the next run tries again",
} as const satisfies Record<LeftReason, string>;

const noteTexts = {
  "owner-unknown": "owner unknown; they count for the domain",
  "type-guessed": "type guessed by the name or content",
  "type-unknown": "type unknown; served as application/octet-stream",
  "name-altered": "name altered by the former service",
  "name-changed": "name changed to fit slotd's limits",
  "name-unknown": "name only in the URL",
  "url-unknown": "not in the list: the source has only the hash of the URL",
} as const satisfies Record<Note, string>;

/** One line of the report: what, where in the source, and more about it, with tabs between. */
export function remarkLine({ what, place, detail }: Remark): string {
  const text = what in leftTexts ? `left ${what}` : `note ${what}`;
  return `${text}\t${printable(place, longestPlace)}\t${plain(detail)}\n`;
}

/** What an import came to, for people; without a URL. */
export function summaryText(tally: Tally, isDryRun: boolean): string {
  const { taken, present, gone, left, notes } = tally;
  const took = isDryRun ? "Would take" : "Took";
  const before =
    present.files === 0 ? "" : `; ${counted(present.files, "file was", "files were")} there before`;
  const lines = [
    `${took} ${counted(taken.files, "file")}, ${sizeText(taken.bytes)}${before}.`,
    ...linesOf("Of these", notes, noteTexts),
    ...linesOf("Left out", left, leftTexts),
  ];
  if (gone > 0)
    lines.push(`Gone in the former service: ${counted(gone, "file")}; their URLs respond with 410.`);
  return lines.map((line) => `${line}\n`).join("");
}

function linesOf<Name extends string>(
  title: string,
  counts: Readonly<Partial<Record<Name, number>>>,
  texts: Readonly<Record<Name, string>>,
): string[] {
  const lines = Object.entries<number | undefined>(counts).map(
    ([name, count]) => `  ${count} ${texts[name as Name]} (${name})`,
  );
  return lines.length === 0 ? [] : [`${title}:`, ...lines];
}

/** The report of one run: every remark as it is made, and the sums at the end. */
export class ImportReport {
  readonly #file: PrivateFile;

  /** @param title one line. */
  constructor(file: PrivateFile, title: string) {
    this.#file = file;
    file.add(`# ${plain(title)}\n`);
    file.write();
  }

  add(remark: Remark): void {
    this.#file.add(remarkLine(remark));
  }

  /** @param ending how the run ended, in a sentence. */
  end(summary: string, ending: string): void {
    const lines = `${summary}${ending}`.trimEnd().split("\n");
    this.#file.add(`${lines.map((line) => `# ${line}`).join("\n")}\n`);
    this.#file.close();
  }
}
