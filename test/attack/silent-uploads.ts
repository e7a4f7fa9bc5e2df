import { existsSync, mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts } from "../peers/ports.ts";
import { sleep } from "../peers/process.ts";
import { type Slotd, startSlotd } from "../peers/slotd.ts";
import type { Attack, AttackOptions, Measure } from "./attack.ts";
import { HeldPut } from "./held-put.ts";
import { type SlotGiver, startSlotGiver } from "./slot-giver.ts";

const mib = 1024 ** 2;

/** What is free for uploads beside the reserve. */
const room = 400 * mib;

/** What each of the silent ones announces. */
const announced = 150 * mib;

function startOn(folder: string, giver: SlotGiver, port: number): Promise<Slotd> {
  const { bavail, bsize } = statfsSync(folder);
  return startSlotd({
    config: `
domains = ["example.org"]
backend = "disk"
max_file_size = "1GiB"
expiration_time = 600
[xmpp]
address = "127.0.0.1:${giver.port}"
secret = "any"
[http]
listen = "127.0.0.1:${port}"
[disk]
path = "${join(folder, "data")}"
reserve = ${bavail * bsize - room}
[ledger]
url = "none"
`,
  });
}

/** Begins uploads that announce much of what is free each, and bring next to nothing of it. */
async function besiege(giver: SlotGiver, { isShort, random }: AttackOptions): Promise<readonly HeldPut[]> {
  const file = { filename: "a.bin", size: announced };
  // As many as one address may have, but for those that come after.
  const slots = await Promise.all(
    Array.from({ length: isShort ? 20 : 45 }, () => giver.slot("romeo@example.org", file)),
  );
  const body = Buffer.alloc(announced);
  return slots.map(({ putUrl }) => new HeldPut(putUrl, body, random.below(4_000)));
}

/** Uploads of this size, one after the other. Gives how many were not taken. */
async function refusedAmong(giver: SlotGiver, sizes: readonly number[]): Promise<number> {
  let refused = 0;
  for (const size of sizes) {
    const { putUrl } = await giver.slot("juliet@example.org", { filename: "a.bin", size });
    if ((await new HeldPut(putUrl, Buffer.alloc(size), 0).finish()) !== 201) refused += 1;
  }
  return refused;
}

async function measure(giver: SlotGiver, options: AttackOptions): Promise<readonly Measure[]> {
  const silent = await besiege(giver, options);
  // They are known to slotd when a second's look at all of them has come.
  await sleep(1_500);
  const small = await refusedAmong(giver, Array(10).fill(8 * mib));
  const large = await refusedAmong(giver, [120 * mib]);
  const measures: Measure[] = [
    { what: "files of 8 MiB refused beside silent uploads", measured: small, unit: "answers", atMost: 0 },
    { what: "files of 120 MiB refused beside them", measured: large, unit: "answers", atMost: 0 },
  ];
  if (!options.isShort) {
    // A byte each now and then, until half a minute at less than http.min_rate has passed for all of them.
    const statuses = await Promise.all(silent.map((put) => put.drip(1_000)));
    // Some were not let in to begin with: there was no room for the whole of them at that moment.
    const [late = 0, full = 0] = [408, 507].map((status) => statuses.filter((one) => one === status).length);
    const what = `silent uploads neither cut off (${late}) nor refused (${full})`;
    measures.push({ what, measured: statuses.length - late - full, unit: "answers", atMost: 0 });
    measures.push({ what: "silent uploads cut off with 408", measured: late, unit: "answers", atLeast: 5 });
  }
  for (const put of silent) put.abort();
  return measures;
}

export const silentUploadsAttack: Attack = {
  name: "silent-uploads",
  promise: "Uploads that announce much and bring nothing take no room from others, one alone or many.",
  needs: [],
  async run(options) {
    // A file system in memory, where there is one: what else is written on this machine does not change it.
    const folder = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "slotd-silent-"));
    const giver = await startSlotGiver();
    try {
      const [port = 0] = await freePorts(1);
      const slotd = await startOn(folder, giver, port);
      try {
        return await measure(giver, options);
      } finally {
        await slotd.stop();
      }
    } finally {
      giver.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
