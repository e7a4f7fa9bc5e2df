import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { OpenDomains } from "../../../src/admin/open-domains.ts";
import { openLedger } from "../../../src/app/ledgers/open-ledger.ts";
import { openForCommand } from "../../../src/app/open-for-command.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { openSqlite } from "../../../src/ledger/database/sqlite.ts";
import type { Ledger, LedgerFile } from "../../../src/ledger/ledger.ts";
import { openSqlLedger } from "../../../src/ledger/sql-ledger.ts";
import { createLog } from "../../../src/ops/log.ts";
import { diskIdentity } from "../../../src/store/disk/disk-identity.ts";
import { openDiskStore } from "../../../src/store/disk/disk-store.ts";
import type { ObjectStore } from "../../../src/store/object-store.ts";
import { newStoreId } from "../../../src/store/store-identity.ts";
import { noLimits } from "../../contract/ledger.ts";
import { bodyOf } from "../../contract/object-store.ts";

/** A data folder, its ledger and a configuration for them, as a slotd that serves example.org has left them. */
export interface Scene {
  readonly folder: string;
  readonly configFile: string;
  readonly store: ObjectStore;
  readonly ledger: Ledger;
  readonly openDomains: OpenDomains;
  /** Reserves a slot in the ledger. Gives its token. */
  reserve(about?: Partial<LedgerFile>): Promise<string>;
  /** Stores an object that holds its own token and so many more bytes. */
  put(token: string, more?: number, expiry?: Date): Promise<number>;
  /** What an upload by way of slotd comes to: reserved, stored and completed. */
  upload(about?: Partial<LedgerFile>): Promise<string>;
  /** Removes every object, and every file from the ledger. */
  clear(): Promise<void>;
  stop(): Promise<void>;
}

const seconds = 1000;

export async function openScene(more = ""): Promise<Scene> {
  const folder = mkdtempSync(join(tmpdir(), "slotd-admin-"));
  const configFile = join(folder, "slotd.toml");
  const toml = `domains = ["example.org"]\nbackend = "disk"\nxmpp.secret = "x"\ndisk.path = "data"\n`;
  // Not in the data folder: some tests put another one in its place.
  const where = more.includes("ledger.url") ? "" : 'ledger.url = "sqlite:../ledger.db"\n';
  writeFileSync(configFile, `${toml}${where}${more}`);
  const now = () => new Date();
  const store = await openDiskStore(join(folder, "data"), { now, randomBytes });
  const result = loadConfig({ file: configFile, env: {}, cwd: folder });
  if (!result.ok) throw new Error("the scene's configuration is wrong");
  const log = createLog({ level: "error", format: "json" }, () => undefined).logger;
  const ledger =
    (await openLedger(result.config.domains[0]!.ledger.url, { now, log })) ??
    (await openSqlLedger(await openSqlite(join(folder, "unused.db")), { now }));
  const id = newStoreId(randomBytes);
  await diskIdentity(join(folder, "data"), { randomBytes }).write(id);
  await ledger.setStoreId(["example.org"], id);
  const openDomains = await openForCommand(result.config, log);
  const scene: Scene = {
    ...{ folder, configFile, store, ledger, openDomains },
    async reserve(about = {}) {
      const token = about.token ?? randomBytes(16).toString("hex");
      await ledger.reserve(
        {
          ...{ token, domain: "example.org", jid: "alice@example.org", purpose: "message" },
          ...{ filename: "a.txt", size: token.length, expires: undefined },
          putUntil: new Date(Date.now() + 60 * seconds),
          ...about,
        },
        noLimits,
      );
      return token;
    },
    async put(token, more = 0, expiry) {
      const content = token + "x".repeat(more);
      const about = { token, filename: "a.txt", contentType: "text/plain", expiry };
      await store.put({ ...about, size: content.length }, bodyOf(content));
      return content.length;
    },
    async upload(about) {
      const token = await scene.reserve(about);
      await ledger.complete(token, await scene.put(token), () => noLimits);
      return token;
    },
    async clear() {
      const { inventory } = openDomains.domains[0];
      await inventory.remove(await Array.fromAsync(inventory.list()));
      await ledger.forget((await ledger.files({ limit: 1000 })).map(({ token }) => token));
    },
    async stop() {
      await openDomains.close();
      await ledger.close();
      rmSync(folder, { recursive: true });
    },
  };
  return scene;
}
