import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Copied } from "../../../src/import/enter-files.ts";
import {
  type ImportDeps,
  type ImportOptions,
  importFiles,
  type Remark,
} from "../../../src/import/import-files.ts";
import type { ImportTarget } from "../../../src/import/import-target.ts";
import { openSqlite } from "../../../src/ledger/database/sqlite.ts";
import type { Ledger } from "../../../src/ledger/ledger.ts";
import { openSqlLedger } from "../../../src/ledger/sql-ledger.ts";
import type { SourceFile, SourceItem } from "../../../src/sources/source.ts";
import { diskInventory } from "../../../src/store/disk/disk-inventory.ts";
import { openDiskStore } from "../../../src/store/disk/disk-store.ts";
import type { ObjectStore } from "../../../src/store/object-store.ts";

export const now = new Date("2026-11-25T12:00:00Z");

/** A file of a source that has its content in memory. */
export function sourceFile(path: string, content: string, about: Partial<SourceFile> = {}): SourceFile {
  const bytes = Buffer.from(content);
  return {
    kind: "file",
    address: { path },
    place: path,
    filename: path.split("/").at(-1),
    isNameAltered: false,
    contentType: "text/plain",
    isTypeGuessed: false,
    size: bytes.length,
    owner: "alice@example.org",
    uploaded: new Date("2026-11-01T10:00:00.500Z"),
    open: async () => ({
      size: bytes.length,
      async *read() {
        for (let at = 0; at < bytes.length; at += 1000) yield new Uint8Array(bytes.subarray(at, at + 1000));
      },
      close: async () => undefined,
    }),
    ...about,
  };
}

/** A disk store, a ledger, and what is told of an import into them. */
export interface ImportScene {
  readonly store: ObjectStore;
  readonly ledger: Ledger;
  readonly target: ImportTarget;
  readonly listed: Copied[];
  readonly remarks: Remark[];
  readonly spent: Set<string>;
  run(
    items: readonly SourceItem[] | AsyncIterable<SourceItem>,
    options?: Partial<ImportOptions>,
    deps?: Partial<ImportDeps>,
  ): ReturnType<typeof importFiles>;
  stop(): Promise<void>;
}

export const options: ImportOptions = {
  addressing: { rule: "path", space: "old.example.org/up", urls: ["https://old.example.org/up/"] },
  domain: "example.org",
  keptFor: undefined,
  maxFileSize: undefined,
  parallel: 4,
  maxRate: undefined,
  isDryRun: false,
  comparesContent: false,
  uploadsMayTake: 86_400,
};

export async function openImportScene(): Promise<ImportScene> {
  const folder = mkdtempSync(join(tmpdir(), "slotd-import-"));
  const store = await openDiskStore(join(folder, "data"), { now: () => now, randomBytes }, { fsync: false });
  const ledger = await openSqlLedger(await openSqlite(join(folder, "ledger.db")), { now: () => now });
  const inventory = diskInventory(join(folder, "data"));
  const target: ImportTarget = {
    ...{ sink: store, finder: inventory, inventory, maxObjectSize: undefined },
    open: (token) => store.open(token),
  };
  const listed: Copied[] = [];
  const remarks: Remark[] = [];
  const spent = new Set<string>();
  const deps: ImportDeps = {
    ...{ target, ledger, now: () => now, signal: new AbortController().signal },
    spent: {
      has: async (token) => spent.has(token),
      add: async (tokens) => tokens.forEach((token) => void spent.add(token)),
    },
    list: { add: (file) => void listed.push(file), written: async () => undefined },
    remark: (remark) => void remarks.push(remark),
    onProgress: () => undefined,
    monotonic: () => performance.now(),
    sleep: async () => undefined,
  };
  return {
    ...{ store, ledger, target, listed, remarks, spent },
    run: (items, more = {}, about = {}) =>
      importFiles(
        Symbol.asyncIterator in items ? items : each(items),
        { ...options, ...more },
        { ...deps, ...about },
      ),
    async stop() {
      await ledger.close();
      rmSync(folder, { recursive: true });
    },
  };
}

async function* each(items: readonly SourceItem[]): AsyncGenerator<SourceItem> {
  yield* items;
}
