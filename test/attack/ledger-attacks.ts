import { readFileSync } from "node:fs";
import { join } from "node:path";
import { openSqlLedger } from "../../src/ledger/sql-ledger.ts";
import { openSqlite } from "../../src/ledger/sqlite.ts";
import { makeFolder, removeFolder } from "../peers/process.ts";
import { type Slotd, startSlotd } from "../peers/slotd.ts";
import { fill, type Layer } from "../scale/fill.ts";
import type { Attack, AttackOptions, Measure } from "./attack.ts";
import { type SlotAsker, startSlotAsker } from "./slot-asker.ts";

const now = () => new Date();
const day = 86_400_000;

/** Domains that give slots, to a few users and to many. */
const free = ["few.example", "many.example"];

/** Domains that are full in different ways. */
const full = ["domain.example", "user.example", "crowd.example", "daily.example", "evict.example"];

/** In some more than anybody could remember. */
const usersOf = (domain: string) => (["crowd.example", "many.example"].includes(domain) ? 3_000 : 10);

/** The domain that gives slots to as many users. */
const beside = (domain: string) => (usersOf(domain) === 10 ? "few.example" : "many.example");

/** What years leave behind: others' files, slots that were never used, files of a domain that nobody serves any more. */
function layersOf(files: number): Layer[] {
  const layer = { purpose: "message", users: 1_000, size: 1_000, dueAt: Date.now() + 20 * day };
  return [
    ...free.map((domain): Layer => ({ ...layer, domain, users: 3_000, state: "complete", files: files / 2 })),
    { ...layer, domain: "gone.example", state: "complete", files: files / 10, dueAt: Date.now() - 20 * day },
    ...full.flatMap((domain): Layer[] => [
      { ...layer, domain, users: usersOf(domain), state: "complete", files: 3 * usersOf(domain) + 1_000 },
      { ...layer, domain, users: 10, state: "lapsed", files: files / 8, dueAt: Date.now() + day / 2 },
    ]),
  ];
}

function configOf(port: number, url: string): string {
  return `
domains = [${[...free, ...full].map((domain) => `"${domain}"`).join(", ")}]
backend = "disk"
retention = "30d"
ledger.url = "${url}"
http.listen = "127.0.0.1:0"
xmpp.address = "127.0.0.1:${port}"
xmpp.secret = "known to nobody"

[quota]
user = "1TiB"
user_files = 1000000000
user_daily = "1TiB"
domain = "1TiB"

[rate]
slots_per_minute = 60000000
burst = 1000000

[domain."domain.example".quota]
domain_files = 100

[domain."user.example".quota]
user_files = 100

[domain."crowd.example".quota]
user_files = 3

[domain."daily.example".quota]
user_daily_files = 10

[domain."evict.example".quota]
domain_files = 100
when_full = "delete-oldest"
`;
}

/** User and system time of a process so far; microseconds. */
function cpuOf({ process }: Slotd): number {
  const stat = readFileSync(`/proc/${process.pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

/** How often each domain is asked; the first times are the warm-up. */
const rounds = { warmUp: 2, measured: 5 };

/** Microseconds of slotd's processor time for one answer of each domain: the best of some rounds, each after the other. */
async function costs(
  slotd: Slotd,
  asker: SlotAsker,
  { isShort, random }: AttackOptions,
): Promise<(domain: string) => number> {
  const count = isShort ? 1_000 : 4_000;
  const best = new Map<string, number>();
  for (let round = -rounds.warmUp; round < rounds.measured; round += 1) {
    for (const domain of [...free, ...full]) {
      const jids = Array.from({ length: count }, () => `user-${random.below(usersOf(domain))}@${domain}`);
      const before = cpuOf(slotd);
      const answers = await asker.ask(`upload.${domain}`, jids, 50);
      const cost = (cpuOf(slotd) - before) / count;
      if (round < 0) continue;
      const wanted = free.includes(domain) ? "slot" : "resource-constraint";
      if (answers[wanted] !== count) throw new Error(`${domain} answered ${JSON.stringify(answers)}`);
      best.set(domain, Math.min(cost, best.get(domain) ?? Number.POSITIVE_INFINITY));
    }
  }
  return (domain) => best.get(domain) ?? Number.NaN;
}

async function refusals(options: AttackOptions): Promise<readonly Measure[]> {
  const folder = makeFolder("refusals");
  const asker = await startSlotAsker();
  const running: Slotd[] = [];
  try {
    const path = join(folder, "slotd.db");
    const database = await openSqlite(path);
    const ledger = await openSqlLedger(database, { now });
    await fill(database, ledger, layersOf(options.isShort ? 30_000 : 1_000_000));
    await ledger.close();
    const config = configOf(asker.port, `sqlite:${path}`);
    const slotd = await startSlotd({ config, components: free.length + full.length });
    running.push(slotd);
    const cost = await costs(slotd, asker, options);
    return full.map((domain) => ({
      what: `processor time of a refusal in ${domain} (${cost(domain).toFixed(0)} µs) beside a slot (${cost(beside(domain)).toFixed(0)} µs)`,
      ...{ measured: cost(domain) / cost(beside(domain)), unit: "x", atMost: 1 },
    }));
  } finally {
    for (const slotd of running) await slotd.stop();
    asker.stop();
    removeFolder(folder);
  }
}

export const ledgerAttacks: readonly Attack[] = [
  {
    name: "ledger-refusals",
    promise:
      "asking for slots that are refused costs no more than slots that are given, however many files, unused slots and " +
      "expired files of others the ledger has",
    needs: [],
    run: refusals,
  },
];
