import { findComponent } from "./metadata/prosody-folders.ts";
import { prosodyDecode, prosodyEncode } from "./metadata/prosody-names.ts";
import { type SlotPlaces, slotsOf } from "./metadata/prosody-slots.ts";
import type { SlotRecord } from "./metadata/slot-record.ts";
import { KeySet } from "./scratch/key-set.ts";
import type { Source, SourceItem, SourceOptions, SourceSkip } from "./source.ts";
import { breaths } from "./tree/breath.ts";
import { OpenFolder } from "./tree/open-folder.ts";
import { sourceFile } from "./tree/source-file.ts";
import { skip, type WalkedFile, walk, workOf } from "./tree/walk.ts";

/**
 * mod_http_file_share of Prosody, by its data folder: `ENC(component)/http_file_share/ENC(slot).bin`, and the slots in
 * `ENC(component)/uploads.list`, or in a table of its SQL storage.
 *
 * It answers for what it has a slot of: the file, or 410 when there is none. A file whose slot it does not know answered
 * 404. Slots that prosodyctl took over from the old module are slots like others, without a type.
 */
export const prosody: Source = async function* (options) {
  const root = OpenFolder.root(options.folder);
  const known = new KeySet(workOf(options).scratch);
  try {
    const { component, folder } = await findComponent(root, "http_file_share", options);
    const files = folder.folder("http_file_share");
    try {
      const places = { root, path: options.folder, component, folder, files };
      yield* filesOfSlots(places, known, options);
      for await (const found of walk(files, { depth: 0, ...workOf(options) })) {
        const told = found.kind === "walked" ? withoutSlot(found, known) : found;
        if (told !== undefined) yield told;
      }
    } finally {
      files.close();
      folder.close();
    }
  } finally {
    known.close();
    root.close();
  }
};

interface Folders extends SlotPlaces {
  readonly files: OpenFolder;
}

async function* filesOfSlots(
  folders: Folders,
  known: KeySet,
  options: SourceOptions,
): AsyncGenerator<SourceItem> {
  const breathe = breaths(options.signal);
  for await (const record of slotsOf(folders, options)) {
    const pause = breathe();
    if (pause !== undefined) await pause;
    if ("kind" in record) yield record;
    else if (known.add(record.slot)) yield itemOf(record, folders.files, options);
    else
      yield skip(folders.files.placeOf(binOf(record.slot)), "malformed-metadata", "its slot is there twice");
  }
}

function itemOf(record: SlotRecord, files: OpenFolder, { now }: SourceOptions): SourceItem {
  const name = binOf(record.slot);
  const { slot, filename, owner, contentType } = record;
  const address = { path: filename === undefined || isNoSegment(filename) ? slot : `${slot}/${filename}` };
  const stats = files.stats(name);
  if (stats === undefined)
    return { kind: "gone", address, place: files.placeOf(name), issued: record.requested };
  if (!stats.isFile())
    return skip(files.placeOf(name), "metadata-without-file", "no regular file has its name");
  const named = filename === undefined ? {} : { filename };
  // Where the client declared none, nobody guesses: Prosody said application/octet-stream.
  const type = { contentType, isGuessed: false };
  return sourceFile(
    { folder: files, name, stats },
    { address, ...named, type, owner, uploaded: record.requested },
    now,
  );
}

function withoutSlot({ name, place }: WalkedFile, known: KeySet): SourceSkip | undefined {
  if (name.endsWith(".bin~")) return skip(place, "unfinished", "an upload that did not end");
  const slot = name.endsWith(".bin") ? prosodyDecode(name.slice(0, -".bin".length)) : undefined;
  if (slot === undefined) return skip(place, "junk", "expected the name of a slot");
  return known.has(slot) ? undefined : skip(place, "file-without-metadata", "it answered 404");
}

function binOf(slot: string): string {
  return `${prosodyEncode(slot)}.bin`;
}

/** What cannot stand at the end of a path; the slot alone is the address too. */
function isNoSegment(filename: string): boolean {
  return filename === "." || filename === ".." || /[/\0]/.test(filename) || !filename.isWellFormed();
}
