import { createReadStream } from "node:fs";
import type { Bytes } from "../slot/slot.ts";
import type { Copied, ImportList } from "./enter-files.ts";
import type { PrivateFile } from "./private-file.ts";

/*
 * The list of old URLs: one line for each URL of each file,
 *
 *   SHA-256 in 64 lowercase hex digits, or "-"   size in bytes   URL
 *
 * with one space between. A URL may have several lines that say the same: a run that was killed is repeated from some
 * files before. "-": the content was not read, because the file was there before the list was begun.
 */

/** What an old URL is to answer. */
export interface ListedUrl {
  readonly url: string;
  readonly size: Bytes;
  /** undefined: not known. */
  readonly sha256: string | undefined;
}

/** Writes the list of an import. A list that is continued has the files that were there before already. */
export function urlList(file: Pick<PrivateFile, "add" | "write" | "isContinued">): ImportList {
  return {
    add({ planned, stored }: Copied): void {
      if (stored === undefined && file.isContinued) return;
      const { size = planned.file.size, sha256 = "-" } = stored ?? {};
      for (const url of planned.urls) file.add(`${sha256} ${size} ${url}\n`);
    },
    written: async () => file.write(),
  };
}

/** A list has a line that is none. */
export class UrlListError extends Error {
  readonly code = "bad-list";
  constructor(path: string, line: number) {
    super(
      `${path}, line ${line}: expected a SHA-256 (or "-"), a size and an http or https URL, as "slotd import" writes them.`,
    );
    this.name = "UrlListError";
  }
}

/** More characters than any line of a list has: a path of 4 KiB, each byte percent-encoded, and a long base. */
const longestLine = 32 * 1024;

/**
 * Reads a list line by line, in a memory that does not grow with it.
 *
 * @throws {UrlListError} and the file system's error.
 */
export async function* readUrlList(path: string): AsyncGenerator<ListedUrl> {
  let rest = "";
  let line = 0;
  for await (const piece of createReadStream(path, { encoding: "utf8" }) as AsyncIterable<string>) {
    const lines = (rest + piece).split("\n");
    rest = lines.pop() ?? "";
    for (const text of lines) yield readLine(text, path, ++line);
    if (rest.length > longestLine) throw new UrlListError(path, line + 1);
  }
  // The last line of a run that was killed while it wrote may be torn; the next run has written it again.
  if (rest !== "") yield readLine(rest, path, line + 1);
}

function readLine(text: string, path: string, line: number): ListedUrl {
  const [, sha256, size, url] = /^([0-9a-f]{64}|-) (\d{1,16}) (https?:\/\/[^\s/]+\/\S*)$/.exec(text) ?? [];
  if (url === undefined || !URL.canParse(url)) throw new UrlListError(path, line);
  return { url, size: Number(size), sha256: sha256 === "-" ? undefined : sha256 };
}
