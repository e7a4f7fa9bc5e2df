import { closeSync, readSync } from "node:fs";
import type { OpenFolder } from "../tree/open-folder.ts";

/** The first bytes of what Java knows. Source: java.net.URLConnection, guessContentTypeFromStream. */
const beginnings: readonly (readonly [string, string])[] = [
  ["GIF8", "image/gif"],
  ["\x89PNG\r\n\x1a\n", "image/png"],
  ["\xff\xd8\xff\xe0", "image/jpeg"],
  ["\xff\xd8\xff\xee", "image/jpeg"],
  ["II*\0", "image/tiff"],
  ["MM\0*", "image/tiff"],
  ["#def", "image/x-bitmap"],
  ["! XPM2", "image/x-pixmap"],
  [".snd", "audio/basic"],
  ["RIFF", "audio/x-wav"],
  ["<?xml", "application/xml"],
  ["<!", "text/html"],
  ["<html", "text/html"],
  ["<body", "text/html"],
  ["<head", "text/html"],
];

/**
 * The media type by the first sixteen bytes of a file, which are read; undefined where they tell nothing, and where
 * the file cannot be read: whoever copies it then finds out why.
 */
export function typeByContent(folder: OpenFolder, name: string): string | undefined {
  const bytes = Buffer.alloc(16);
  try {
    const fd = folder.openFile(name);
    try {
      return typeOf(bytes.toString("latin1", 0, readSync(fd, bytes, 0, bytes.length, 0)));
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined;
  }
}

function typeOf(start: string): string | undefined {
  // COMPAT(Java): a WebP image is a RIFF file too, and Java says audio/x-wav of it, which no client shows.
  if (start.startsWith("RIFF") && start.startsWith("WEBP", 8)) return "image/webp";
  if (start.startsWith("\xff\xd8\xff\xe1") && start.startsWith("Exif\0", 6)) return "image/jpeg";
  return beginnings.find(([beginning]) => start.toLowerCase().startsWith(beginning.toLowerCase()))?.[1];
}
