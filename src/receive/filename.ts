import { filenameProblem, MAX_FILENAME_BYTES } from "../slot/slot-request.ts";

/**
 * What a file is called when it is downloaded, for a name that another server took: it may have control characters,
 * backslashes or any length there. They become "_", and what is too long is cut.
 */
export function keptFilename(name: string): string {
  const clean = name.toWellFormed().replace(/[/\\\p{Cc}]/gu, "_");
  const kept = cutTo(clean, MAX_FILENAME_BYTES);
  return filenameProblem(kept) === undefined ? kept : "file";
}

function cutTo(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text;
  let kept = "";
  let left = bytes;
  for (const character of text) {
    left -= Buffer.byteLength(character);
    if (left < 0) break;
    kept += character;
  }
  return kept;
}
