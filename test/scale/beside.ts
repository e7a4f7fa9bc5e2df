import { join } from "node:path";
import type { Database } from "../../src/ledger/database/database.ts";
import { isKept, type Measure } from "../attack/attack.ts";
import { CpuTime } from "../attack/cpu-time.ts";
import { isRunning, makeFolder, removeFolder, sleep, startProcess } from "../peers/process.ts";
import { slotdUnderTest } from "../peers/slotd.ts";
import { expireSome, untilSwept } from "./expire.ts";
import type { LongestBlock } from "./longest-block.ts";
import { free, type ScaleScene, usersOf } from "./scene.ts";
import { SlotLoad } from "./slot-load.ts";

const [few, many] = free;

/** Something that goes on beside a slotd that gives slots. */
interface Activity {
  readonly name: string;
  /** What it needs before, which is not measured. */
  readonly prepare?: () => Promise<void>;
  /** Gives how long it took, in seconds: of processor, where it is a command. */
  readonly run: () => Promise<number>;
  /** How often it is measured. */
  readonly rounds: number;
}

export interface BesideOptions {
  readonly isShort: boolean;
  /** How long `slotd reconcile` may be on a processor, in seconds. */
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
  const [rounds, expired] = isShort ? [1, 500] : [3, 10_000];
  const prepare = () => expireSome(database, few, expired);
  return [
    ...(isShort ? [] : [{ ...command("reconcile"), rounds: 1 }]),
    { ...command("reconcile", "--fix"), rounds: 1 },
    {
      name: "slotd files and usage",
      run: async () => {
        await timeOf(scene, ["files", "--jid", "user-1@user.example"]);
        await timeOf(scene, ["usage", "--domain", "daily.example"]);
        return (await timeOf(scene, ["files", "--jid", `user-1@${few}`])) + (await timeOf(scene, ["usage"]));
      },
      rounds,
    },
    { ...command("sweep"), prepare, rounds },
    {
      name: "the sweep of serve",
      prepare,
      run: async () => {
        const began = performance.now();
        await untilSwept(database, few);
        return (performance.now() - began) / 1_000;
      },
      rounds: 1,
    },
  ];
}

/** Before and after each time slotd gives slots undisturbed for this long; milliseconds. */
const usualFor = { short: 700, full: 3_000 };

/**
 * What neighbours on the machine do makes figures worse, never better: of these many tries the best one counts. What
 * takes longer than a minute is tried once.
 */
const [mostTries, longestTries] = [3, 60_000];

interface Figures {
  /** Seconds of processor, or of time where nothing else is known. */
  readonly took: number;
  readonly longest: LongestBlock;
  readonly usual: number;
  readonly ratio: number;
}

async function measure(
  activity: Activity,
  scene: ScaleScene,
  load: SlotLoad,
  options: BesideOptions,
): Promise<Measure[]> {
  const figures: Figures[] = [];
  const began = performance.now();
  let measures: Measure[] = [];
  for (let tries = 0; tries < mostTries; tries += 1) {
    for (let round = 0; round < activity.rounds; round += 1) {
      figures.push(await measureOnce(activity, scene, load, options.isShort));
    }
    measures = measuresOf(activity.name, figures, activity.rounds, options);
    if (measures.every(isKept) || performance.now() - began > longestTries) break;
  }
  return measures;
}

async function measureOnce(
  { prepare, run }: Activity,
  { probe }: ScaleScene,
  load: SlotLoad,
  isShort: boolean,
): Promise<Figures> {
  const undisturbed = async () =>
    (await load.during(() => sleep(isShort ? usualFor.short : usualFor.full))).rate;
  await prepare?.();
  const before = await undisturbed();
  const { result, ...longest } = await probe.during(() => load.during(run));
  const usual = (before + (await undisturbed())) / 2;
  return { took: result.result, longest, usual, ratio: result.rate / usual };
}

/** Of several tries, of some rounds each, the best one of each figure. */
function measuresOf(
  name: string,
  figures: readonly Figures[],
  rounds: number,
  { reconcileWithin, isShort }: BesideOptions,
): Measure[] {
  const tries = Array.from({ length: figures.length / rounds }, (_, i) =>
    figures.slice(i * rounds, (i + 1) * rounds),
  );
  const longest = tries
    .map((some) => some.map((one) => one.longest).reduce((a, b) => (a.block > b.block ? a : b)))
    .reduce((a, b) => (a.block < b.block ? a : b));
  const took = Math.min(...figures.map((one) => one.took));
  return [
    ...(name.startsWith("slotd reconcile")
      ? [{ what: `time of ${name}`, measured: took, unit: "s" as const, atMost: reconcileWithin }]
      : []),
    {
      what: `longest block of serve's event loop during ${name}, ${longest.onProcessor.toFixed(1)} ms of it at work`,
      ...{ measured: longest.block, unit: "ms" as const, atMost: 20 },
    },
    {
      what: `slots given during ${name}, against the usual ${median(figures.map((one) => one.usual)).toFixed(0)} a second`,
      measured: Math.max(...tries.map((some) => median(some.map((one) => one.ratio)))),
      // A command that is over in a second mostly starts, which takes one of two cores.
      ...{ unit: "x" as const, atLeast: isShort ? 0.5 : 0.8 },
    },
  ];
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/**
 * Runs a command beside slotd. Gives the seconds that it took: of time, or of processor where that was less. Neighbours
 * on the machine lengthen the one, threads of the runtime the other.
 */
async function timeOf(scene: ScaleScene, words: readonly string[]): Promise<number> {
  const folder = makeFolder("command");
  try {
    const command = await startProcess({
      name: "command",
      folder,
      command: [slotdUnderTest(), ...words, "--config", join(scene.slotd.folder, "slotd.toml")],
    });
    const cpu = new CpuTime(command.pid);
    const began = performance.now();
    let took = 0;
    const timer = setInterval(() => {
      if (isRunning(command.pid)) took = cpu.read();
    }, 20);
    const result = await command.ended;
    clearInterval(timer);
    if (result !== 0) throw new Error(`slotd ${words.join(" ")} ended with ${result}:\n${command.logTail()}`);
    return Math.min(took, performance.now() - began) / 1_000;
  } finally {
    removeFolder(folder);
  }
}
