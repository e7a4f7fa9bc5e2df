import type { Source } from "./source.ts";
import { anyDepth, readPathTree } from "./tree/path-tree.ts";
import { sourceFile } from "./tree/source-file.ts";
import { skip } from "./tree/walk.ts";
import { nginxType } from "./types/service-types.ts";
import { guessed } from "./types/type-by-ending.ts";

/** Source: ngx_http_upload, upload.pm. */
const altered = /[^\p{L}\p{N}/_.-]/u;

/**
 * The nginx module of Holger Weiß, in Perl: the path of the URL, in which every character but letters, digits and
 * `/ _ . -` was replaced by `_`, for each GET too. A file with another character in its path was put there by somebody
 * else, and no URL led to it. With ejabberd in front the list of accounts tells the owners.
 */
export const ngxHttpUpload: Source = (options) =>
  readPathTree(options, {
    depth: anyDepth,
    item(file, owners) {
      if (altered.test(file.place)) {
        return skip(file.place, "not-reachable", "this service has no such character in its paths");
      }
      const segments = file.place.split("/");
      return sourceFile(
        file,
        {
          address: { path: file.place },
          filename: file.name,
          isNameAltered: file.name.includes("_"),
          type: guessed(nginxType, file.name),
          owner: owners.ownerOf(segments, segments.length === 3),
        },
        options.now,
      );
    },
  });
