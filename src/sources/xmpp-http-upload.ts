import type { Source, SourceFile, SourceOptions, SourceSkip } from "./source.ts";
import { anyDepth, readPathTree } from "./tree/path-tree.ts";
import { readSmallFile } from "./tree/small-file.ts";
import { sourceFile } from "./tree/source-file.ts";
import { skip, type WalkedFile } from "./tree/walk.ts";

/** Bytes; those of the service have about 60. */
const longestMetadata = 16 * 1024;

/**
 * xmpp-http-upload of Jonas Schäfer: `PATH.data`, and `PATH.meta` with the type as it was sent. It answers only where
 * there are both.
 */
export const xmppHttpUpload: Source = (options) =>
  readPathTree(options, { depth: anyDepth, item: (file) => itemOf(file, options) });

function itemOf(file: WalkedFile, options: SourceOptions): SourceFile | SourceSkip | undefined {
  const { folder, name } = file;
  if (name === "..data" || name === "..meta") return skip(file.place, "junk", 'of a slot for the name ".."');
  const filename = name.slice(0, -".data".length);
  if (filename !== "" && name.endsWith(".data")) return dataItem(file, filename, options);
  if (filename === "" || !name.endsWith(".meta"))
    return skip(file.place, "junk", "expected NAME.data or NAME.meta");
  return folder.fileStats(`${filename}.data`) === undefined
    ? skip(file.place, "metadata-without-file")
    : undefined;
}

function dataItem(file: WalkedFile, filename: string, { now }: SourceOptions): SourceFile | SourceSkip {
  if (file.folder.fileStats(`${filename}.meta`) === undefined) {
    return skip(file.place, "unfinished", "it has no .meta beside it, so it answered 404");
  }
  const text = readSmallFile(file.folder, `${filename}.meta`, longestMetadata);
  const headers = text === undefined ? undefined : headersIn(text);
  if (headers === undefined)
    return skip(file.place, "malformed-metadata", "its .meta is not the JSON of this service");
  const address = { path: file.place.slice(0, -".data".length) };
  const type = { contentType: headers["content-type"], isGuessed: headers["content-type"] === undefined };
  return sourceFile(file, { address, filename, type }, now);
}

/** Those that are texts, by their names in lowercase. */
function headersIn(text: string): Readonly<Record<string, string>> | undefined {
  const metadata = parseJson(text);
  if (!isRecord(metadata) || !isRecord(metadata.headers)) return undefined;
  const headers: Record<string, string> = Object.create(null);
  for (const [name, value] of Object.entries(metadata.headers)) {
    if (typeof value === "string") headers[name.toLowerCase()] = value;
  }
  return headers;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
