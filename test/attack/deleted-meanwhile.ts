import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePorts } from "../peers/ports.ts";
import { makeFolder, removeFolder, waitUntil } from "../peers/process.ts";
import { type Slotd, slotdUnderTest, startSlotd } from "../peers/slotd.ts";
import type { Attack, AttackOptions, Measure } from "./attack.ts";
import { HeldPut } from "./held-put.ts";
import { type GivenSlot, type SlotGiver, startSlotGiver } from "./slot-giver.ts";

const run = promisify(execFile);
const size = 64 * 1024;
const body = Buffer.alloc(size, "x");

/** How far an upload has come when its file is deleted. */
const moments = ["not begun", "under way", "but for a byte", "complete"] as const;

interface Upload {
  readonly slot: GivenSlot;
  readonly moment: (typeof moments)[number];
  readonly put: HeldPut | undefined;
}

interface Scene {
  readonly giver: SlotGiver;
  readonly slotd: Slotd;
  /** Holds data/ and the ledger, whichever slotd runs. */
  readonly folder: string;
}

function startOn(folder: string, giver: SlotGiver, port: number): Promise<Slotd> {
  return startSlotd({
    config: `
domains = ["example.org"]
backend = "disk"
expiration_time = 20
[xmpp]
address = "127.0.0.1:${giver.port}"
secret = "any"
[http]
listen = "127.0.0.1:${port}"
[disk]
path = "${join(folder, "data")}"
[ledger]
url = "sqlite:${join(folder, "slotd.db")}"
`,
  });
}

/** Runs a command of slotd's beside it; gives what it printed as JSON. */
export async function command(slotd: Slotd, ...words: string[]): Promise<Record<string, unknown>> {
  const config = join(slotd.folder, "slotd.toml");
  const ran = run(slotdUnderTest(), [...words, "--json", "--config", config]);
  // reconcile ends with 1 when there are differences, which are in its output.
  const { stdout } = await ran.catch((error: { readonly stdout?: string }) => ({
    stdout: error.stdout ?? "",
  }));
  return JSON.parse(stdout) as Record<string, unknown>;
}

async function begin(giver: SlotGiver, jid: string, moment: Upload["moment"], sent: number): Promise<Upload> {
  const slot = await giver.slot(jid, { filename: "a.txt", size });
  if (moment === "not begun") return { slot, moment, put: undefined };
  const put = new HeldPut(slot.putUrl, body, moment === "but for a byte" ? size - 1 : sent);
  if (moment === "complete") {
    const status = await put.finish();
    if (status !== 201) throw new Error(`an upload before the deletion was answered ${status}`);
  }
  return { slot, moment, put };
}

/** Brings every file once more: what is under way to its end, and the rest by the PUT URL, which is still valid. */
function bring({ slot, moment, put }: Upload): Promise<number> {
  const isOpen = put !== undefined && moment !== "complete";
  return (isOpen ? put : new HeldPut(slot.putUrl, body, 0)).finish();
}

async function served(uploads: readonly Upload[]): Promise<number> {
  const statuses = await Promise.all(uploads.map(async ({ slot }) => (await fetch(slot.getUrl)).status));
  return statuses.filter((status) => status !== 404).length;
}

function filesIn(folder: string): number {
  return readdirSync(join(folder, "data", "objects"), { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile(),
  ).length;
}

async function measure(
  { slotd, folder }: Scene,
  uploads: readonly Upload[],
  what: string,
): Promise<Measure[]> {
  const { total } = (await command(slotd, "usage")) as { readonly total: { readonly files: number } };
  const { differences } = (await command(slotd, "reconcile")) as { readonly differences: readonly unknown[] };
  const none = { unit: "files", atMost: 0 } as const;
  return [
    { what: `served, ${what}`, measured: await served(uploads), ...none },
    { what: `still on the disk, ${what}`, measured: filesIn(folder), ...none },
    { what: `counted, ${what}`, measured: total.files, ...none },
    { what: `in which ledger and store differ, ${what}`, measured: differences.length, ...none },
  ];
}

/** Deletes by purge and by delete what is not begun, under way and complete, and brings all of it once more. */
async function deleteMeanwhile(
  scene: Scene,
  { isShort, random }: AttackOptions,
): Promise<readonly Measure[]> {
  const [purged, deleted] = isShort ? [12, 2] : [60, 12];
  const start = (jid: string, count: number) =>
    Promise.all(
      Array.from({ length: count }, (_, at) =>
        begin(scene.giver, jid, moments[at % moments.length] ?? "under way", random.below(size)),
      ),
    );
  const juliets = await start("juliet@example.org", purged);
  const romeos = await start("romeo@example.org", deleted);
  await command(scene.slotd, "purge", "--jid", "juliet@example.org");
  for (const { slot } of romeos) await command(scene.slotd, "delete", slot.getUrl);
  const all = [...juliets, ...romeos];
  const statuses = await Promise.all(all.map(bring));
  const taken = statuses.filter((status) => status === 201).length;
  return [
    { what: "uploads of deleted files that were taken", measured: taken, unit: "answers", atMost: 0 },
    ...(await measure(scene, all, "after they were deleted and came once more")),
  ];
}

/** The same, and slotd is killed while the uploads end: what is on the disk then has no answer and no entry. */
async function killMeanwhile(
  scene: Scene,
  port: number,
  { random }: AttackOptions,
): Promise<readonly Measure[]> {
  const uploads = await Promise.all(
    Array.from({ length: 60 }, () => begin(scene.giver, "benvolio@example.org", "but for a byte", 0)),
  );
  await command(scene.slotd, "purge", "--jid", "benvolio@example.org");
  const answers = uploads.map(bring);
  await new Promise((resolve) => setTimeout(resolve, random.below(30)));
  await scene.slotd.process.kill9();
  await Promise.all(answers);
  const left = filesIn(scene.folder);
  const again = await startOn(scene.folder, scene.giver, port);
  try {
    // The end of the PUT URLs, ten seconds, and a turn of the sweep.
    await waitUntil("the sweep to remove them", () => filesIn(scene.folder) === 0, 60_000);
    const what = `after slotd was killed while they came, which left ${left}`;
    return await measure({ ...scene, slotd: again }, uploads, what);
  } finally {
    await again.stop();
  }
}

export const deletedMeanwhileAttack: Attack = {
  name: "deleted-meanwhile",
  promise:
    "What was deleted or purged stays gone, whatever its upload and its PUT URL do meanwhile and after.",
  needs: [],
  async run(options) {
    const folder = makeFolder("deleted");
    const giver = await startSlotGiver();
    try {
      const [port = 0] = await freePorts(1);
      const scene = { giver, folder, slotd: await startOn(folder, giver, port) };
      try {
        const measures = await deleteMeanwhile(scene, options);
        return options.isShort ? measures : [...measures, ...(await killMeanwhile(scene, port, options))];
      } finally {
        await scene.slotd.stop();
      }
    } finally {
      giver.stop();
      removeFolder(folder);
    }
  },
};
