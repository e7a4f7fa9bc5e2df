import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodeTrailer } from "../src/store/disk/object-file.ts";
import { freePorts, isPortOpen } from "../test/peers/ports.ts";
import { makeFolder, removeFolder, waitUntil } from "../test/peers/process.ts";
import { startSlotd, withoutXmpp } from "../test/peers/slotd.ts";
import type { Bench } from "./bench.ts";
import { onServerCore } from "./cores.ts";
import { getManyLoad } from "./load/get-load.ts";

const SECONDS = 2;
/** How many of the files are asked for, chosen evenly among all: the same number, however many there are. */
const ASKED = 1_000;

/** A slotd whose data folder holds so many files of 1 KiB. */
interface Shelf {
  readonly origin: string;
  /** A file with a path on each line. */
  readonly pathsFile: string;
  /** Milliseconds from the start of slotd until its HTTP server took a connection. */
  readonly startTime: number;
  stop(): Promise<void>;
}

/** Writes the files as the disk store lays them out, in place of a million uploads. */
function fillFolder(folder: string, count: number): string[] {
  const content = randomBytes(1024);
  const meta = { filename: "photo.jpg", size: content.length, contentType: "image/jpeg" };
  const object = Buffer.concat([content, encodeTrailer(meta, new Date())]);
  for (let shard = 0; shard < 256; shard += 1)
    mkdirSync(join(folder, "objects", shard.toString(16).padStart(2, "0")), { recursive: true });
  const paths: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const token = randomBytes(32).toString("hex");
    writeFileSync(join(folder, "objects", token.slice(0, 2), token), object);
    if (index % (count / ASKED) === 0) paths.push(`/${token}/photo.jpg`);
  }
  return paths;
}

async function startShelf(count: number): Promise<Shelf> {
  const folder = makeFolder("million");
  const data = join(folder, "data");
  const paths = fillFolder(data, count);
  const pathsFile = join(folder, "paths");
  writeFileSync(pathsFile, `${paths.join("\n")}\n`);
  const [port = 0, noServer = 0] = await freePorts(2);
  const started = performance.now();
  const slotd = await onServerCore(() =>
    startSlotd({
      components: 0,
      config: `
domains = ["example.net"]
backend = "disk"
disk.path = "${data}"
http.listen = "127.0.0.1:${port}"
${withoutXmpp(noServer)}
`,
    }),
  );
  await waitUntil("the HTTP server", () => isPortOpen(port), 60_000);
  const startTime = performance.now() - started;
  return {
    origin: `http://127.0.0.1:${port}`,
    pathsFile,
    startTime,
    async stop() {
      await slotd.stop();
      removeFolder(folder);
    },
  };
}

/** Whether the number of files costs anything. */
export const millionFiles: Bench = {
  name: "million-files",
  description:
    "wrk GETs 1,000 different files of 1 KiB in turn over 16 persistent connections, from a slotd that has " +
    "1,000,000 files and from one that has only these 1,000; and the time from the start of each to its " +
    "first connection.",
  needs: ["wrk"],
  async open() {
    const few = await startShelf(ASKED);
    const many = await startShelf(1_000_000);
    const load = ({ origin, pathsFile }: Shelf) => getManyLoad(origin, pathsFile, 16, SECONDS);
    return {
      cases: [
        {
          name: "GET among 1,000,000",
          unit: "requests/s",
          better: "more",
          contenders: { slotd: () => load(many), "1,000 files": () => load(few) },
          goals: [{ against: "1,000 files", ratio: 0.95 }],
        },
        {
          name: "start with 1,000,000",
          unit: "ms",
          better: "less",
          contenders: { slotd: async () => many.startTime, "1,000 files": async () => few.startTime },
          goals: [],
          warmUps: 0,
          rounds: 1,
        },
      ],
      async close() {
        await few.stop();
        await many.stop();
      },
    };
  },
};
