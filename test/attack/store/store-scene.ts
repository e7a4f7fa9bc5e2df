import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { openSqlite } from "../../../src/ledger/database/sqlite.ts";
import type { Ledger } from "../../../src/ledger/ledger.ts";
import { openSqlLedger } from "../../../src/ledger/sql-ledger.ts";
import { openDiskStore } from "../../../src/store/disk/disk-store.ts";
import type { ObjectStore } from "../../../src/store/object-store.ts";
import { s3Bucket } from "../../../src/store/s3/s3-bucket.ts";
import { noLimits } from "../../contract/ledger.ts";
import { freePorts } from "../../peers/ports.ts";
import { makeFolder, removeFolder, waitUntil } from "../../peers/process.ts";
import { type Slotd, startSlotd, withoutXmpp } from "../../peers/slotd.ts";

const owner = "alice@example.org";

/** A file as a slot is for it. */
export interface WantedFile {
  readonly size: number;
  /** Undefined: never. */
  readonly expires?: Date | undefined;
}

/** A slotd with a data folder, a ledger elsewhere, and a second hand on both: slots need no XMPP server. */
export interface StoreScene {
  readonly slotd: Slotd;
  readonly url: string;
  /** The data folder. */
  readonly volume: string;
  readonly ledger: Ledger;
  /** The data folder as another process has it open. */
  readonly store: ObjectStore;
  /** Reserves a file and signs its PUT URL, as slotd does. */
  slot(file: WantedFile): Promise<{ readonly token: string; readonly putUrl: string }>;
  /** What an upload comes to, without HTTP: in the store, and complete in the ledger. Gives the token. */
  enter(file: WantedFile, content: AsyncIterable<Uint8Array>): Promise<string>;
  /** What /readyz says; never "ready", for no component is connected. */
  readyText(): Promise<string>;
  stop(): Promise<void>;
}

/** @param more lines of slotd.toml before its tables. */
export async function openStoreScene(more = ""): Promise<StoreScene> {
  const folder = makeFolder("store-scene");
  const [port = 0, ops = 0, noServer = 0] = await freePorts(3);
  const slotd = await startSlotd({
    components: 0,
    config: `
domains = ["example.org"]
backend = "disk"
disk.path = "volume"
ledger.url = "sqlite:${join(folder, "ledger.db")}"
${more}
${withoutXmpp(noServer)}
[http]
listen = "127.0.0.1:${port}"
[ops]
listen = "127.0.0.1:${ops}"
socket = "slotd.sock"
`,
  });
  const url = `http://127.0.0.1:${port}`;
  const volume = join(slotd.folder, "volume");
  await waitUntil("slotd to serve", () =>
    slotd.process.log().includes("The server for metrics and health checks is listening"),
  );
  const now = () => new Date();
  const ledger = await openSqlLedger(await openSqlite(join(folder, "ledger.db")), { now });
  const store = await openDiskStore(volume, { now, randomBytes }, { fsync: false });
  const [key] = JSON.parse(readFileSync(join(volume, "signing-keys.json"), "utf8")).keys;
  const credentials = { current: () => key };
  const bucket = s3Bucket({
    ...{ bucketUrl: url, region: "us-east-1", addAcl: false, echoDeclared: true, credentials },
  });
  const reserve = async ({ size, expires }: WantedFile): Promise<string> => {
    const token = randomBytes(16).toString("hex");
    const about = { token, domain: "example.org", jid: owner, purpose: "message", filename: "a.bin" };
    const putUntil = new Date(Date.now() + 60_000);
    await ledger.reserve({ ...about, size, expires, putUntil }, noLimits);
    return token;
  };
  return {
    ...{ slotd, url, volume, ledger, store },
    async slot({ size, expires }) {
      const token = await reserve({ size, expires });
      const object = { token, filename: "a.bin", size, contentType: undefined, expiry: expires };
      return { token, putUrl: bucket.slot(object, 60, new Date()).putUrl };
    },
    async enter({ size, expires }, content) {
      const token = await reserve({ size, expires });
      const meta = {
        token,
        filename: "a.bin",
        size,
        contentType: "application/octet-stream",
        expiry: expires,
      };
      await store.put(meta, content);
      await ledger.complete(token, size, () => noLimits);
      return token;
    },
    readyText: async () => (await fetch(`http://127.0.0.1:${ops}/readyz`)).text(),
    async stop() {
      await ledger.close();
      await slotd.stop();
      removeFolder(folder);
    },
  };
}
