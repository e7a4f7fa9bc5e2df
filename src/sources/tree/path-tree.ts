import { indexAccounts, type Owners } from "../scratch/account-index.ts";
import { indexSlots, type SlotIndex } from "../scratch/slot-index.ts";
import type { SourceFile, SourceOptions, SourceSkip } from "../source.ts";
import { OpenFolder } from "./open-folder.ts";
import { isTooYoung } from "./source-file.ts";
import { skip, type WalkedFile, type WalkOptions, walk, workOf } from "./walk.ts";

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

/**
 * Reads the tree of a service that has its files under their own paths. Files that are too young are skipped. What a
 * list of accounts and Prosody's slots tell of the files is added.
 */
export async function* readPathTree(
  options: SourceOptions,
  tree: PathTree,
): AsyncGenerator<SourceFile | SourceSkip> {
  const work = workOf(options);
  const root = OpenFolder.root(options.folder);
  let [owners, slots]: [Owners?, SlotIndex?] = [];
  try {
    owners = await indexAccounts(options);
    slots = await indexSlots(options, work.scratch);
    for await (const found of walk(root, { ...tree, ...work })) {
      const told = found.kind === "walked" ? tree.item(found, owners) : found;
      if (told === undefined) continue;
      const isYoung = told.kind === "file" && found.kind === "walked" && isTooYoung(found.stats, options);
      if (isYoung) yield skip(found.place, "too-young", "its upload may be under way");
      else yield told.kind === "file" ? slots.enrich(told) : told;
    }
  } finally {
    slots?.close();
    owners?.close();
    root.close();
  }
}
