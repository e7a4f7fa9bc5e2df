import type { Source } from "./source.ts";
import { readPathTree } from "./tree/path-tree.ts";
import { sourceFile } from "./tree/source-file.ts";
import { skip } from "./tree/walk.ts";
import { typeByContent } from "./types/type-by-content.ts";

/** 20 random bytes in base64url, or a UUID. */
const id = /^([A-Za-z0-9_-]{27}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/**
 * The httpfileupload plugin of Openfire, and the component of the same author: `ID`, without an ending. Only the URLs,
 * `ID/NAME`, say the name, and any name answers; the type was guessed by the content, and is guessed alike here.
 */
export const openfire: Source = (options) =>
  readPathTree(options, {
    depth: 0,
    item(file) {
      if (!id.test(file.name)) return skip(file.place, "junk", "its name is no ID of this service");
      // The rule of this service needs a last segment, and ignores it.
      const address = { path: `${file.name}/file` };
      const contentType = typeByContent(file.folder, file.name);
      return sourceFile(file, { address, type: { contentType, isGuessed: true } }, options.now);
    },
  });
