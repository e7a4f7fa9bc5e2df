import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A file that a client uploads. */
export interface HardFile {
  readonly name: string;
  readonly content: Buffer;
  /** What clients that go by the ending declare; undefined: they may say anything. */
  readonly type: string | undefined;
}

/** Names that software on the way takes for something else, each with the type of its ending. */
const hardNames: readonly (readonly [name: string, type: string | undefined])[] = [
  ["très cool.jpg", "image/jpeg"],
  ["tre\u0300s-nfd.png", "image/png"],
  ["a+b%20c.txt", "text/plain"],
  ["100%.pdf", "application/pdf"],
  ["hash#what?.png", "image/png"],
  ["semi;colon,comma&and=1.txt", "text/plain"],
  [`'quotes' "(1)".txt`, "text/plain"],
  ["~tilde_under-dash.txt", "text/plain"],
  ["[brackets]{braces}^|`.gif", "image/gif"],
  ["emoji😀.mp4", "video/mp4"],
  ["ключ 鍵.txt", "text/plain"],
  [".hidden", undefined],
  [`${"l".repeat(200)}.txt`, "text/plain"],
];

/** Writes the files of hard names into a folder that it makes; they come in the order of their names as bytes. */
export function writeHardFiles(folder: string): readonly HardFile[] {
  mkdirSync(folder, { recursive: true });
  for (const [name] of hardNames) writeFileSync(join(folder, name), randomBytes(3_000));
  const types = new Map(hardNames);
  return readdirSync(folder, { encoding: "utf8" })
    .sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)))
    .map((name) => ({ name, content: readFileSync(join(folder, name)), type: types.get(name) }));
}
