import { listFile } from "./metadata/list-file.ts";
import type { LuaTable } from "./metadata/lua-table.ts";
import { prosodyDecode } from "./metadata/prosody-names.ts";
import { accountIn, timeIn } from "./metadata/slot-record.ts";
import { KeySet } from "./scratch/key-set.ts";
import { type Source, SourceError, type SourceItem, type SourceOptions, type SourceSkip } from "./source.ts";
import { breaths } from "./tree/breath.ts";
import { isName, locate } from "./tree/locate.ts";
import { OpenFolder } from "./tree/open-folder.ts";
import { isTooYoung, type Located, sourceFile } from "./tree/source-file.ts";
import { skip, type WalkedFile, walk, workOf } from "./tree/walk.ts";
import { prosodyType } from "./types/service-types.ts";

const pool = "http_upload";

/**
 * The old mod_http_upload of prosody-modules, by Prosody's data folder: `http_upload/DIR/NAME` for all hosts together,
 * and what was uploaded in `ENC(user's host)/http_upload/ENC(user).list`.
 *
 * It answers for whatever file is there, also when no list names it: nobody knows the owner of that one. The type was
 * guessed by the ending.
 */
export const prosodyHttpUpload: Source = async function* (options) {
  const root = OpenFolder.root(options.folder);
  const taken = new KeySet(workOf(options).scratch);
  try {
    const files = root.folderIfAny(pool);
    if (files === undefined) {
      throw new SourceError(
        `Expected Prosody's data folder with the folder http_upload in ${options.folder}.`,
      );
    }
    try {
      yield* filesInLists(root, files, taken, options);
      yield* otherFiles(files, taken, options);
    } finally {
      files.close();
    }
  } finally {
    taken.close();
    root.close();
  }
};

async function* filesInLists(
  root: OpenFolder,
  files: OpenFolder,
  taken: KeySet,
  options: SourceOptions,
): AsyncGenerator<SourceItem> {
  const breathe = breaths(options.signal);
  for await (const list of lists(root, options)) {
    if (list.kind === "skip") {
      yield list;
      continue;
    }
    for await (const item of listFile(list.folder, list.name, options.signal)) {
      const pause = breathe();
      if (pause !== undefined) await pause;
      yield "kind" in item ? item : itemOf(item, list, { files, taken, options });
    }
  }
}

interface UserList {
  readonly kind: "list";
  readonly folder: OpenFolder;
  readonly name: string;
  readonly place: string;
  readonly owner: string | undefined;
}

/** The lists of all users. */
async function* lists(root: OpenFolder, options: SourceOptions): AsyncGenerator<UserList | SourceSkip> {
  const hosts = walk(root, {
    depth: 2,
    ...workOf(options),
    // Other modules have their folders beside these, and nothing of them is ours to tell.
    passOver: (place) => (/^[^/]+(\/http_upload)?$/.test(place) && place !== pool ? undefined : elsewhere),
  });
  for await (const found of hosts) {
    if (found.kind === "skip") {
      if (found.reason === "unreadable") yield found;
      continue;
    }
    const [host = "", store, file] = found.place.split("/");
    if (store !== pool || file === undefined || !file.endsWith(".list")) continue;
    const parts = [prosodyDecode(file.slice(0, -".list".length)), prosodyDecode(host)];
    const owner = parts.includes(undefined) ? undefined : accountIn(parts.join("@"));
    const { folder, name, place } = found;
    yield { kind: "list", folder, name, place, owner };
  }
}

const elsewhere = skip("", "junk");

interface Scene {
  readonly files: OpenFolder;
  readonly taken: KeySet;
  readonly options: SourceOptions;
}

function itemOf(item: LuaTable, list: UserList, { files, taken, options }: Scene): SourceItem {
  const path = pathOf(item);
  if (path === undefined) return skip(list.place, "malformed-metadata", "a record that names no file");
  const [dir, filename] = path;
  const place = files.placeOf(`${dir}/${filename}`);
  const located = locate(files, path);
  if (located === undefined) return skip(place, "metadata-without-file", "never uploaded, or deleted");
  if (!taken.add(`${dir}/${filename}`)) return skip(place, "malformed-metadata", "it is in the lists twice");
  return fileItem(located, dir, options, { owner: list.owner, uploaded: timeIn(item.get("time")) });
}

/** Very old records have no `dir`, and the whole path as their filename. */
function pathOf(item: LuaTable): readonly [string, string] | undefined {
  const [name, dir] = [item.get("filename"), item.get("dir")];
  if (typeof name !== "string") return undefined;
  const [folder, filename] = dir === undefined ? name.split("/").slice(-2) : [dir, name];
  if (typeof folder !== "string" || filename === undefined) return undefined;
  return isName(folder) && isName(filename) ? [folder, filename] : undefined;
}

async function* otherFiles(
  files: OpenFolder,
  taken: KeySet,
  options: SourceOptions,
): AsyncGenerator<SourceItem> {
  for await (const found of walk(files, { depth: 1, ...workOf(options) })) {
    const told = found.kind === "walked" ? untold(found, taken, options) : found;
    if (told !== undefined) yield told;
  }
}

function untold(file: WalkedFile, taken: KeySet, options: SourceOptions): SourceItem | undefined {
  const [dir = "", name] = file.place.split("/").slice(1);
  if (name === undefined) return skip(file.place, "not-reachable", "expected DIR/NAME");
  return taken.has(`${dir}/${name}`) ? undefined : fileItem(file, dir, options, {});
}

function fileItem(
  file: Located,
  dir: string,
  options: SourceOptions,
  facts: { readonly owner?: string | undefined; readonly uploaded?: Date | undefined },
): SourceItem {
  const { name, folder, stats } = file;
  // It writes a file in place.
  if (isTooYoung(stats, options))
    return skip(folder.placeOf(name), "too-young", "its upload may be under way");
  // COMPAT(Prosody): what has no ending is served without a type.
  const hasEnding = name.includes(".");
  const contentType = hasEnding ? (prosodyType(name) ?? "application/octet-stream") : undefined;
  const type = { contentType, isGuessed: true };
  return sourceFile(
    file,
    { address: { path: `${dir}/${name}` }, filename: name, type, ...facts },
    options.now,
  );
}
