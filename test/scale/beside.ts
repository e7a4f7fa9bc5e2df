import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Database } from "../../src/ledger/database/database.ts";
import type { Measure } from "../attack/attack.ts";
import { makeFolder, removeFolder, sleep, startProcess } from "../peers/process.ts";
import { slotdUnderTest } from "../peers/slotd.ts";
import { expireSome, untilSwept } from "./expire.ts";
import { free, type ScaleScene, usersOf } from "./scene.ts";
import { SlotLoad } from "./slot-load.ts";

const [few, many] = free;

/** Something that goes on beside a slotd that gives slots. */
interface Activity {
  readonly name: string;
  /** What it needs before, which is not measured. */
  readonly prepare?: () => Promise<void>;
  /** Gives how long it took by itself, in seconds. */
  readonly run: () => Promise<number>;
  /** How often it is measured. */
  readonly rounds: number;
}

export interface BesideOptions {
  readonly isShort: boolean;
  /** How long `slotd reconcile` may take, in seconds. */
  readonly reconcileWithin: number;
  /** Is told each figure as soon as it is there. */
  readonly tell: (measure: Measure) => void;
}

/** What whoever looks after a ledger does beside a slotd at work, and what that means for the slotd. */
export async function costsBeside(scene: ScaleScene, options: BesideOptions): Promise<readonly Measure[]> {
  const database = await scene.openDatabase();
  const load = new SlotLoad(scene.asker, many, usersOf(many));
  try {
    const measures: Measure[] = [];
    for (const activity of activitiesOf(scene, database, options.isShort)) {
      const figures = await measure(activity, scene, load, options);
      for (const figure of figures) options.tell(figure);
      measures.push(...figures);
    }
    return measures;
  } finally {
    await load.stop();
    await database.close();
  }
}

function activitiesOf(scene: ScaleScene, database: Database, isShort: boolean): Activity[] {
  const command = (...words: string[]) => ({
    name: `slotd ${words.join(" ")}`,
    run: () => timeOf(scene, words),
  });
  const [long, brief, expired] = isShort ? [1, 2, 1_000] : [1, 5, 10_000];
  const prepare = () => expireSome(database, few, expired);
  return [
    { ...command("reconcile"), rounds: long },
    { ...command("reconcile", "--fix"), rounds: long },
    { ...command("files", "--jid", "user-1@user.example"), rounds: brief },
    { ...command("files", "--jid", `user-1@${few}`), rounds: brief },
    { ...command("usage", "--domain", "daily.example"), rounds: brief },
    { ...command("usage"), rounds: brief },
    { ...command("sweep"), prepare, rounds: long },
    {
      name: "the sweep of serve",
      prepare,
      run: async () => {
        const began = performance.now();
        await untilSwept(database, few);
        return (performance.now() - began) / 1_000;
      },
      rounds: long,
    },
  ];
}

/** Before and after each time slotd gives slots undisturbed for this long; milliseconds. */
const usualFor = { short: 700, full: 3_000 };

async function measure(
  { name, prepare, run, rounds }: Activity,
  { probe }: ScaleScene,
  load: SlotLoad,
  { isShort, reconcileWithin }: BesideOptions,
): Promise<Measure[]> {
  const usual = async () => (await load.during(() => sleep(isShort ? usualFor.short : usualFor.full))).rate;
  const [ratios, blocks, onProcessor, times, rates]: number[][] = [[], [], [], [], []];
  for (let round = 0; round < rounds; round += 1) {
    await prepare?.();
    const before = await usual();
    const { result, ...longest } = await probe.during(() => load.during(run));
    const undisturbed = (before + (await usual())) / 2;
    ratios?.push(result.rate / undisturbed);
    rates?.push(undisturbed);
    times?.push(result.result);
    blocks?.push(longest.block);
    onProcessor?.push(longest.onProcessor);
  }
  console.log(name, { ratios, blocks, onProcessor, times, rates });
  const took = median(times ?? []);
  const isReconcile = name.startsWith("slotd reconcile");
  return [
    ...(isReconcile
      ? [{ what: name, measured: took, unit: "s", atMost: reconcileWithin } satisfies Measure]
      : []),
    {
      what: `longest block of serve's event loop during ${name}`,
      measured: Math.max(...(blocks ?? [])),
      unit: "ms",
      atMost: 20,
    },
    {
      what: `slots given during ${name}, against the usual ${median(rates ?? []).toFixed(0)} a second`,
      measured: median(ratios ?? []),
      unit: "x",
      atLeast: 0.8,
    },
  ];
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Runs a command beside slotd. Gives its time in seconds, without what it waited for a processor that others had. */
async function timeOf(scene: ScaleScene, words: readonly string[]): Promise<number> {
  const folder = makeFolder("command");
  try {
    const began = performance.now();
    const command = await startProcess({
      name: "command",
      folder,
      command: [slotdUnderTest(), ...words, "--config", join(scene.slotd.folder, "slotd.toml")],
    });
    let waited = 0;
    const timer = setInterval(() => {
      waited = waitedFor(command.pid) ?? waited;
    }, 20);
    const result = await command.ended;
    clearInterval(timer);
    if (result !== 0) throw new Error(`slotd ${words.join(" ")} ended with ${result}:\n${command.logTail()}`);
    return (performance.now() - began - waited) / 1_000;
  } finally {
    removeFolder(folder);
  }
}

/** For how long the main thread of a process has waited for a processor, in milliseconds; undefined: it has ended. */
function waitedFor(pid: number): number | undefined {
  try {
    const [, waited] = readFileSync(`/proc/${pid}/task/${pid}/schedstat`, "utf8").split(" ");
    return Number(waited) / 1e6;
  } catch {
    return undefined;
  }
}
