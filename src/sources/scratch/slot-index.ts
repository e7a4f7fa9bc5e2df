import { isMediaType } from "../../slot/slot-request.ts";
import { findComponent } from "../metadata/prosody-folders.ts";
import { slotsOf } from "../metadata/prosody-slots.ts";
import type { SlotRecord } from "../metadata/slot-record.ts";
import type { SourceFile, SourceOptions } from "../source.ts";
import { breaths } from "../tree/breath.ts";
import { OpenFolder } from "../tree/open-folder.ts";
import { openScratchDatabase, type ScratchDatabase } from "./scratch-database.ts";

/** What Prosody knows of files that another service has. */
export interface SlotIndex {
  /** The file with what the slot in its path, the segment before the last, tells. */
  enrich(file: SourceFile): SourceFile;
  close(): void;
}

/**
 * Reads the slots of a Prosody whose files are elsewhere (`http_file_share_base_url`) into an index on disk: about 150
 * bytes there for each slot, and 8 MiB of memory for all.
 *
 * @throws {SourceError} when there are none where the options say.
 */
export async function indexSlots(options: SourceOptions, scratch: string): Promise<SlotIndex> {
  const { prosodyData } = options;
  if (prosodyData === undefined) return { enrich: (file) => file, close: () => undefined };
  const database = openScratchDatabase(
    scratch,
    "CREATE TABLE slots (slot TEXT PRIMARY KEY, owner TEXT, type TEXT, requested REAL) WITHOUT ROWID",
  );
  try {
    await fill(database, prosodyData, options);
    return indexIn(database, options.now);
  } catch (error) {
    database.close();
    throw error;
  }
}

async function fill(database: ScratchDatabase, path: string, options: SourceOptions): Promise<void> {
  const insert = database.prepare("INSERT OR IGNORE INTO slots VALUES (?, ?, ?, ?)");
  const add = ({ slot, owner, contentType, requested }: SlotRecord): void => {
    insert.run(slot, owner ?? null, contentType ?? null, requested?.getTime() ?? null);
  };
  const breathe = breaths(options.signal);
  const root = OpenFolder.root(path);
  try {
    const { component, folder } = await findComponent(root, "uploads.list", options);
    for await (const record of slotsOf({ root, path, component, folder }, options)) {
      const pause = breathe();
      if (pause !== undefined) await pause;
      // What is damaged tells nothing of a file; the file is taken without.
      if (!("kind" in record)) add(record);
    }
    folder.close();
  } finally {
    root.close();
  }
}

function indexIn(database: ScratchDatabase, now: () => Date): SlotIndex {
  const find = database.prepare("SELECT owner, type, requested FROM slots WHERE slot = ?");
  return {
    enrich(file) {
      const slot = "path" in file.address ? file.address.path.split("/").at(-2) : undefined;
      const row = slot === undefined ? undefined : find.get(slot);
      if (row === undefined) return file;
      const { owner, type, requested } = row;
      return {
        ...file,
        ...(typeof owner === "string" && { owner }),
        ...(typeof type === "string" && isMediaType(type) && { contentType: type, isTypeGuessed: false }),
        ...(typeof requested === "number" && { uploaded: new Date(Math.min(requested, now().getTime())) }),
      };
    },
    close: () => database.close(),
  };
}
