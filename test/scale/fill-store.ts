import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { encodeTrailer } from "../../src/store/disk/object-file.ts";
import { encodeIdentity } from "../../src/store/store-identity.ts";
import { type Layer, tokenOf } from "./fill.ts";

/** The identity of every data folder that is filled here. */
const storeId = "5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e";

/** Makes a data folder the one that the ledger knows for these domains. */
export async function ownStore(folder: string, ledger: Ledger, domains: readonly string[]): Promise<void> {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "store-identity.json"), encodeIdentity(storeId));
  await ledger.setStoreId(domains, storeId);
}

/** Writes an object for each complete file of the layers that `fill` has entered, those of these domains. */
export function fillStore(folder: string, layers: readonly Layer[], domains: readonly string[]): void {
  for (let shard = 0; shard < 256; shard += 1) {
    mkdirSync(join(folder, "objects", shard.toString(16).padStart(2, "0")), { recursive: true });
  }
  const created = new Date();
  let number = 0;
  for (const { domain, state, files, size } of layers) {
    const about = { filename: "photo.jpg", contentType: "image/jpeg", size, expiry: undefined };
    const object = Buffer.concat([Buffer.alloc(size), encodeTrailer(about, created)]);
    const isThere = state === "complete" && domains.includes(domain);
    for (let i = number; isThere && i < number + files; i += 1) {
      const token = tokenOf(i);
      writeFileSync(join(folder, "objects", token.slice(0, 2), token), object);
    }
    number += files;
  }
}
