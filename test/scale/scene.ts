import { join } from "node:path";
import type { Database } from "../../src/ledger/database/database.ts";
import { openPostgres } from "../../src/ledger/database/postgres.ts";
import { openSqlite } from "../../src/ledger/database/sqlite.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { openSqlLedger } from "../../src/ledger/sql-ledger.ts";
import { type SlotAsker, startSlotAsker } from "../attack/slot-asker.ts";
import { freePorts } from "../peers/ports.ts";
import { makeFolder, removeFolder } from "../peers/process.ts";
import { type Postgres, startPostgres } from "../peers/servers/postgres.ts";
import { type Slotd, startSlotd } from "../peers/slotd.ts";
import { fill, type Layer } from "./fill.ts";
import { fillStore, ownStore } from "./fill-store.ts";
import { LoopProbe } from "./longest-block.ts";

const day = 86_400_000;

/** Domains that give slots, to a few users and to many. */
export const free = ["few.example", "many.example"] as const;

/** Domains that are full in different ways. */
export const full = [
  ...["domain.example", "user.example", "crowd.example", "daily.example", "evict.example"],
  "bytes.example",
] as const;

/** In some more than anybody could remember. */
export const usersOf = (domain: string) => (["crowd.example", "many.example"].includes(domain) ? 3_000 : 10);

/**
 * What years leave behind: others' files, slots that were never used, files of a domain that nobody serves any more.
 */
function layersOf(files: number, mostObjects: number): Layer[] {
  const own = Math.min(files, mostObjects);
  const layer = { purpose: "message", users: 1_000, size: 100, dueAt: Date.now() + 20 * day };
  return [
    ...free.map((domain): Layer => ({ ...layer, domain, users: 3_000, state: "complete", files: own / 2 })),
    { ...layer, domain: "elsewhere.example", state: "complete", files: files - own },
    { ...layer, domain: "gone.example", state: "complete", files: files / 10, dueAt: Date.now() - 20 * day },
    ...full.flatMap((domain): Layer[] => [
      { ...layer, domain, users: usersOf(domain), state: "complete", files: 3 * usersOf(domain) + 1_000 },
      { ...layer, domain, users: 10, state: "abandoned", files: own / 8, dueAt: Date.now() + day / 2 },
    ]),
  ];
}

function configOf(port: number, url: string, data: string): string {
  return `
domains = [${[...free, ...full].map((domain) => `"${domain}"`).join(", ")}]
backend = "disk"
retention = "30d"
ledger.url = "${url}"
http.listen = "127.0.0.1:0"
xmpp.address = "127.0.0.1:${port}"
xmpp.secret = "known to nobody"
disk.path = "${data}"

[quota]
user = "1TiB"
user_files = 1000000000
user_daily = "1TiB"
domain = "1TiB"

[rate]
slots_per_minute = 60000000
burst = 1000000

[domain."domain.example".quota]
domain_files = 100

[domain."user.example".quota]
user_files = 100

[domain."crowd.example".quota]
user_files = 3

[domain."daily.example".quota]
user_daily_files = 10

[domain."evict.example".quota]
domain_files = 100
when_full = "delete-oldest"

[domain."bytes.example".quota]
domain = "1MiB"
domain_files = 1000000000
`;
}

export type DatabaseKind = "SQLite" | "PostgreSQL";

export interface ScaleOptions {
  readonly kind: DatabaseKind;
  /** How many complete files the ledger has about, and half as many unused slots. */
  readonly files: number;
  /** Whether the data folder has an object for each. */
  readonly hasObjects: boolean;
  /** Files beyond these are of a domain that is served elsewhere; there are none when it is left out. */
  readonly mostObjects?: number;
}

/** A running slotd whose ledger has many files, and what asks it for slots. */
export class ScaleScene {
  readonly slotd: Slotd;
  readonly asker: SlotAsker;
  /** How many rows of files the ledger was filled with. */
  readonly rows: number;
  /** The folder of its data. */
  readonly data: string;
  /** Where it answers operators. */
  readonly opsPort: number;
  /** Measures how long slotd's event loop is held. */
  readonly probe: LoopProbe;
  /** Opens the ledger's database once more, beside slotd. */
  readonly openDatabase: () => Promise<Database>;
  readonly #ends: (() => unknown)[];

  static async start({ kind, files, hasObjects, mostObjects = files }: ScaleOptions): Promise<ScaleScene> {
    const ends: (() => unknown)[] = [];
    try {
      const folder = makeFolder("scale");
      ends.push(() => removeFolder(folder));
      const url = await urlOf(kind, folder, ends);
      const openDatabase = async () =>
        kind === "SQLite"
          ? openSqlite(url.slice("sqlite:".length))
          : openPostgres(url, { lost: () => undefined });
      const data = join(folder, "data");
      const layers = layersOf(files, mostObjects);
      const rows = layers.reduce((sum, layer) => sum + layer.files, 0);
      await fillAll(await openDatabase(), data, layers, hasObjects);
      if (kind === "PostgreSQL") await settle(await openDatabase());
      const asker = await startSlotAsker();
      ends.push(() => asker.stop());
      const [opsPort = 0] = await freePorts(1);
      const probe = new LoopProbe(folder);
      const slotd = await startSlotd({
        config: configOf(asker.port, url, data),
        env: { SLOTD_OPS_LISTEN: `127.0.0.1:${opsPort}`, ...probe.env },
        components: free.length + full.length,
      });
      ends.push(() => slotd.stop());
      return new ScaleScene({ slotd, asker, rows, data, opsPort, probe, openDatabase }, ends);
    } catch (error) {
      await endAll(ends);
      throw error;
    }
  }

  private constructor(
    parts: Pick<ScaleScene, "slotd" | "asker" | "rows" | "data" | "opsPort" | "probe" | "openDatabase">,
    ends: (() => unknown)[],
  ) {
    this.slotd = parts.slotd;
    this.asker = parts.asker;
    this.rows = parts.rows;
    this.data = parts.data;
    this.opsPort = parts.opsPort;
    this.probe = parts.probe;
    this.openDatabase = parts.openDatabase;
    this.#ends = ends;
  }

  stop(): Promise<void> {
    return endAll(this.#ends);
  }
}

async function urlOf(kind: DatabaseKind, folder: string, ends: (() => unknown)[]): Promise<string> {
  if (kind === "SQLite") return `sqlite:${join(folder, "slotd.db")}`;
  const postgres: Postgres = await startPostgres();
  ends.push(() => postgres.stop());
  return postgres.makeDatabase("scale");
}

async function fillAll(database: Database, data: string, layers: readonly Layer[], hasObjects: boolean) {
  const ledger: Ledger = await openSqlLedger(database, { now: () => new Date() });
  try {
    await fill(database, ledger, layers);
    await ownStore(data, ledger, [...free, ...full]);
    if (hasObjects) fillStore(data, layers, [...free, ...full]);
    // What a database that has grown over years has had done to it.
    await database.query("ANALYZE");
  } finally {
    await ledger.close();
  }
}

/** Does at once what PostgreSQL would begin to do by itself some minutes after so many rows have come. */
async function settle(database: Database): Promise<void> {
  await database.query("VACUUM");
  await database.query("CHECKPOINT");
  await database.close();
}

/** The last that was started ends first. */
async function endAll(ends: readonly (() => unknown)[]): Promise<void> {
  for (const end of [...ends].reverse()) await end();
}
