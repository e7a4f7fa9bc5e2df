import type { Source } from "./source.ts";
import { readPathTree } from "./tree/path-tree.ts";
import { sourceFile } from "./tree/source-file.ts";
import { skip } from "./tree/walk.ts";
import { ejabberdType } from "./types/service-types.ts";
import { guessed } from "./types/type-by-ending.ts";

/**
 * mod_http_upload of ejabberd: `USER/RANDOM/NAME` below `docroot`, and no metadata. USER is the SHA-1 of the bare JID or
 * the user's name, so the owners come from the list of accounts. A name with a `_` may have had another character
 * there. A thumbnail is a second file in its folder, with a URL of its own.
 */
export const ejabberd: Source = (options) =>
  readPathTree(options, {
    depth: 2,
    item(file, owners) {
      const segments = file.place.split("/");
      if (segments.length !== 3) return skip(file.place, "not-reachable", "expected USER/RANDOM/NAME");
      return sourceFile(
        file,
        {
          address: { path: file.place },
          filename: file.name,
          isNameAltered: file.name.includes("_"),
          type: guessed(ejabberdType, file.name),
          owner: owners.ownerOf(segments, true),
        },
        options.now,
      );
    },
  });
