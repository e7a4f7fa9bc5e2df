import type { Source, SourceFile, SourceOptions, SourceSkip } from "./source.ts";
import { readPathTree } from "./tree/path-tree.ts";
import { readSmallFile } from "./tree/small-file.ts";
import { sourceFile } from "./tree/source-file.ts";
import { skip, type WalkedFile } from "./tree/walk.ts";

const stored = /^store-([0-9a-f]{64})(-type)?$/;

/** Bytes. A type longer than 255 bytes is none. */
const longestType = 256;

/**
 * share.php and share_v2.php of Prosody's mod_http_upload_external, and Metronome's share.php: `store-` and the SHA-256
 * of the path, and but for the first of them its type, as it was sent, in the same name with `-type`. The path cannot
 * be got back; only the URLs say it, and the name.
 */
export const sharePhp: Source = (options) =>
  readPathTree(options, { depth: 0, item: (file) => itemOf(file, options) });

function itemOf(file: WalkedFile, { now }: SourceOptions): SourceFile | SourceSkip | undefined {
  const [, pathHash, ending] = stored.exec(file.name) ?? [];
  if (pathHash === undefined) return skip(file.place, "junk", "expected store-, and a SHA-256");
  if (ending === undefined) {
    const contentType = readSmallFile(file.folder, `${file.name}-type`, longestType)?.trim();
    const type = { contentType, isGuessed: contentType === undefined };
    return sourceFile(file, { address: { pathHash }, type }, now);
  }
  const isAlone = file.folder.fileStats(`store-${pathHash}`) === undefined;
  return isAlone ? skip(file.place, "metadata-without-file") : undefined;
}
