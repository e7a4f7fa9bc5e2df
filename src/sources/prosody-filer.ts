import type { Source } from "./source.ts";
import { anyDepth, readPathTree } from "./tree/path-tree.ts";
import { sourceFile } from "./tree/source-file.ts";
import { goType } from "./types/service-types.ts";
import { guessed } from "./types/type-by-ending.ts";

/**
 * prosody-filer: the decoded path of the URL below `storeDir`. With ejabberd in front that is `USER/RANDOM/NAME`, so the
 * list of accounts tells the owners; with Prosody nobody knows them.
 */
export const prosodyFiler: Source = (options) =>
  readPathTree(options, {
    depth: anyDepth,
    item(file, owners) {
      const segments = file.place.split("/");
      return sourceFile(
        file,
        {
          address: { path: file.place },
          filename: file.name,
          type: guessed(goType, file.name),
          owner: owners.ownerOf(segments, segments.length === 3),
        },
        options.now,
      );
    },
  });
