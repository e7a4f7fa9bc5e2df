import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { runToEnd, sleep, waitUntil } from "../../peers/process.ts";
import { slotdUnderTest } from "../../peers/slotd.ts";
import type { Attack, AttackOptions, Measure } from "../attack.ts";
import { openStoreScene, type StoreScene } from "./store-scene.ts";

/** The volume comes and goes at any moment, while files are uploaded and others are swept. */
export const volumeFlapsAttack: Attack = {
  name: "store-volume-flaps",
  promise: "A volume that goes away at any moment costs no file, no owner and no stray upload.",
  needs: [],
  run: flap,
};

interface Counts {
  stored: number;
  refused: number;
  /** What was written to the folder under the volume. */
  strays: number;
}

async function flap({ isShort, random }: AttackOptions): Promise<readonly Measure[]> {
  const scene = await openStoreScene("disk.fsync = false");
  const volume = new Volume(scene.volume);
  const counts: Counts = { stored: 0, refused: 0, strays: 0 };
  const lasting = new Set<string>();
  try {
    for (let i = 0; i < 20; i += 1) lasting.add(await scene.enter({ size: 5 }, bytes()));
    const end = Date.now() + (isShort ? 2_500 : 60_000);
    const sweeping = (async () => {
      // Beside slotd's own sweeps; while the volume is away they are refused.
      while (Date.now() < end) await command(scene, "sweep");
    })();
    const flapping = (async () => {
      while (Date.now() < end) {
        await sleep(50 + random.below(1_000));
        volume.unmount();
        await sleep(50 + random.below(1_000));
        counts.strays += volume.mount();
      }
    })();
    while (Date.now() < end) {
      const expires = random.below(2) === 0 ? undefined : inSeconds(1 + random.below(2));
      await uploadOne(scene, expires, counts, lasting);
      await sleep(random.below(30));
    }
    await Promise.all([flapping, sweeping]);
    return [...countMeasures(counts), ...(await settled(scene, lasting))];
  } finally {
    volume.mount();
    await scene.stop();
  }
}

async function uploadOne(
  scene: StoreScene,
  expires: Date | undefined,
  counts: Counts,
  lasting: Set<string>,
): Promise<void> {
  const { token, putUrl } = await scene.slot({ size: 5, expires });
  const { status } = await fetch(putUrl, { method: "PUT", body: "hello" });
  if (status === 201) {
    counts.stored += 1;
    if (expires === undefined) lasting.add(token);
  } else if (status === 503 || status === 410) counts.refused += 1;
  else throw new Error(`a PUT was answered with ${status}:\n${scene.slotd.process.logTail()}`);
}

/** What ledger and store have once the volume is there for good. */
async function settled(scene: StoreScene, lasting: ReadonlySet<string>): Promise<readonly Measure[]> {
  const isBack = async () => !(await scene.readyText()).includes("identity of");
  await waitUntil("the volume to be back", isBack);
  await waitUntil("the sweep", async () => {
    await command(scene, "sweep");
    const files = await scene.ledger.files({ limit: 10_000 });
    // What was removed stays pending deletion for a while, to be removed again.
    return files.every(
      ({ expires, state, askAt }) =>
        expires === undefined ||
        state === "reserved" ||
        (state === "pending-deletion" && askAt !== undefined),
    );
  });
  let lost = 0;
  for (const token of lasting) {
    const file = await scene.ledger.find(token);
    const isKept = file?.state === "complete" && file.jid === "alice@example.org";
    if (!isKept || !(await scene.store.has(token))) lost += 1;
  }
  const compared = await command(scene, "reconcile", "--json");
  return [
    { what: "files lost or forgotten, or without their owner", measured: lost, unit: "files", atMost: 0 },
    {
      ...{ what: "differences between ledger and store", unit: "files", atMost: 0 },
      measured: JSON.parse(compared.output).differences.length,
    },
  ];
}

function command({ slotd }: StoreScene, ...words: string[]) {
  return runToEnd({
    name: "command",
    command: [slotdUnderTest(), ...words, "--config", join(slotd.folder, "slotd.toml")],
  });
}

function countMeasures({ stored, refused, strays }: Counts): Measure[] {
  return [
    { what: "uploads stored while it came and went", measured: stored, unit: "files", atLeast: 1 },
    { what: "uploads refused while it was away", measured: refused, unit: "answers", atLeast: 1 },
    { what: "files written beside the volume", measured: strays, unit: "files", atMost: 0 },
  ];
}

/** A folder that is renamed, with an empty one in its place: as an unmounted volume looks. */
class Volume {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  unmount(): void {
    renameSync(this.#path, `${this.#path}-away`);
    mkdirSync(this.#path);
  }

  /** @returns how many files were in the empty folder. */
  mount(): number {
    if (!existsSync(`${this.#path}-away`)) return 0;
    const strays = readdirSync(this.#path, { recursive: true });
    rmSync(this.#path, { recursive: true });
    renameSync(`${this.#path}-away`, this.#path);
    return strays.length;
  }
}

async function* bytes() {
  yield Buffer.from("hello");
}

/** A whole second, as expiries are. */
function inSeconds(seconds: number): Date {
  return new Date(Math.floor(Date.now() / 1000 + seconds) * 1000);
}
