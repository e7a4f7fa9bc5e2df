import { freePorts } from "../peers/ports.ts";
import { startPostgres } from "../peers/postgres.ts";
import { sleep, waitUntil } from "../peers/process.ts";
import { type Rgw, startRgw } from "../peers/rgw.ts";
import { type Slotd, startSlotd } from "../peers/slotd.ts";
import type { Attack, AttackOptions, Measure } from "./attack.ts";
import { command } from "./deleted-meanwhile.ts";
import { HeldPut } from "./held-put.ts";
import { type GivenSlot, type SlotGiver, startSlotGiver } from "./slot-giver.ts";

const size = 64 * 1024;
const body = Buffer.alloc(size, "x");

/** How long a PUT URL is valid, in seconds. */
const expirationTime = 3;

/** Of direct.example clients PUT to the bucket, of proxy.example to slotd; one ledger, in PostgreSQL. */
function startOn(rgw: Rgw, giver: SlotGiver, ledger: string, port: number): Promise<Slotd> {
  return startSlotd({
    components: 2,
    config: `
domains = ["direct.example", "proxy.example"]
backend = "s3"
expiration_time = ${expirationTime}
[xmpp]
address = "127.0.0.1:${giver.port}"
secret = "any"
[s3]
bucket_url = "${rgw.bucketUrl}"
region = "${rgw.region}"
access_key_id = "${rgw.accessKeyId}"
secret_access_key = "${rgw.secretAccessKey}"
[ledger]
url = ${JSON.stringify(ledger)}
[domain."proxy.example".s3]
upload = "proxy"
[domain."proxy.example".http]
listen = "127.0.0.1:${port}"
`,
  });
}

interface Upload {
  readonly slot: GivenSlot;
  readonly put: HeldPut | undefined;
}

async function begin(giver: SlotGiver, jid: string, at: number, sent: number): Promise<Upload> {
  const slot = await giver.slot(jid, { filename: "a.txt", size });
  return { slot, put: at % 3 === 0 ? undefined : new HeldPut(slot.putUrl, body, sent) };
}

async function measure(rgw: Rgw, giver: SlotGiver, one: Slotd, { isShort, random }: AttackOptions) {
  const begun = await Promise.all(
    ["juliet@direct.example", "juliet@proxy.example"].map((jid) =>
      Promise.all(
        Array.from({ length: isShort ? 9 : 30 }, (_, at) => begin(giver, jid, at, random.below(size))),
      ),
    ),
  );
  for (const jid of ["juliet@direct.example", "juliet@proxy.example"])
    await command(one, "purge", "--jid", jid);
  // What is under way goes on, and what is not begun may begin, while its PUT URL is valid.
  const statuses = await Promise.all(
    begun.map((uploads) =>
      Promise.all(uploads.map(({ put, slot }) => (put ?? new HeldPut(slot.putUrl, body, 0)).finish())),
    ),
  );
  const came = (await rgw.listKeys()).length;
  const begunAt = performance.now();
  await waitUntil("the sweep to remove what came", async () => (await rgw.listKeys()).length === 0, 60_000);
  const seconds = (performance.now() - begunAt) / 1_000;
  await sleep(isShort ? 0 : 5_000);
  const { total } = (await command(one, "usage")) as { readonly total: { readonly files: number } };
  const { differences } = (await command(one, "reconcile")) as { readonly differences: readonly unknown[] };
  const taken = (statuses[1] ?? []).filter((status) => status < 300).length;
  const measures: Measure[] = [
    {
      what: "uploads of deleted files by way of slotd that were taken",
      measured: taken,
      unit: "answers",
      atMost: 0,
    },
    {
      what: `until ${came} files that came to the bucket were gone`,
      measured: seconds,
      unit: "s",
      atMost: 30,
    },
    { what: "files in the bucket", measured: (await rgw.listKeys()).length, unit: "files", atMost: 0 },
    { what: "files counted", measured: total.files, unit: "files", atMost: 0 },
    {
      what: "files in which ledger and bucket differ",
      measured: differences.length,
      unit: "files",
      atMost: 0,
    },
  ];
  return measures;
}

export const deletedInBucketAttack: Attack = {
  name: "deleted-in-bucket",
  promise:
    "What was purged is gone from a bucket too, wherever its upload went meanwhile, with two slotd on one PostgreSQL.",
  needs: ["rgw", "postgres"],
  async run(options) {
    const [rgw, postgres, giver] = await Promise.all([startRgw(), startPostgres(), startSlotGiver()]);
    const running: Slotd[] = [];
    try {
      const ledger = await postgres.makeDatabase("deleted");
      const [first = 0, second = 0] = await freePorts(2);
      for (const port of [first, second]) running.push(await startOn(rgw, giver, ledger, port));
      const [one] = running;
      if (one === undefined) throw new Error("no slotd was started");
      return await measure(rgw, giver, one, options);
    } finally {
      await Promise.all(running.map((slotd) => slotd.stop()));
      giver.stop();
      await Promise.all([rgw.stop(), postgres.stop()]);
    }
  },
};
