/**
 * npm run test:chaos [-- NAME]: slotd under load while everything around it fails, one thing after the other; with
 * --write the report goes into docs/reliability.md.
 * Says for each fault how long it took until slots were answered again on every domain after its end, and what
 * memory and descriptors slotd had before and after. Fails when slotd ends, when it takes longer than 35 s, when it
 * does not come back to its level, or when an acknowledged file is not there whole at the end.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ensurePackages, packagesOf } from "../../scripts/debian.ts";
import { startWeakLink } from "../peers/clients/weak-link.ts";
import { freePorts } from "../peers/ports.ts";
import { isRoot, makeFolder, removeFolder, sleep } from "../peers/process.ts";
import { startEjabberd } from "../peers/servers/ejabberd.ts";
import { startPostgres } from "../peers/servers/postgres.ts";
import { type Rgw, startRgw } from "../peers/servers/rgw.ts";
import { startSlotd } from "../peers/slotd.ts";
import { type Fault, faultsOf } from "./faults.ts";
import { digestOf, type Load, startLoad, tryFetch } from "./load.ts";
import { type Vitals, vitalsOf } from "./vitals.ts";

const MIB = 1024 * 1024;
const domains = ["example.test", "example2.test"];
/** How long after the end of a fault slots must be answered again, in milliseconds. */
const LIMIT = 35_000;
/** What slotd may hold at the end beyond what it held when it was warm. */
const MEMORY_MARGIN = 64 * MIB;
const DESCRIPTOR_MARGIN = 10;

interface Outcome {
  readonly fault: string;
  /** Milliseconds from the end of the fault until each domain had a slot; undefined: it had none in time. */
  readonly back: number | undefined;
  readonly answered: number;
  readonly failed: number;
  readonly before: Vitals;
  readonly after: Vitals;
}

const vital = ({ memory, descriptors }: Vitals): string => `${Math.round(memory / MIB)} MiB, ${descriptors}`;

/** When the first slot after `since` was given on each domain; undefined while one has none. */
function backAt(load: Load, since: number): number | undefined {
  const firsts = domains.map(
    (domain) =>
      load.deeds.find(
        (deed) => deed.at > since && deed.domain === domain && deed.what === "slot" && deed.outcome === "ok",
      )?.at,
  );
  return firsts.every((at) => at !== undefined) ? Math.max(...firsts) : undefined;
}

/** Lets one fault happen and waits until slots are answered again. */
async function suffer(fault: Fault, load: Load, pid: number): Promise<Outcome> {
  const before = vitalsOf(pid);
  const from = load.deeds.length;
  await fault.begin();
  await sleep(fault.lasts);
  await fault.end();
  const ended = performance.now();
  while (backAt(load, ended) === undefined && performance.now() - ended < LIMIT) await sleep(50);
  const back = backAt(load, ended);
  // A little of ordinary life in between, so that one fault is not counted for another.
  await sleep(3_000);
  const deeds = load.deeds.slice(from);
  const answered = deeds.filter(({ outcome }) => outcome === "ok").length;
  return {
    fault: fault.name,
    back: back === undefined ? undefined : back - ended,
    answered,
    failed: deeds.length - answered,
    before,
    after: vitalsOf(pid),
  };
}

function report(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map(
    ({ fault, back, answered, failed, before, after }) =>
      `| ${fault} | ${back === undefined ? "not within 35 s" : `${(back / 1000).toFixed(1)} s`} | ${answered} / ${failed} | ${vital(before)} | ${vital(after)} |`,
  );
  return [
    "| fault | slots again after its end | actions that succeeded / failed | memory and descriptors before | after |",
    "|---|---|---|---|---|",
    ...rows,
  ].join("\n");
}

/**
 * example.test on a disk that can be filled; example2.test on S3, proxied, so that every byte and answer of it counts.
 */
function configOf(
  componentPort: number,
  rgw: Rgw,
  s3Port: number,
  ledgerUrl: string,
  disk: string,
  httpPort: number,
): string {
  return `
domains = ["example.test", "example2.test"]
backend = "disk"

[xmpp]
address = "127.0.0.1:${componentPort}"
secret = "s3cret"

[disk]
path = "${disk}"

[http]
listen = "127.0.0.1:${httpPort}"

[ledger]
url = "${ledgerUrl}"

[s3]
bucket_url = "http://127.0.0.1:${s3Port}/${rgw.bucket}"
region = "${rgw.region}"
access_key_id = "${rgw.accessKeyId}"
secret_access_key = "${rgw.secretAccessKey}"
access = "private"
upload = "proxy"

[domain."example2.test"]
backend = "s3"

[domain."example2.test".http]
public_url = "http://localhost:${httpPort}"
`;
}

/** How often each outcome came, for each domain and deed. */
function tally({ deeds }: Load): string {
  const counts = new Map<string, number>();
  for (const { domain, what, outcome } of deeds) {
    const key = `${domain} ${what}: ${outcome}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts]
    .sort()
    .map(([key, count]) => `${key} ${count}`)
    .join("\n");
}

/** Puts a report into docs/reliability.md, between its markers. */
function writeReport(text: string): void {
  const file = join(import.meta.dirname, "../../docs/reliability.md");
  const parts = /^(.*<!-- report -->\n).*(<!-- end of report -->.*)$/s.exec(readFileSync(file, "utf8"));
  if (parts === null) throw new Error(`${file} has no markers for the report`);
  writeFileSync(file, `${parts[1]}${text}\n${parts[2]}`);
}

/** Fetches all files that were acknowledged with 201; gives how many are not there whole. */
async function countLost(load: Load): Promise<number> {
  let lost = 0;
  for (const [url, digest] of load.files) {
    const { outcome, body } = await tryFetch(url, {});
    if (outcome !== "ok" || digestOf(body) !== digest) lost += 1;
  }
  return lost;
}

/** The library that gives slotd a clock of its own, wherever Debian puts it on this machine. */
function faketime(): string {
  const folders = readdirSync("/usr/lib").map((name) => `/usr/lib/${name}/faketime/libfaketime.so.1`);
  const found = folders.find(existsSync);
  if (found === undefined) throw new Error("libfaketime.so.1 is not under /usr/lib");
  return found;
}

/** A file system of its own that a fault can fill. Needs root. */
function mountDisk(): string {
  const folder = makeFolder("disk");
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=512m", "tmpfs", folder]);
  return folder;
}

async function main(wanted: string | undefined): Promise<string[]> {
  const complaints: string[] = [];
  const stops: (() => Promise<void> | void)[] = [];
  try {
    const rgw = await startRgw();
    stops.push(() => rgw.stop());
    const s3 = await startWeakLink(Number(new URL(rgw.endpoint).port));
    stops.push(() => s3.stop());
    const database = await startPostgres();
    stops.push(() => database.stop());
    const components = { "upload.example.test": "s3cret", "upload.example2.test": "s3cret" };
    const server = await startEjabberd({ components });
    stops.push(() => server.stop());
    const disk = mountDisk();
    stops.push(() => {
      execFileSync("umount", ["-l", disk]);
      removeFolder(disk);
    });
    const [httpPort = 0] = await freePorts(1);
    const clockFile = join(makeFolder("clock"), "offset");
    writeFileSync(clockFile, "+0\n");
    const slotd = await startSlotd({
      components: 2,
      config: configOf(
        server.componentPort,
        rgw,
        s3.port,
        await database.makeDatabase("slotd"),
        disk,
        httpPort,
      ),
      env: {
        LD_PRELOAD: faketime(),
        FAKETIME_TIMESTAMP_FILE: clockFile,
        FAKETIME_NO_CACHE: "1",
        FAKETIME_DONT_FAKE_MONOTONIC: "1",
      },
    });
    stops.push(() => slotd.stop());
    const pid = slotd.process.pid;
    const load = startLoad(server, { domains, users: 4, pause: 100 });
    await sleep(10_000);
    const warm = vitalsOf(pid);
    console.log(`warm: ${vital(warm)} descriptors`);
    const outcomes: Outcome[] = [];
    const all = faultsOf({ server, s3, database, pid, httpPort, disk, clockFile });
    for (const fault of all.filter(({ name }) => wanted === undefined || name.includes(wanted))) {
      console.log(`${fault.name} ...`);
      const outcome = await suffer(fault, load, pid);
      outcomes.push(outcome);
      console.log(
        `  ${outcome.back === undefined ? "NOT BACK" : `back after ${(outcome.back / 1000).toFixed(1)} s`}`,
      );
      if (outcome.back === undefined) complaints.push(`${fault.name}: no slots within 35 s`);
    }
    await load.stop();
    // Idle connections of the load's own HTTP client go away in their own time.
    await sleep(15_000);
    const cold = vitalsOf(pid);
    const lost = await countLost(load);
    const failures = slotd.process
      .log()
      .split("\n")
      .filter((line) => line.includes('"level":"error"'));
    if (failures.length > 0) console.log(`${failures.length} errors in the log, the first: ${failures[0]}`);
    const summary = `Warm: ${vital(warm)} descriptors. At the end: ${vital(cold)}. ${load.files.size} files acknowledged, ${lost} of them lost.`;
    console.log(tally(load));
    console.log(`\n${report(outcomes)}\n\n${summary}`);
    if (process.argv.includes("--write")) writeReport(`${report(outcomes)}\n\n${summary}`);
    if (slotd.process.result !== undefined) complaints.push(`slotd ended with ${slotd.process.result}`);
    if (cold.memory > warm.memory + MEMORY_MARGIN) complaints.push("memory did not come back to its level");
    if (cold.descriptors > warm.descriptors + DESCRIPTOR_MARGIN)
      complaints.push("descriptors did not come back to their level");
    if (lost > 0) complaints.push(`${lost} acknowledged files are not there whole`);
    return complaints;
  } finally {
    for (const stop of stops.toReversed()) await stop();
  }
}

async function run(): Promise<number> {
  if (!isRoot()) {
    console.error("The chaos run fills a file system of its own, and mounting that needs root.");
    return 1;
  }
  const parts = ["ejabberd", "rgw", "postgres", "chaos"] as const;
  const missing = await ensurePackages(parts.flatMap((part) => [...packagesOf[part]]));
  if (missing !== undefined) {
    console.error(missing);
    return 1;
  }
  const complaints = await main(process.argv.slice(2).find((word) => !word.startsWith("--")));
  for (const complaint of complaints) console.error(`FAILED: ${complaint}`);
  return complaints.length > 0 ? 1 : 0;
}

process.exit(await run());
