import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { addressKey } from "../../src/address/address-key.ts";
import { addressToken } from "../../src/address/address-token.ts";
import { openSqlite } from "../../src/ledger/database/sqlite.ts";
import { openSqlLedger } from "../../src/ledger/sql-ledger.ts";
import { openDiskStore } from "../../src/store/disk/disk-store.ts";
import { readBack } from "../contract/object-store.ts";
import { seeded } from "./crash.ts";
import { makeFolder, removeFolder } from "./process.ts";

/** What a crash test of an import has seen. */
export interface ImportCrashReport {
  /** Runs that were really killed, and did not end before. */
  readonly kills: number;
  /** Kills after which store and ledger had some of the files, and not all. */
  readonly killsMidway: number;
  /** Kills after which the store had more files than the ledger. */
  readonly killsBetween: number;
  readonly files: number;
  readonly bytes: number;
}

const cli = join(import.meta.dirname, "../../src/cli.ts");
const base = "https://old.example.org/files";
const deps = { now: () => new Date(), randomBytes };

interface Scene {
  readonly folder: string;
  readonly data: string;
  readonly ledger: string;
  readonly hashes: ReadonlyMap<string, string>;
  readonly bytes: number;
}

/**
 * Kills `slotd import` with SIGKILL at random moments of its work and runs it again on the same folder, and at last lets
 * it end. Then every file of the source must be in the store, in the ledger and in the list, whole and once, and nothing
 * else; the sums of the ledger must be those of its files.
 *
 * @param count of files; the rate is such that the kills are spread over all of them.
 * @throws {Error} that says what is missing or too much.
 */
export async function importCrashTest(
  kills: number,
  count: number,
  seed: number,
  onRound: (round: number) => void = () => undefined,
): Promise<ImportCrashReport> {
  const random = seeded(seed);
  const folder = makeFolder("import-crash");
  try {
    const scene = await prepare(folder, count, random);
    const report = { kills: 0, killsMidway: 0, killsBetween: 0 };
    // Every second run copies for a tenth of a second or so before it is killed.
    const rate = Math.max(1, Math.ceil(scene.bytes / (kills * 0.05)));
    for (let round = 0; round < kills; round += 1) {
      // Half of them while it looks at what is there, which takes longer and longer, and half while it copies.
      const kill = { whileCopying: round % 2 === 1, after: random() * 200 };
      if (await runImport(scene, [`--max-rate=${rate}`], kill)) report.kills += 1;
      const [stored, entered] = [storedCount(scene), await enteredCount(scene)];
      if (stored > 0 && stored < count) report.killsMidway += 1;
      if (stored > entered) report.killsBetween += 1;
      onRound(round + 1);
      if (entered > stored) throw new Error(`the ledger has ${entered} files, and the store ${stored}`);
    }
    await runImport(scene, [], undefined);
    await check(scene);
    return { ...report, files: count, bytes: scene.bytes };
  } finally {
    removeFolder(folder);
  }
}

async function prepare(folder: string, count: number, random: () => number): Promise<Scene> {
  const data = join(folder, "data");
  const ledger = join(folder, "ledger.db");
  await openDiskStore(data, deps);
  await (await openSqlLedger(await openSqlite(ledger), deps)).close();
  writeFileSync(
    join(folder, "slotd.toml"),
    `domains = ["example.org"]\nbackend = "disk"\nxmpp.secret = "x"\ndisk.path = "data"\nledger.url = "sqlite:../ledger.db"\n`,
  );
  const hashes = new Map<string, string>();
  let bytes = 0;
  for (let i = 0; i < count; i += 1) {
    const path = `u${i % 50}/file ${i}.bin`;
    // Now and then one of several pieces.
    const content = randomBytes(Math.floor(random() ** 8 * 600_000));
    mkdirSync(join(folder, "source", `u${i % 50}`), { recursive: true });
    writeFileSync(join(folder, "source", path), content);
    const token = addressToken("old.example.org/files", addressKey("path", path) ?? "");
    hashes.set(token, createHash("sha256").update(content).digest("hex"));
    bytes += content.length;
  }
  return { folder, data, ledger, hashes, bytes };
}

/** When an import is killed: so many milliseconds after it has begun to work, or to copy. */
interface Kill {
  readonly whileCopying: boolean;
  readonly after: number;
}

/**
 * Runs an import, and kills it. Gives whether it was killed.
 *
 * @param kill undefined: it is not.
 * @throws {Error} when it failed by itself.
 */
async function runImport(
  { folder, data }: Scene,
  more: readonly string[],
  kill: Kill | undefined,
): Promise<boolean> {
  const report = join(folder, "slotd-import-folder.report");
  rmSync(report, { force: true });
  const words = [
    "import",
    "folder",
    "source",
    "--url",
    base,
    "--expires-after=never",
    "--min-age=0",
    ...more,
  ];
  const child = spawn(process.execPath, [cli, ...words], {
    cwd: folder,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let err = "";
  child.stderr.on("data", (text: Buffer) => {
    err += text.toString();
  });
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.once("close", (code, signal) => resolve({ code, signal }));
  });
  if (kill !== undefined) {
    const incoming = join(data, "incoming");
    // What an earlier kill left there is removed when the import begins.
    const hasBegun = () => existsSync(report) && (!kill.whileCopying || readdirSync(incoming).length > 0);
    while (!hasBegun() && child.exitCode === null) await pause(2);
    await Promise.race([pause(kill.after), ended]);
    child.kill("SIGKILL");
  }
  const { code, signal } = await ended;
  if (signal !== "SIGKILL" && code !== 0) throw new Error(`slotd import ended with ${code}: ${err}`);
  return signal === "SIGKILL";
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function storedCount({ data }: Scene): number {
  return tokensIn(data).length;
}

function tokensIn(data: string): string[] {
  return readdirSync(join(data, "objects"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.includes("/"))
    .map((path) => path.slice(3));
}

async function enteredCount({ ledger }: Scene): Promise<number> {
  const database = await openSqlite(ledger);
  try {
    const [row] = await database.query("SELECT COUNT(*) AS count FROM slotd_files");
    return Number(row?.count);
  } finally {
    await database.close();
  }
}

async function check({ folder, data, ledger: path, hashes, bytes }: Scene): Promise<void> {
  const stored = tokensIn(data);
  if (stored.length !== hashes.size)
    throw new Error(`the store has ${stored.length} files, not ${hashes.size}`);
  const store = await openDiskStore(data, deps);
  for (const token of stored) {
    const { content } = await readBack(store, token);
    const hash = createHash("sha256").update(content).digest("hex");
    if (hash !== hashes.get(token)) throw new Error(`${token.slice(0, 8)} is not what the source has`);
  }
  const strays = readdirSync(join(data, "incoming"));
  if (strays.length > 0) throw new Error(`${strays.length} strays in incoming/`);
  const ledger = await openSqlLedger(await openSqlite(path), deps);
  try {
    const [wrong] = await ledger.audit();
    if (wrong !== undefined) throw new Error(`the sum of ${wrong.account} does not agree with its files`);
    const { total } = await ledger.sums(["example.org"]);
    if (total.files !== hashes.size || total.bytes !== bytes)
      throw new Error(`the ledger counts ${total.files} files, ${total.bytes} bytes`);
    for (const token of hashes.keys())
      if ((await ledger.find(token))?.state !== "complete") throw new Error("the ledger lacks a file");
  } finally {
    await ledger.close();
  }
  const lines = readFileSync(join(folder, "slotd-import-folder.list"), "utf8").trimEnd().split("\n");
  const listed = new Map(lines.map((line) => [line.split(" ")[2], line.split(" ")[0]]));
  const values = [...listed.values()].sort().join();
  if (listed.size !== hashes.size || values !== [...hashes.values()].sort().join())
    throw new Error(`the list has ${listed.size} URLs, not ${hashes.size}, or other hashes`);
}
