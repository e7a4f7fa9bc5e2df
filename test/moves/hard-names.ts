/** A file to upload, by a request that may say what no client would. */
export interface HardFile {
  readonly filename: string;
  /** As the slot request has it; undefined: it has none. */
  readonly contentType: string | undefined;
  readonly size: number;
}

const byName: readonly (readonly [filename: string, contentType?: string])[] = [
  ["plain.jpg", "image/jpeg"],
  ["très cool (1).jpg", "image/jpeg"],
  // The same letters, decomposed.
  ["tre\u0300s cool (1).jpg", "image/jpeg"],
  ["  two  spaces .png", "image/png"],
  ["a+b%20c.txt", "text/plain"],
  ["100%.txt", "text/plain; charset=utf-8"],
  ["%41.pdf", "application/pdf"],
  ["😀🎉.png", "image/png"],
  ["Ünïcödé ЖЗ 中文.mp4", "video/mp4"],
  // 204 bytes.
  [`${"ä".repeat(100)}.pdf`, "application/pdf"],
  // 250 bytes; mod_http_upload makes a filename of it, which may have 255.
  [`${"n".repeat(246)}.ogg`, "audio/ogg"],
  [".htaccess", "text/plain"],
  ["no ending", "application/octet-stream"],
  ["README"],
  ["nothing said.jpg"],
  ['say "hi".txt', "text/plain"],
  ["it's; really=odd.html", "text/html"],
  ["a&b=c?d#e.txt", "text/plain"],
  ["back\\slash.txt", "text/plain"],
  ["curly{}[]<>|^`~.txt", "text/plain"],
  ["draw.svg", "image/svg+xml"],
  ["CAPITALS.JPG", "Image/JPEG"],
  ["archive.tar.gz", "application/gzip"],
  ["encrypted.jpg", "application/octet-stream"],
  ["@:!$&'()*+,;=-._~", "application/octet-stream"],
  ["script.js", "text/javascript"],
  ["voice.m4a", "audio/mp4"],
];

/** Names that some client, server or file system once had trouble with, and types that are not to be trusted. */
export const hardFiles: readonly HardFile[] = byName.map(([filename, contentType], at) => ({
  filename,
  contentType,
  size: at === 0 ? 300_000 : 100 + 37 * at,
}));

/** Names for the uploads of real clients, which refuse or change some of the others. */
export const clientNames = ["from a client é+%.jpg", "holiday;1.png"] as const;
