import { once } from "node:events";
import { readdirSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { Agent, get } from "node:http";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { sleep, waitUntil } from "../../peers/process.ts";
import type { Attack, AttackOptions, Measure } from "../attack.ts";
import { openStoreScene, type StoreScene } from "./store-scene.ts";

const mib = 1024 * 1024;

/** Large files are removed in each of the ways that there are: swept, swept while somebody reads them, broken off. */
export const largeRemovalsAttack: Attack = {
  name: "store-large-removals",
  promise: "Removing large files stops no other request.",
  needs: [],
  run: removeMany,
};

async function removeMany({ isShort }: AttackOptions): Promise<readonly Measure[]> {
  const scene = await openStoreScene('disk.fsync = false\nmax_file_size = "2GiB"');
  const [files, size, life] = isShort ? [1, 384 * mib, 4] : [4, 1024 * mib, 60];
  try {
    const probe = new Probe(`${scene.url}/${await scene.enter({ size: 5 }, pieces(5))}/a.bin`);
    await probe.longest(sleep(300));
    const tokens = await enterExpiring(scene, files + 1, size, life);
    const reader = startReading(scene, tokens[0] ?? "");
    const swept = await probe.longest(isSwept(scene, tokens));
    const closed = await probe.longest(giveUp(reader));
    const upload = await startUpload(scene, size / 4);
    const broken = await probe.longest(breakOff(scene, upload));
    // Done at once, freeing such a file stops everything for 200 ms; a busy machine alone for some 30.
    const of = (what: string, measured: number): Measure => ({
      what: `longest answer to others while ${what}`,
      ...{ measured, unit: "ms", atMost: 100 },
    });
    return [
      of(`${files} files of ${size / mib} MiB are swept`, swept),
      of("the reader of a file that was swept goes away", closed),
      of("a large upload breaks off", broken),
    ];
  } finally {
    await scene.stop();
  }
}

/** Files whose time is over when all of them are there. `life`: seconds. */
async function enterExpiring(
  scene: StoreScene,
  files: number,
  size: number,
  life: number,
): Promise<string[]> {
  const expires = new Date((Math.floor(Date.now() / 1000) + life) * 1000);
  const tokens: string[] = [];
  for (let i = 0; i < files; i += 1) {
    const token = await scene.enter({ size, expires }, pieces(size));
    const file = await open(join(scene.volume, "objects", token.slice(0, 2), token));
    await file.sync();
    await file.close();
    tokens.push(token);
  }
  return tokens;
}

async function isSwept({ ledger }: StoreScene, tokens: readonly string[]): Promise<void> {
  await waitUntil(
    "the sweep",
    async () => {
      const found = await Promise.all(tokens.map((token) => ledger.find(token)));
      // What was removed stays pending deletion for a while, to be removed again.
      return found.every(
        (file) => file === undefined || (file.state === "pending-deletion" && file.askAt !== undefined),
      );
    },
    180_000,
  );
}

/** Asks for a file and reads nothing of it: slotd keeps it open. */
function startReading({ url }: StoreScene, token: string): Socket {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => undefined).pause();
  socket.write(`GET /${token}/a.bin HTTP/1.1\r\nHost: ${hostname}:${port}\r\n\r\n`);
  return socket;
}

async function giveUp(reader: Socket): Promise<void> {
  reader.resetAndDestroy();
  await sleep(500);
}

/** Uploads all but the last byte of a large file. */
async function startUpload(scene: StoreScene, size: number): Promise<Socket> {
  const { putUrl } = await scene.slot({ size });
  const { hostname, port, pathname, search, host } = new URL(putUrl);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => undefined);
  socket.write(`PUT ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${size}\r\n\r\n`);
  for await (const piece of pieces(size - 1)) if (!socket.write(piece)) await once(socket, "drain");
  const incoming = join(scene.volume, "incoming");
  const arrived = () =>
    readdirSync(incoming).some((name) => statSync(join(incoming, name)).size > size - 2 * mib);
  await waitUntil("the upload to be at its end", arrived);
  return socket;
}

async function breakOff({ volume }: StoreScene, upload: Socket): Promise<void> {
  upload.resetAndDestroy();
  const isEmpty = () => readdirSync(join(volume, "incoming")).length === 0;
  await waitUntil("what is left of the upload to be removed", isEmpty);
}

/** Asks for one small file again and again, on one connection. */
class Probe {
  readonly #url: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });

  constructor(url: string) {
    this.#url = url;
  }

  /** The longest time to an answer while something is done; milliseconds. */
  async longest(work: Promise<void>): Promise<number> {
    let isOver = false;
    const done = work.finally(() => {
      isOver = true;
    });
    let longest = 0;
    while (!isOver) {
      longest = Math.max(longest, await this.#ask());
      await sleep(1);
    }
    await done;
    return longest;
  }

  #ask(): Promise<number> {
    const begun = performance.now();
    return new Promise((resolve, reject) => {
      const asked = get(this.#url, { agent: this.#agent }, (response) => {
        response.resume().once("end", () => resolve(performance.now() - begun));
      });
      asked.once("error", reject);
    });
  }
}

async function* pieces(size: number) {
  for (let left = size; left > 0; left -= mib) yield new Uint8Array(Math.min(left, mib)).fill(7);
}
