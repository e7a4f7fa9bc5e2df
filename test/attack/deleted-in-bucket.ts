import { freePorts } from "../peers/ports.ts";
import { startPostgres } from "../peers/postgres.ts";
import { waitUntil } from "../peers/process.ts";
import { type Rgw, startRgw } from "../peers/rgw.ts";
import { type Slotd, startSlotd } from "../peers/slotd.ts";
import type { Attack, AttackOptions, Measure } from "./attack.ts";
import { command } from "./deleted-meanwhile.ts";
import { HeldPut } from "./held-put.ts";
import { type GivenSlot, type SlotGiver, startSlotGiver } from "./slot-giver.ts";

const size = 64 * 1024;
const body = Buffer.alloc(size, "x");

/** How long a PUT URL is valid, in seconds. */
const expirationTime = 4;

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
  /** Under way; undefined: it has not begun. */
  readonly put: HeldPut | undefined;
}

async function begin(giver: SlotGiver, jid: string, sent: number | undefined): Promise<Upload> {
  const slot = await giver.slot(jid, { filename: "a.txt", size });
  return { slot, put: sent === undefined ? undefined : new HeldPut(slot.putUrl, body, sent) };
}

/** Brings the file to its end, or by the PUT URL. */
const bring = ({ slot, put }: Upload) => (put ?? new HeldPut(slot.putUrl, body, 0)).finish();

/** A file that was complete before; its PUT URL is still valid. */
async function complete(giver: SlotGiver, jid: string): Promise<Upload> {
  const { slot, put } = await begin(giver, jid, 0);
  const status = await put?.finish();
  if (status === undefined || status >= 300)
    throw new Error(`an upload before the purge was answered ${status}`);
  return { slot, put: undefined };
}

async function measure(rgw: Rgw, giver: SlotGiver, one: Slotd, { isShort, random }: AttackOptions) {
  const jids = ["juliet@direct.example", "juliet@proxy.example"] as const;
  const many = (make: () => Promise<Upload>) => Promise.all(Array.from({ length: isShort ? 3 : 10 }, make));
  const underWay = (jid: string) => many(() => begin(giver, jid, random.below(size)));
  const [late, soon] = [
    // What takes longer than the first removal is removed from a bucket a minute later, which is too long here.
    (await Promise.all(isShort ? [underWay(jids[1])] : jids.map(underWay))).flat(),
    (
      await Promise.all(
        jids.flatMap((jid) => [
          underWay(jid),
          many(() => begin(giver, jid, undefined)),
          many(() => complete(giver, jid)),
        ]),
      )
    ).flat(),
  ];
  for (const jid of jids) await command(one, "purge", "--jid", jid);
  const isProxied = ({ slot }: Upload) => !slot.putUrl.startsWith(rgw.endpoint);
  const bringAll = (uploads: readonly Upload[]) =>
    Promise.all(
      uploads.map(async (upload) => ({ isProxied: isProxied(upload), status: await bring(upload) })),
    );
  const isEmpty = async () => (await rgw.listKeys()).length === 0;
  const answers = await bringAll(soon);
  const came = (await rgw.listKeys()).length;
  const measures: Measure[] = [];
  const gone = async (what: string, atMost: number) => {
    const begun = performance.now();
    await waitUntil(`${what} to be gone`, isEmpty, 180_000);
    measures.push({
      what: `until ${what} were gone`,
      measured: (performance.now() - begun) / 1_000,
      unit: "s",
      atMost,
    });
  };
  await gone(`${came} files that came to the bucket while their PUT URL was valid`, 30);
  answers.push(...(await bringAll(late)));
  await gone(`${(await rgw.listKeys()).length} that came after that`, isShort ? 10 : 120);
  const taken = answers.filter(({ isProxied, status }) => isProxied && status < 300).length;
  const { total } = (await command(one, "usage")) as { readonly total: { readonly files: number } };
  const { differences } = (await command(one, "reconcile")) as { readonly differences: readonly unknown[] };
  const none = { unit: "files", atMost: 0 } as const;
  measures.push(
    {
      what: "uploads of deleted files by way of slotd that were taken",
      measured: taken,
      unit: "answers",
      atMost: 0,
    },
    { what: "files in the bucket", measured: (await rgw.listKeys()).length, ...none },
    { what: "files counted", measured: total.files, ...none },
    { what: "files in which ledger and bucket differ", measured: differences.length, ...none },
  );
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
