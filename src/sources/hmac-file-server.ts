import { HmacMetadata } from "./metadata/hmac-metadata.ts";
import type { Source, SourceFile, SourceOptions, SourceSkip } from "./source.ts";
import { breaths } from "./tree/breath.ts";
import { OpenFolder } from "./tree/open-folder.ts";
import { anyDepth, readPathTree } from "./tree/path-tree.ts";
import { sourceFile } from "./tree/source-file.ts";
import { skip, type WalkedFile } from "./tree/walk.ts";
import { goType } from "./types/service-types.ts";
import { guessed } from "./types/type-by-ending.ts";

/** Its own files, and a second name for the bytes of each: SHA-256 of them, and the name. */
const ownFolder = /^(\.metadata|dedup_store|[0-9a-f]{64})$/;
/** At the root, by `file_naming = "HMAC"`: a hash that includes the time of the upload. */
const hashed = /^[0-9a-f]{32,}(\.[^.]+)?$/;

/**
 * hmac-file-server: the whole decoded path of the URL below `storage_path`, and where `[metadata]` is enabled an SQLite
 * database, which seldom knows an owner. Files that it named by a hash answer to no URL.
 */
export const hmacFileServer: Source = async function* (options) {
  const root = OpenFolder.root(options.folder);
  let metadata: HmacMetadata | undefined;
  try {
    metadata = HmacMetadata.open(options, root);
    yield* filesOf(options, metadata);
    const breathe = breaths(options.signal);
    for (const missing of metadata?.withoutFile() ?? []) {
      const pause = breathe();
      if (pause !== undefined) await pause;
      if (missing !== undefined) yield missing;
    }
  } finally {
    metadata?.close();
    root.close();
  }
};

function filesOf(
  options: SourceOptions,
  metadata: HmacMetadata | undefined,
): ReturnType<typeof readPathTree> {
  return readPathTree(options, {
    depth: anyDepth,
    passOver: (place) =>
      ownFolder.test(place) ? skip(place, "junk", "a folder of the service's own") : undefined,
    item: (file, owners) =>
      notServed(file) ?? itemOf(file, metadata, owners.ownerOf(file.place.split("/"), false), options.now),
  });
}

function notServed({ place, name }: WalkedFile): SourceSkip | undefined {
  if (name.endsWith(".thumb.jpg")) return skip(place, "junk", "a thumbnail that the service made");
  if (!hashed.test(place)) return undefined;
  return skip(place, "not-reachable", 'named by a hash (file_naming = "HMAC"), so no URL led to it');
}

function itemOf(
  file: WalkedFile,
  metadata: HmacMetadata | undefined,
  account: string | undefined,
  now: () => Date,
): SourceFile {
  const facts = metadata?.factsOf(file.place);
  // What its database has was guessed by the ending too.
  const type =
    facts?.contentType === undefined
      ? guessed(goType, file.name)
      : { contentType: facts.contentType, isGuessed: true };
  return sourceFile(
    file,
    {
      address: { path: file.place },
      filename: file.name,
      type,
      owner: facts?.owner ?? account,
      uploaded: facts?.uploaded,
    },
    now,
  );
}
