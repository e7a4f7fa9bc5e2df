import type { Stats } from "node:fs";
import { isMediaType } from "../../slot/slot-request.ts";
import type { SourceAddress, SourceFile, SourceOptions } from "../source.ts";
import { openContent } from "./file-content.ts";
import type { OpenFolder } from "./open-folder.ts";

/** Where a regular file is. */
export interface Located {
  readonly folder: OpenFolder;
  readonly name: string;
  readonly stats: Stats;
}

/** What a source says of a file. */
export interface FileFacts {
  readonly address: SourceAddress;
  /** Absent: only the URLs say it. */
  readonly filename?: string;
  readonly isNameAltered?: boolean;
  /** What is no media type counts as none. */
  readonly type?: { readonly contentType: string | undefined; readonly isGuessed: boolean };
  readonly owner?: string | undefined;
  /** Absent: when the file was changed. */
  readonly uploaded?: Date | undefined;
}

/** Makes the item of a file. A time in the future, or before 1970, becomes now, or 1970. */
export function sourceFile({ folder, name, stats }: Located, facts: FileFacts, now: () => Date): SourceFile {
  const { contentType, isGuessed } = facts.type ?? { contentType: undefined, isGuessed: true };
  const uploaded = (facts.uploaded ?? stats.mtime).getTime();
  return {
    kind: "file",
    address: facts.address,
    place: folder.placeOf(name),
    filename: facts.filename,
    isNameAltered: facts.isNameAltered ?? false,
    contentType: contentType !== undefined && isMediaType(contentType) ? contentType : undefined,
    isTypeGuessed: isGuessed,
    size: stats.size,
    owner: facts.owner,
    uploaded: new Date(Math.max(0, Math.min(uploaded, now().getTime()))),
    open: async () => openContent(folder, name),
  };
}

/** Whether a file changed so recently that its upload may still be under way. A time in the future is not recent. */
export function isTooYoung({ mtimeMs }: Stats, { minAge = 60, now }: SourceOptions): boolean {
  const age = now().getTime() - mtimeMs;
  return age >= 0 && age < minAge * 1000;
}
