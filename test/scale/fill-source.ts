import { createHash } from "node:crypto";
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { FormerKindName } from "../../src/address/former-kinds.ts";

/** The kinds of folders that there are: one large folder with a list, one without, and many small folders. */
export const filledKinds = ["prosody", "share-php", "ejabberd"] as const satisfies readonly FormerKindName[];

/** Makes the folder of a former service with so many files of a byte each, and prosody with one slot in 100 unused. */
export function fillSource(kind: (typeof filledKinds)[number], folder: string, files: number): void {
  const fill = { prosody: fillProsody, "share-php": fillSharePhp, ejabberd: fillEjabberd };
  mkdirSync(folder, { recursive: true });
  fill[kind](folder, files);
}

function fillProsody(folder: string, files: number): void {
  const component = join(folder, "share%2eexample%2eorg");
  mkdirSync(join(component, "http_file_share"), { recursive: true });
  const list = openSync(join(component, "uploads.list"), "w");
  let items: string[] = [];
  for (let i = 0; i < files; i += 1) {
    const slot = tokenOf(i);
    if (i % 100 !== 99) writeFileSync(join(component, "http_file_share", `${slot}.bin`), "x");
    items.push(itemOf(slot, i));
    if (items.length < 1_000 && i < files - 1) continue;
    writeSync(list, items.join(""));
    items = [];
  }
  closeSync(list);
}

function itemOf(slot: string, i: number): string {
  return `item({
	["attr"] = {
		["filename"] = "picture ${i}.jpg";
		["stamp"] = "2026-11-24T18:32:33Z";
		["xmlns"] = "urn:xmpp:http:upload:0";
		["size"] = "1";
		["content-type"] = "image/jpeg";
	};
	["with"] = "user${i % 1000}@example.org";
	["when"] = 1795545153;
	["key"] = "${slot}";
	["name"] = "request";
});
`;
}

function fillSharePhp(folder: string, files: number): void {
  for (let i = 0; i < files; i += 1) {
    writeFileSync(join(folder, `store-${createHash("sha256").update(String(i)).digest("hex")}`), "x");
  }
}

function fillEjabberd(folder: string, files: number): void {
  for (let i = 0; i < files; i += 1) {
    const user = createHash("sha1")
      .update(`user${i % 1000}@example.org`)
      .digest("hex");
    const random = join(folder, user, tokenOf(i));
    mkdirSync(random, { recursive: true });
    writeFileSync(join(random, "picture.jpg"), "x");
  }
}

/** 24 letters and digits, without any order. */
function tokenOf(i: number): string {
  return createHash("sha256").update(`slot ${i}`).digest("hex").slice(0, 24);
}
