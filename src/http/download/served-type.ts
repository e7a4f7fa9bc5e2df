import { lookup } from "mrmime";

/** What a browser could run, or read scripts from, when it gets it under its own type. */
const active =
  /^(text\/(?!plain$)|application\/(x?html|xml|javascript|ecmascript|wasm|x-shockwave)|.*\+xml$)/;

/** Whether a browser could run something in content of this type, or read scripts from it. */
export function isActive(contentType: string): boolean {
  return active.test((contentType.split(";", 1)[0] ?? "").trim().toLowerCase());
}

/**
 * The media type that a file is served with when all that is known of it is its name: that of its extension, as long
 * as nothing can run in it; "application/octet-stream" for everything else. Text is said to be UTF-8.
 */
export function servedType(filename: string): string {
  const type = filename.includes(".") ? lookup(filename) : undefined;
  if (type === undefined || active.test(type)) return "application/octet-stream";
  return type === "text/plain" ? "text/plain; charset=utf-8" : type;
}
