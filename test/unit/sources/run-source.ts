import { createHash } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { addressKey, keyOfPathHash } from "../../../src/address/address-key.ts";
import { type FormerKindName, formerKinds } from "../../../src/address/former-kinds.ts";
import type { SourceFile, SourceItem, SourceOptions } from "../../../src/sources/source.ts";
import { sources } from "../../../src/sources/sources.ts";

/** The clock of the samples, some hours after their uploads. */
export const sampleTime = new Date("2026-11-25T12:00:00Z");

/** All items of a source. */
export async function runSource(
  kind: FormerKindName,
  folder: string,
  options: Partial<SourceOptions> = {},
): Promise<SourceItem[]> {
  const items: SourceItem[] = [];
  const all = { folder, now: () => sampleTime, signal: new AbortController().signal, ...options };
  for await (const item of sources[kind](all)) items.push(item);
  return items;
}

/** Its skips, as `place: reason`. */
export function skipsOf(items: readonly SourceItem[]): string[] {
  return items.flatMap((item) => (item.kind === "skip" ? [`${item.place}: ${item.reason}`] : [])).sort();
}

export function filesOf(items: readonly SourceItem[]): SourceFile[] {
  return items.filter((item) => item.kind === "file").sort((a, b) => (a.place < b.place ? -1 : 1));
}

/** The key under which a request finds the item. */
export function keyOf(kind: FormerKindName, { address }: Exclude<SourceItem, { kind: "skip" }>): string {
  if ("pathHash" in address) return keyOfPathHash(address.pathHash);
  return addressKey(formerKinds[kind].rule, address.path) ?? "";
}

/** @returns lowercase hex. */
export async function sha256Of(file: SourceFile): Promise<string> {
  const content = await file.open();
  try {
    const hash = createHash("sha256");
    for await (const piece of content.read()) hash.update(piece);
    return hash.digest("hex");
  } finally {
    await content.close();
  }
}

export function freshFolder(): string {
  return mkdtempSync(join(tmpdir(), "slotd-source-"));
}

/** The list of accounts as a source takes it. */
export function accountsOf(jids: readonly string[]): () => AsyncIterable<string> {
  return async function* () {
    yield* jids;
  };
}
