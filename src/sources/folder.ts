import type { Source } from "./source.ts";
import { anyDepth, readPathTree } from "./tree/path-tree.ts";
import { sourceFile } from "./tree/source-file.ts";
import { guessed, systemType } from "./types/type-by-ending.ts";

/**
 * Any tree that a web server served under a URL: the path below the folder is the path below the URL. Types are guessed
 * by the ending. Nobody knows the owners, but where the tree is ejabberd's with hashes in it.
 */
export const folder: Source = (options) =>
  readPathTree(options, {
    depth: anyDepth,
    item: (file, owners) =>
      sourceFile(
        file,
        {
          address: { path: file.place },
          filename: file.name,
          type: guessed(systemType, file.name),
          owner: owners.ownerOf(file.place.split("/"), false),
        },
        options.now,
      ),
  });
