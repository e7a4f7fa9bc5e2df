import { tmpdir } from "node:os";
import { indexAccounts, type Owners } from "../scratch/account-index.ts";
import type { SourceFile, SourceOptions, SourceSkip } from "../source.ts";
import { OpenFolder } from "./open-folder.ts";
import { isTooYoung } from "./source-file.ts";
import { skip, type WalkedFile, type WalkOptions, walk } from "./walk.ts";

/** How a service's tree is read. */
export interface PathTree {
  /** As of `walk`. */
  readonly depth: number;
  readonly passOver?: WalkOptions["passOver"];
  /** The item for a file, or why it is none; undefined: nothing to say of it. */
  readonly item: (file: WalkedFile, owners: Owners) => SourceFile | SourceSkip | undefined;
}

/** How deep folders may be nested in trees whose service sets no depth. */
export const anyDepth = 16;

/** Reads the tree of a service that has its files under their own paths. Files that are too young are skipped. */
export async function* readPathTree(
  options: SourceOptions,
  { depth, passOver, item }: PathTree,
): AsyncGenerator<SourceFile | SourceSkip> {
  const root = OpenFolder.root(options.folder);
  let owners: Owners | undefined;
  try {
    owners = await indexAccounts(options);
    const rest = passOver === undefined ? {} : { passOver };
    for await (const found of walk(root, { depth, ...rest, ...workOf(options) })) {
      const told = found.kind === "walked" ? item(found, owners) : found;
      if (told === undefined) continue;
      const isYoung = told.kind === "file" && found.kind === "walked" && isTooYoung(found.stats, options);
      yield isYoung ? skip(found.place, "too-young", "its upload may be under way") : told;
    }
  } finally {
    owners?.close();
    root.close();
  }
}

/** What a walk needs of the options. */
export function workOf({ scratch, signal }: SourceOptions): Pick<WalkOptions, "scratch" | "signal"> {
  return { scratch: scratch ?? tmpdir(), signal };
}
