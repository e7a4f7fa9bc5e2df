import { SourceError, type SourceOptions, type SourceSkip } from "../source.ts";
import type { OpenFolder } from "../tree/open-folder.ts";
import { skip } from "../tree/walk.ts";
import { listFile } from "./list-file.ts";
import { slotsInDatabase } from "./slot-database.ts";
import { openSlotDatabase } from "./slot-queries.ts";
import { type SlotRecord, slotRecordOfItem } from "./slot-record.ts";

/** Where the slots of a component may be. */
export interface SlotPlaces {
  /** Prosody's data folder, and its path. */
  readonly root: OpenFolder;
  readonly path: string;
  readonly component: string;
  /** The component's. */
  readonly folder: OpenFolder;
}

/**
 * Reads the slots that Prosody wrote down for a component: in `uploads.list`, and in its database. After a change of
 * storage there are some in both, and one may be in both.
 *
 * @throws {SourceError} when there is neither, or the database cannot be read.
 */
export async function* slotsOf(
  { root, path, component, folder }: SlotPlaces,
  { database: named, signal }: Pick<SourceOptions, "database" | "signal">,
): AsyncGenerator<SlotRecord | SourceSkip> {
  const hasList = folder.fileStats("uploads.list") !== undefined;
  const hasSqlite = root.fileStats("prosody.sqlite") !== undefined;
  const database = named ?? (hasSqlite ? `${path}/prosody.sqlite` : undefined);
  if (database === undefined && !hasList) {
    throw new SourceError(
      `Expected uploads.list or a database with the slots of ${component}: without them Prosody's files have neither names nor owners.`,
    );
  }
  if (hasList) yield* slotsInList(folder, signal);
  if (database !== undefined) yield* slotsIn(database, component);
}

async function* slotsInList(
  folder: OpenFolder,
  signal: AbortSignal,
): AsyncGenerator<SlotRecord | SourceSkip> {
  for await (const item of listFile(folder, "uploads.list", signal)) {
    if ("kind" in item) yield item;
    else
      yield slotRecordOfItem(item) ?? skip(folder.placeOf("uploads.list"), "malformed-metadata", "no slot");
  }
}

async function* slotsIn(database: string, component: string): AsyncGenerator<SlotRecord | SourceSkip> {
  const { query, close } = await openSlotDatabase(database);
  try {
    for await (const record of slotsInDatabase(query, component)) {
      yield record ?? skip("prosodyarchive", "malformed-metadata", "a row that describes no slot");
    }
  } finally {
    await close();
  }
}
