import { randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { nodeFiles } from "../../src/store/disk/disk-files.ts";
import { openDiskStore } from "../../src/store/disk/disk-store.ts";
import { s3Bucket } from "../../src/store/s3/s3-bucket.ts";
import { readBack } from "../contract/object-store.ts";
import { type ManagedProcess, makeFolder, removeFolder, startProcess } from "./process.ts";

/** What a crash test has seen. */
export interface CrashReport {
  readonly kills: number;
  readonly begun: number;
  /** Uploads that were answered 201. */
  readonly acknowledged: number;
  /** Objects that are whole although the answer was lost. */
  readonly unacknowledged: number;
  /** What a restart found in incoming/, all rounds together; none of it was left. */
  readonly leftovers: number;
}

const credentials = { accessKeyId: "CRASH", secretAccessKey: "the secret of the crash test" };
const server = join(import.meta.dirname, "crash-server.ts");

/** The content of an upload: anyone can make it again from its token. */
function contentOf(token: string, size: number): Buffer {
  return Buffer.alloc(size, Buffer.from(token));
}

/** Numbers from 0 to 1, the same for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    // mulberry32
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Kills a bucket with SIGKILL at random points of many uploads, starts it again on the same folder, and looks:
 * every upload that was answered 201 is there whole, everything that is there is whole, and nothing else is there.
 *
 * @throws {Error} that says what was lost or left.
 */
export async function crashTest(kills: number, seed: number, port: number): Promise<CrashReport> {
  const random = seeded(seed);
  const folder = makeFolder("crash");
  const data = join(folder, "data");
  const sizes = new Map<string, number>();
  const acknowledged = new Set<string>();
  let leftovers = 0;
  const start = () => startBucket(folder, port);
  try {
    for (let round = 0; round < kills; round += 1) {
      const bucket = await start();
      if (readdirSync(join(data, "incoming")).length > 0)
        throw new Error("a restart left strays in incoming/");
      let isOver = false;
      const clients = Array.from({ length: 6 }, async () => {
        while (!isOver) {
          const token = randomBytes(32).toString("hex");
          const size = Math.floor(random() ** 3 * 1_500_000);
          sizes.set(token, size);
          if ((await put(port, token, size)) === 201) acknowledged.add(token);
        }
      });
      await new Promise((resolve) => setTimeout(resolve, 5 + random() * 120));
      isOver = true;
      await bucket.kill9();
      await Promise.all(clients);
      leftovers += readdirSync(join(data, "incoming")).length;
    }
    const last = await start();
    await last.stop();
    const unacknowledged = await check(data, sizes, acknowledged);
    return { kills, begun: sizes.size, acknowledged: acknowledged.size, unacknowledged, leftovers };
  } finally {
    removeFolder(folder);
  }
}

/** Looks at every file; gives how many were not acknowledged. */
async function check(
  data: string,
  sizes: ReadonlyMap<string, number>,
  acknowledged: ReadonlySet<string>,
): Promise<number> {
  const strays = readdirSync(join(data, "incoming"));
  if (strays.length > 0) throw new Error(`${strays.length} strays in incoming/`);
  const store = await openDiskStore(data, { now: () => new Date(), randomBytes, files: nodeFiles });
  const present = readdirSync(join(data, "objects"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.includes("/"))
    .map((path) => path.slice(3));
  for (const token of present) {
    const size = sizes.get(token);
    if (size === undefined) throw new Error(`${token.slice(0, 8)} was never uploaded`);
    const { content } = await readBack(store, token);
    if (!content.equals(contentOf(token, size))) throw new Error(`${token.slice(0, 8)} is not whole`);
  }
  const there = new Set(present);
  const lost = [...acknowledged].filter((token) => !there.has(token));
  if (lost.length > 0) throw new Error(`${lost.length} acknowledged files are lost`);
  return present.length - acknowledged.size;
}

/** A slot of the bucket of crash-server.ts. */
export function crashSlot(port: number, token: string, size: number): { readonly putUrl: string } {
  const bucketUrl = `http://127.0.0.1:${port}`;
  return s3Bucket({
    bucketUrl,
    region: "local",
    credentials: { current: () => credentials },
    addAcl: false,
    echoDeclared: true,
  }).slot({ token, filename: "a.bin", size, contentType: undefined }, 600, new Date());
}

/** The status of an upload; undefined when the connection broke. */
export function put(port: number, token: string, size: number): Promise<number | undefined> {
  const { putUrl } = crashSlot(port, token, size);
  return new Promise((resolve) => {
    const upload = request(putUrl, { method: "PUT", headers: { "Content-Length": size } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    upload.once("error", () => resolve(undefined));
    upload.once("close", () => resolve(undefined));
    upload.end(contentOf(token, size));
  });
}

/** Starts the bucket of crash-server.ts on `folder`/data. */
export function startBucket(folder: string, port: number): Promise<ManagedProcess> {
  return startProcess({
    name: "bucket",
    command: [process.execPath, server, join(folder, "data"), String(port), JSON.stringify(credentials)],
    folder,
    isReady: () => isUp(port),
  });
}

async function isUp(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = request({ port, host: "127.0.0.1", path: "/x" }, (response) => {
      response.resume();
      resolve(response.statusCode === 404);
    });
    probe.once("error", () => resolve(false));
    probe.end();
  });
}
