import type { Random } from "../../fuzz/random.ts";
import { freePorts } from "../../peers/ports.ts";
import { type Slotd, startSlotd } from "../../peers/slotd.ts";
import { askRaw } from "../ask-raw.ts";
import { type Attack, type AttackOptions, isKept, type Measure } from "../attack.ts";
import { CpuTime } from "../cpu-time.ts";
import { type SlotGiver, startSlotGiver } from "../slot-giver.ts";

/** A slotd that serves so many domains on one listener. */
interface Site {
  readonly slotd: Slotd;
  readonly giver: SlotGiver;
  readonly port: number;
  readonly domains: number;
  readonly cpu: CpuTime;
}

async function startSite(domains: number): Promise<Site> {
  const giver = await startSlotGiver();
  const [port = 0] = await freePorts(1);
  const names = Array.from({ length: domains }, (_, at) => `"d${at}.example"`);
  const slotd = await startSlotd({
    components: domains,
    config: `
domains = [${names.join(", ")}]
backend = "disk"
expiration_time = 600
[xmpp]
address = "127.0.0.1:${giver.port}"
secret = "any"
[http]
listen = "127.0.0.1:${port}"
public_url = "http://@HOST@:${port}"
max_uploads_per_address = 1000
[ledger]
url = "none"
`,
  });
  return { slotd, giver, port, domains, cpu: new CpuTime(slotd.process.pid) };
}

async function stopSite({ slotd, giver }: Site): Promise<void> {
  await slotd.stop();
  giver.stop();
}

/** What is sent: a request line's method, target, and host. */
interface Sent {
  readonly method: "PUT" | "GET";
  readonly target: string;
  readonly host: string;
}

/** One shape of request, made anew each time from a slot that was given for one of the domains. */
interface Shape {
  readonly make: (put: URL, random: Random) => Sent;
  /** The statuses that are right for it. */
  readonly statuses: readonly number[];
}

const hex = (random: Random, length: number) =>
  Array.from({ length }, () => random.below(16).toString(16)).join("");
const sent = (method: Sent["method"], url: URL, target: string): Sent => ({ method, target, host: url.host });
const wrong = (query: string, random: Random) =>
  query.replace(/X-Amz-Signature=.*/, `X-Amz-Signature=${hex(random, 64)}`);

/** A query of hostile parameters beside those of the slot: many, doubled, long, or no percent-encoding. */
function absurdQuery(query: string, random: Random): string {
  const piece = random.of([
    () => `&p${random.below(1e6)}=${hex(random, 1 + random.below(20))}`,
    () => `&${query.split("&")[random.below(6)]}`,
    () => random.of(["&%", "&%zz=%ff", "&=", "&&", "&%C3%28=1", "&a=%00", "&+=+"]),
    () => `&${hex(random, 8)}=${"%41".repeat(1 + random.below(30))}`,
  ]);
  let absurd = query;
  const length = query.length + random.below(6_500);
  while (absurd.length < length) absurd += piece();
  return random.below(2) === 0 ? absurd : `${absurd.slice(query.length + 1)}&${query}`;
}

const shapes: Readonly<Record<string, Shape>> = {
  "good PUTs": { make: (put) => sent("PUT", put, put.pathname + put.search), statuses: [201] },
  "PUTs with an unknown key": {
    make: (put, random) => {
      const query = put.search.replace(/Credential=SLOTD\w{16}/, `Credential=SLOTD${hex(random, 16)}`);
      return sent("PUT", put, put.pathname + query);
    },
    statuses: [403],
  },
  "PUTs with a wrong signature": {
    make: (put, random) => sent("PUT", put, put.pathname + wrong(put.search, random)),
    statuses: [403],
  },
  "PUTs with a wrong signature, for no place and from no host": {
    make: (put, random) => ({
      method: "PUT",
      target: put.pathname + wrong(put.search.replace(/&place=[0-9a-f]*/, ""), random),
      host: `${hex(random, 8)}.example`,
    }),
    statuses: [403],
  },
  "PUTs with a long query": {
    make: (put, random) =>
      sent("PUT", put, `${put.pathname + wrong(put.search, random)}&z=${hex(random, 3_000)}`),
    statuses: [403],
  },
  "PUTs with an absurd query": {
    make: (put, random) => sent("PUT", put, `${put.pathname}?${absurdQuery(put.search.slice(1), random)}`),
    statuses: [201, 403, 409, 414],
  },
  "PUTs with a long path": {
    make: (put, random) =>
      sent("PUT", put, `${random.of(["/", "/a/", "/%2e/"]).repeat(1_200)}${put.pathname}${put.search}`),
    statuses: [400],
  },
  "GETs of a file": { make: (put) => sent("GET", put, put.pathname), statuses: [200] },
  "GETs of nothing": {
    make: (put, random) => sent("GET", put, `/${hex(random, 64)}/a.txt`),
    statuses: [404],
  },
  "GETs of nothing from no host": {
    make: (_, random) => ({
      method: "GET",
      target: `/${hex(random, 64)}/a.txt`,
      host: `${hex(random, 8)}.example`,
    }),
    statuses: [404],
  },
};

/** The processor time of one such request, in milliseconds. */
async function costOf(site: Site, shape: Shape, urls: readonly URL[], random: Random): Promise<number> {
  const before = site.cpu.read();
  const queue = urls.map((put) => shape.make(put, random));
  const work = async () => {
    for (let one = queue.pop(); one !== undefined; one = queue.pop()) {
      const { method, target, host } = one;
      const body = method === "PUT" ? "hello" : "";
      const length = method === "PUT" ? "\r\nContent-Length: 5" : "";
      const head = `${method} ${target} HTTP/1.1\r\nHost: ${host}${length}\r\nConnection: close`;
      const answer = await askRaw(site.port, `${head}\r\n\r\n${body}`);
      const status = Number(answer.split(" ", 2)[1]);
      if (!shape.statuses.includes(status)) throw new Error(`the answer to ${head} was ${answer}`);
    }
  };
  await Promise.all(Array.from({ length: 8 }, work));
  return (site.cpu.read() - before) / urls.length;
}

/** Slots for domains here and there among all, one after the other. */
async function slots({ giver, domains }: Site, count: number): Promise<URL[]> {
  const urls: URL[] = [];
  for (let at = 0; at < count; at += 1) {
    const jid = `juliet@d${(at * 7919) % domains}.example`;
    urls.push(new URL((await giver.slot(jid, { filename: "a.txt", size: 5 })).putUrl));
  }
  return urls;
}

/** Few requests have their costs measured coarsely: rounds are added, as many as these, until every cost is in bounds. */
const moreRounds = 8;

/** Each shape at both sites in turn, some rounds after a first that warms up. Gives the least cost of each. */
async function compare(
  one: Site,
  many: Site,
  { isShort, random }: AttackOptions,
): Promise<readonly Measure[]> {
  const [rounds, requests] = isShort ? [4, 30] : [6, 400];
  const least = new Map<string, readonly [number, number]>();
  const note = (name: string, costs: readonly [number, number]) => {
    const [a, b] = least.get(name) ?? [Infinity, Infinity];
    least.set(name, [Math.min(a, costs[0]), Math.min(b, costs[1])]);
  };
  const measures = (): Measure[] =>
    [...least].map(([name, [alone, among]]) => ({
      what: `${name} with ${many.domains} domains, ${among.toFixed(2)} ms each, against one domain`,
      ...{ measured: among / alone, unit: "x", atMost: 2 },
    }));
  const isOver = (round: number) =>
    round >= rounds && (measures().every(isKept) || round >= rounds + moreRounds);
  for (let round = 0; !isOver(round); round += 1) {
    const urls: URL[][] = [];
    const slotCosts: number[] = [];
    for (const site of [one, many]) {
      const before = site.cpu.read();
      urls.push(await slots(site, requests));
      slotCosts.push((site.cpu.read() - before) / requests);
    }
    if (round > 0) note("slots", [slotCosts[0] ?? 0, slotCosts[1] ?? 0]);
    for (const [name, shape] of Object.entries(shapes)) {
      const alone = await costOf(one, shape, urls[0] ?? [], random);
      const among = await costOf(many, shape, urls[1] ?? [], random);
      if (round > 0) note(name, [alone, among]);
    }
  }
  return measures();
}

export const manyDomainsAttack: Attack = {
  name: "many-domains",
  promise:
    "What one request costs does not depend on how many domains share a listener, however bad the request is.",
  needs: [],
  async run(options) {
    const one = await startSite(1);
    try {
      const many = await startSite(options.isShort ? 300 : 1_000);
      try {
        return await compare(one, many, options);
      } finally {
        await stopSite(many);
      }
    } finally {
      await stopSite(one);
    }
  },
};
