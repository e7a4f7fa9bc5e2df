import { connect, type Socket } from "node:net";
import { sleep } from "../test/peers/process.ts";
import type { Bench, Case } from "./bench.ts";
import { type FileService, peerFiles, slotdFiles } from "./contenders/file-services.ts";
import { putLoad } from "./load/put-load.ts";
import { residentMiB } from "./load/resident.ts";

const MIB = 1024 * 1024;
const UPLOADS = 100;
const UPLOAD_SIZE = 100 * MIB;
const IDLE_CONNECTIONS = 2_000;

const starts: Readonly<Record<string, (isTls: boolean) => Promise<FileService>>> = {
  slotd: (isTls) => slotdFiles(isTls, false),
  ...peerFiles,
};

/** Starts a service anew, gives one slot, and looks at its memory when it has come to rest. */
async function atRest(start: () => Promise<FileService>): Promise<number> {
  const service = await start();
  try {
    await service.targets(1, MIB);
    await sleep(3_000);
    return residentMiB(service.pid);
  } finally {
    await service.stop();
  }
}

/** Starts a service anew, lets `use` put it to work, and gives the most memory that it had at any moment. */
async function peakOf(
  start: () => Promise<FileService>,
  use: (service: FileService) => Promise<void>,
): Promise<number> {
  const service = await start();
  try {
    let peak = 0;
    let isDone = false;
    const work = use(service).finally(() => {
      isDone = true;
    });
    while (!isDone) {
      peak = Math.max(peak, residentMiB(service.pid));
      await Promise.race([work, sleep(100)]);
    }
    await work;
    return Math.max(peak, residentMiB(service.pid));
  } finally {
    await service.stop();
  }
}

async function manyUploads(service: FileService): Promise<void> {
  const rate = await putLoad(await service.targets(UPLOADS, UPLOAD_SIZE), UPLOAD_SIZE, UPLOADS, 600);
  if (!(rate > 0)) throw new Error("no upload was done");
}

async function idleConnections(service: FileService): Promise<void> {
  const [target] = await service.targets(1, MIB);
  const { port } = new URL(target?.putUrl ?? "");
  const sockets: Socket[] = [];
  try {
    for (let number = 0; number < IDLE_CONNECTIONS; number += 1) {
      const socket = connect(Number(port), "127.0.0.1");
      socket.on("error", () => {});
      await new Promise((resolve) => socket.once("connect", resolve));
      sockets.push(socket);
    }
    await sleep(2_000);
    const open = sockets.filter(({ readyState }) => readyState === "open").length;
    if (open < IDLE_CONNECTIONS) throw new Error(`only ${open} connections stayed open`);
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}

function contenders(
  names: readonly string[],
  measure: (start: () => Promise<FileService>) => Promise<number>,
): Case["contenders"] {
  return Object.fromEntries(
    names.map((name) => {
      const start = starts[name];
      if (start === undefined) throw new Error(`there is no ${name}`);
      return [name, () => measure(() => start(false))];
    }),
  );
}

const all = Object.keys(starts);

/** Resident memory. */
export const memory: Bench = {
  name: "memory",
  description:
    "Resident memory (VmRSS, which includes the pages of the program itself): idle after the first slot, the " +
    "maximum during 100 simultaneous uploads of 100 MiB, and with 2,000 idle connections. The figure for " +
    "nginx includes master and worker. Prosody and ejabberd are whole XMPP servers; their figures include " +
    "more than uploads.",
  needs: ["prosody", "ejabberd", "nginx", "wrk"],
  async open() {
    const cases: Case[] = [
      {
        name: "idle",
        unit: "MiB",
        better: "less",
        contenders: contenders(all, atRest),
        goals: [{ limit: 60 }],
        warmUps: 0,
        rounds: 2,
      },
      {
        name: "100 uploads of 100 MiB at once",
        unit: "MiB",
        better: "less",
        contenders: contenders(["slotd", "nginx"], (start) => peakOf(start, manyUploads)),
        goals: [{ limit: 200 }],
        warmUps: 0,
        rounds: 2,
      },
      {
        name: "2,000 idle connections",
        unit: "MiB",
        better: "less",
        contenders: contenders(["slotd", "nginx"], (start) => peakOf(start, idleConnections)),
        goals: [],
        warmUps: 0,
        rounds: 2,
      },
    ];
    return { cases, close: async () => {} };
  },
};
