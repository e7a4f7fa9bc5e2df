import type { Random } from "../../fuzz/random.ts";
import { type XmppClient, xmppClient } from "../../peers/clients/xmpp-client.ts";
import { freePorts } from "../../peers/ports.ts";
import { waitUntil } from "../../peers/process.ts";
import { startProsody } from "../../peers/servers/prosody.ts";
import { startRgw } from "../../peers/servers/rgw.ts";
import { type S3Store, signedFetchOk } from "../../peers/servers/s3-store.ts";
import { startSwift } from "../../peers/servers/swift.ts";
import { type Slotd, startSlotd } from "../../peers/slotd.ts";
import type { Attack, AttackOptions, Measure } from "../attack.ts";
import { commandOf } from "../slotd-command.ts";
import { chunkedPut, copyingPut, type GivenSlot, type HostilePut, honestPut } from "./hostile-puts.ts";

const NS_UPLOAD = "urn:xmpp:http:upload:0";
const secret = "component secret";

/** Where the strangers of one domain upload to, and what they do there. */
interface Field {
  readonly name: string;
  readonly domain: string;
  readonly store: S3Store;
  readonly hostile: HostilePut;
}

export const s3Attacks: readonly Attack[] = [
  {
    name: "s3-oversized",
    promise:
      "What a client puts into a bucket past its slot's size is gone 10 s after the slot was given, or after its PUT URL has expired.",
    needs: ["prosody", "rgw", "swift"],
    run: attackBuckets,
  },
];

async function attackBuckets(options: AttackOptions): Promise<readonly Measure[]> {
  const started: { stop(): Promise<void> }[] = [];
  const keep = async <Item extends { stop(): Promise<void> }>(starting: Promise<Item>): Promise<Item> => {
    const item = await starting;
    started.push(item);
    return item;
  };
  const domains = ["example.test", "example2.test"] as const;
  const components = Object.fromEntries(domains.map((domain) => [`upload.${domain}`, secret]));
  try {
    const [rgw, swift, prosody] = await Promise.all([
      ...([keep(startRgw()), keep(startSwift())] as const),
      keep(startProsody({ components, domains: [...domains] })),
    ]);
    const fields: readonly Field[] = [
      { name: "RGW", domain: domains[0], store: rgw, hostile: await copyingPut(rgw, options.random) },
      { name: "Swift", domain: domains[1], store: swift, hostile: chunkedPut },
    ];
    const [listen = 0, ops = 0] = await freePorts(2);
    const expiresIn = options.isShort ? 60 : 30;
    const config = configOf(fields, { component: prosody.componentPort, listen, ops, expiresIn });
    const slotd = await keep(startSlotd({ config, components: 2 }));
    const attacked = fields.map(async (field) => {
      const login = { port: prosody.c2sPort, domain: field.domain, user: "alice", password: "pw-alice" };
      const client = await xmppClient(login);
      return attackOne(field, client, options).finally(() => client.close());
    });
    const measures = (await Promise.all(attacked)).flat();
    return [...measures, ...(await afterwards(slotd, fields, ops, measures))];
  } finally {
    for (const each of started.toReversed()) await each.stop();
  }
}

/** What the ledger and the metrics say when all is over. */
async function afterwards(
  slotd: Slotd,
  fields: readonly Field[],
  ops: number,
  measures: readonly Measure[],
): Promise<readonly Measure[]> {
  const command = commandOf(slotd);
  const { accounts } = await command<{ accounts: { domain: string; bytes: number }[] }>("usage");
  const beside = fields.map(async ({ name, domain, store }): Promise<Measure> => {
    const counted = accounts.reduce((sum, each) => sum + (each.domain === domain ? each.bytes : 0), 0);
    const held = [...(await sizesIn(store)).values()].reduce((sum, size) => sum + size, 0);
    const measured = Math.abs(held - counted);
    return { what: `${name}: bytes beside what is counted`, measured, unit: "bytes", atMost: 0 };
  });
  const { differences } = await command<{ differences: object[] }>("reconcile");
  const metrics = await (await fetch(`http://127.0.0.1:${ops}/metrics`)).text();
  const found = Number(/^slotd_oversized_files_total (\d+)/m.exec(metrics)?.[1]);
  const atLeast = measures.reduce(
    (sum, { what, measured }) => sum + (what.endsWith(tooMuch) ? measured : 0),
    0,
  );
  return [
    ...(await Promise.all(beside)),
    { what: "differences of ledger and stores", measured: differences.length, unit: "files", atMost: 0 },
    { what: "found and counted", measured: found, unit: "files", atLeast },
  ];
}

const tooMuch = "slots that hold more than they were given for";

/** Uploads what is right and what is too much, and waits until the latter is gone. */
async function attackOne(
  field: Field,
  client: XmppClient,
  options: AttackOptions,
): Promise<readonly Measure[]> {
  const { name, store } = field;
  const many = options.isShort ? 8 : 40;
  const ask = () => askForSlot(client, field.domain, 1 + options.random.below(50));
  const honest = await Promise.all(Array.from({ length: many }, ask));
  const waves = [await Promise.all(Array.from({ length: many }, ask))];
  const asked = Date.now();
  // These come after the first look, and before their PUT URL expires.
  if (!options.isShort) waves.push(await Promise.all(Array.from({ length: many }, ask)));
  const statuses = await Promise.all(honest.map(honestPut));
  const taken = statuses.filter((status) => status === 200).length;
  const measures: Measure[] = [
    { what: `${name}: right uploads taken`, measured: taken, unit: "files", atLeast: many },
  ];
  for (const [turn, slots] of waves.entries()) {
    await waitUntil("the time of the wave", () => Date.now() - asked >= turn * 18_000);
    const due = asked + (turn === 0 ? 10_000 : 40_000);
    measures.push(...(await attackInWave(field, slots, due, options.random)));
  }
  const left = await sizesIn(store);
  const kept = honest.filter((slot) => left.get(tokenOf(slot)) === slot.size).length;
  return [...measures, { what: `${name}: right uploads kept`, measured: kept, unit: "files", atLeast: many }];
}

/**
 * Uploads too much to these slots, and waits until it is gone. `due`: when slotd is to look; Unix time, milliseconds.
 */
async function attackInWave(
  { name, store, hostile }: Field,
  slots: readonly GivenSlot[],
  due: number,
  random: Random,
): Promise<readonly Measure[]> {
  const given = new Map(slots.map((slot) => [tokenOf(slot), slot.size]));
  const larger = async () => {
    const all = [...(await sizesIn(store))];
    return all.filter(([token, size]) => size > (given.get(token) ?? Number.POSITIVE_INFINITY)).length;
  };
  for (const slot of slots) await hostile(slot, random);
  const open = await larger();
  await waitUntil("what is too large to be gone", async () => (await larger()) === 0, 60_000);
  const after = (Date.now() - due) / 1000;
  return [
    { what: `${name}: ${tooMuch}`, measured: open, unit: "files", atLeast: slots.length },
    { what: `${name}: gone after the time of the look`, measured: after, unit: "s", atMost: 8 },
  ];
}

async function askForSlot(client: XmppClient, domain: string, size: number): Promise<GivenSlot> {
  const request = `<request xmlns='${NS_UPLOAD}' filename='a.txt' size='${size}' content-type='text/plain'/>`;
  const reply = await client.iq("get", `upload.${domain}`, request);
  const putUrl = reply.getChild("slot", NS_UPLOAD)?.getChild("put")?.attrs.url;
  if (putUrl === undefined) throw new Error(`no slot: ${reply}`);
  return { putUrl, size };
}

function tokenOf({ putUrl }: GivenSlot): string {
  return new URL(putUrl).pathname.split("/").at(-2) ?? "";
}

/** What the bucket holds by token, in bytes. */
async function sizesIn(store: S3Store): Promise<ReadonlyMap<string, number>> {
  const query = { "list-type": "2", "max-keys": "1000" };
  const page = await (await signedFetchOk(store, { method: "GET", path: `/${store.bucket}`, query })).text();
  const entries = page.matchAll(/<Contents>.*?<Key>([^/<]+)\/[^<]*<\/Key>.*?<Size>(\d+)<\/Size>/gs);
  return new Map([...entries].map(([, token = "", size]) => [token, Number(size)]));
}

function configOf(
  fields: readonly Field[],
  ports: {
    readonly component: number;
    readonly listen: number;
    readonly ops: number;
    readonly expiresIn: number;
  },
): string {
  const buckets = fields.map(
    ({ domain, store }) => `[domain."${domain}".s3]
bucket_url = "${store.bucketUrl}"
region = "${store.region}"
access_key_id = "${store.accessKeyId}"
secret_access_key = "${store.secretAccessKey}"
access = "private"
`,
  );
  return `domains = ${JSON.stringify(fields.map(({ domain }) => domain))}
backend = "s3"
expiration_time = ${ports.expiresIn}
[ledger]
url = "sqlite:s3.db"
[xmpp]
address = "127.0.0.1:${ports.component}"
secret = "${secret}"
[http]
listen = "127.0.0.1:${ports.listen}"
public_url = "http://127.0.0.1:${ports.listen}/@HOST@"
[ops]
listen = "127.0.0.1:${ports.ops}"
socket = "slotd.sock"
${buckets.join("")}`;
}
