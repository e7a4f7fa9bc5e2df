import { closeSync, readSync } from "node:fs";
import type { SourceSkip } from "../source.ts";
import { breaths } from "../tree/breath.ts";
import { type OpenFolder, reasonOf } from "../tree/open-folder.ts";
import { skip } from "../tree/walk.ts";
import { luaItems } from "./lua-items.ts";
import type { LuaTable } from "./lua-table.ts";

/** Reads the records of a `.list` file of Prosody's, with a skip for each damaged place. */
export async function* listFile(
  folder: OpenFolder,
  name: string,
  signal: AbortSignal,
): AsyncGenerator<LuaTable | SourceSkip> {
  const place = folder.placeOf(name);
  let fd: number;
  try {
    fd = folder.openFile(name);
  } catch (error) {
    yield skip(place, "unreadable", reasonOf(error));
    return;
  }
  const breathe = breaths(signal);
  let at = 0;
  try {
    const pull = (target: Uint8Array): number => {
      const length = readSync(fd, target, 0, target.length, at);
      at += length;
      return length;
    };
    for (const item of luaItems(pull)) {
      const pause = breathe();
      if (pause !== undefined) await pause;
      if (item?.kind === "item") yield item.value;
      if (item?.kind === "damage") yield skip(place, "malformed-metadata", `no record at byte ${item.at}`);
    }
  } finally {
    closeSync(fd);
  }
}
