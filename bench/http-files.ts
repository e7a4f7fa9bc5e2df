import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Bench, Case, Goal, OpenBench } from "./bench.ts";
import { type FileService, peerFiles, slotdFiles } from "./contenders/file-services.ts";
import { sinkService } from "./contenders/sink.ts";
import { onServerCore } from "./cores.ts";
import { getLoad, getManyLoad } from "./load/get-load.ts";
import { putLoad } from "./load/put-load.ts";
import { removeLargeFiles, settleDisk } from "./load/settle.ts";

const SECONDS = 1;
/** Of how many files each is asked for in turn, and how long their uploads may take. */
const MANY = 500;
const MANY_SECONDS = 60;
const KIB = 1024;
const MIB = 1024 * KIB;
const sizes = { "100 KiB": 100 * KIB, "10 MiB": 10 * MIB } as const;
const kinds = ["plain", "TLS"] as const;

type Starts = Readonly<Record<string, (isTls: boolean) => Promise<FileService>>>;

const ceiling = (isTls: boolean) => onServerCore(() => sinkService(isTls));
const goals: readonly Goal[] = [
  { against: "nginx", ratio: 1 },
  { against: "Prosody", ratio: 5 },
  { against: "ejabberd", ratio: 5 },
];

function connectionsFor(size: number): number {
  return size > MIB ? 4 : 16;
}

/** Measures every kind and size; the services of one kind are all up at once, and only one of them is busy. */
async function openFiles(
  starts: Starts,
  caseOf: (
    services: ReadonlyMap<string, FileService>,
    kind: string,
    label: string,
    size: number,
  ) => Promise<Case[]>,
): Promise<OpenBench> {
  const running: FileService[] = [];
  const cases: Case[] = [];
  for (const kind of kinds) {
    const services = new Map<string, FileService>();
    for (const [name, start] of Object.entries(starts)) {
      const service = await start(kind === "TLS");
      running.push(service);
      services.set(name, service);
    }
    for (const [label, size] of Object.entries(sizes))
      cases.push(...(await caseOf(services, kind, label, size)));
  }
  return {
    cases,
    async close() {
      for (const service of running) await service.stop();
    },
  };
}

/** GET of one file over and over. */
export const httpGet: Bench = {
  name: "http-get",
  description:
    "wrk on one core GETs a file over persistent connections (16 for 100 KiB, 4 for 10 MiB) from a server on " +
    "the other core: slotd with files on disk, nginx with sendfile and one worker, Prosody's " +
    "mod_http_file_share and ejabberd's mod_http_upload, each without and with TLS. The file was uploaded to " +
    "each server as clients do it. The ceiling of the load generator is a server on Bun that writes the same " +
    "response from memory to every request. slotd keeps small files in memory if clients request them " +
    "repeatedly. Therefore wrk also requests 500 files of 100 KiB in turn, which is more than slotd keeps.",
  needs: ["prosody", "ejabberd", "nginx", "wrk"],
  open: () =>
    openFiles(
      { slotd: slotdFiles, ...peerFiles, "ceiling: memory": ceiling },
      async (services, kind, label, size) => {
        const contenders: Record<string, () => Promise<number>> = {};
        for (const [name, service] of services) {
          const targets = await service.targets(1, size);
          const getUrl = targets[0]?.getUrl ?? "";
          await putLoad(targets, size, 1, SECONDS);
          contenders[name] = () => getLoad(getUrl, connectionsFor(size), SECONDS);
        }
        const one: Case = {
          name: `${label}, ${kind}`,
          unit: "requests/s",
          better: "more",
          contenders,
          goals,
        };
        return size < MIB ? [one, await getManyCase(services, kind, label, size)] : [one];
      },
    ),
};

/** More files than slotd would keep in memory, one after the other: each comes from the page cache. */
async function getManyCase(
  services: ReadonlyMap<string, FileService>,
  kind: string,
  label: string,
  size: number,
): Promise<Case> {
  const contenders: Record<string, () => Promise<number>> = {};
  for (const name of ["slotd", "nginx"]) {
    const service = services.get(name);
    const targets = (await service?.targets(MANY, size)) ?? [];
    const urls = targets.map(({ getUrl }) => new URL(getUrl));
    await putLoad(targets, size, 1, MANY_SECONDS);
    const pathsFile = join(service?.folder ?? "", "..", "paths");
    writeFileSync(pathsFile, urls.map(({ pathname }) => `${pathname}\n`).join(""));
    const origin = urls[0]?.origin ?? "";
    contenders[name] = () => getManyLoad(origin, pathsFile, connectionsFor(size), SECONDS);
  }
  return {
    name: `${label}, ${kind}, ${MANY} files`,
    unit: "requests/s",
    better: "more",
    contenders,
    goals: [],
  };
}

/** PUT of files, each to a slot of its own. */
export const httpPut: Bench = {
  name: "http-put",
  description:
    "A raw client on one core uploads over persistent connections (16 for 100 KiB, 4 for 10 MiB) to a server " +
    "on the other core, each file to a slot that was requested through XMPP before. slotd runs with default " +
    "options (it syncs each file to the disk and enters it into the ledger before 201) and with disk.fsync = " +
    "false. nginx's DAV module syncs nothing and checks nothing, and the servers' own modules sync nothing. " +
    "All pending writes are written to the disk before each round. The ceiling of the load generator is a " +
    "server that reads the file and discards it.",
  needs: ["prosody", "ejabberd", "nginx"],
  open: () =>
    openFiles(
      {
        "slotd without fsync": (isTls) => slotdFiles(isTls, false),
        "slotd with fsync": (isTls) => slotdFiles(isTls),
        ...peerFiles,
        "ceiling: sink": ceiling,
      },
      async (services, kind, label, size) => {
        // Few enough that the page cache takes them at once; a service that is faster ends a round early.
        const count = size > MIB ? 40 : 2_000;
        const contenders = Object.fromEntries(
          [...services].map(([name, service]) => [name, () => putRound(name, service, count, size)]),
        );
        const warmUps = size > MIB ? 1 : 4;
        return [
          { name: `${label}, ${kind}`, unit: "requests/s", better: "more", contenders, goals, warmUps },
        ];
      },
    ),
};

async function putRound(name: string, service: FileService, count: number, size: number): Promise<number> {
  const few = /Prosody|ejabberd|with fsync/.test(name) ? count / 2 : count;
  const targets = await service.targets(few, size);
  await settleDisk();
  // COMPAT(ejabberd 23.01): it resets a connection now and then.
  const rate = await putLoad(targets, size, connectionsFor(size), SECONDS, name === "ejabberd" ? 5 : 0);
  if (service.folder !== undefined) removeLargeFiles(service.folder);
  return rate;
}
