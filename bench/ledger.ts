// bun bench/ledger.ts [SECONDS] [FILES ...]
//
// How many slot requests a second the ledger on SQLite decides on, each one durable before it is answered, with
// FILES (1,000 and 1,000,000) in it: every quota and the rate are looked at. 64 requesters, each asking again as soon
// as it is answered, from 1,000 users. Prints one line for each number of files, and the memory before and after.
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqlite } from "../src/ledger/database/sqlite.ts";
import type { Ledger, Limits } from "../src/ledger/ledger.ts";
import { openSqlLedger } from "../src/ledger/sql-ledger.ts";

const requesters = Number(process.env.REQUESTERS ?? 64);
const users = 1_000;
const [seconds = 10, ...sizes] = process.argv.slice(2).map(Number);

const much = { bytes: 2 ** 50, files: 2 ** 40 };
const limitsOf = (user: string): Limits => ({
  ...{ purpose: much, user: much, userDaily: much, domain: much, total: much },
  ...{ whenFull: "refuse", mayDelete: [] },
  rates: [{ name: user, rate: { slotsPerMinute: 1e9, burst: 1e9 } }],
});

function newToken(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("hex");
}

const userOf = (i: number) => `user-${i % users}@example.org`;
const about = { domain: "example.org", purpose: "message", filename: "photo.jpg", size: 123_456 };

async function fill(ledger: Ledger, files: number): Promise<void> {
  const day = 86_400_000;
  for (let from = 0; from < files; from += 512) {
    const count = Math.min(512, files - from);
    await Promise.all(
      Array.from({ length: count }, (_, i) =>
        ledger.adopt({
          ...{ ...about, token: newToken(), jid: userOf(from + i) },
          ...{ expires: new Date(Date.now() + 30 * day + from), completed: new Date() },
        }),
      ),
    );
  }
}

/** What was done each second, and the processor time that one took, in microseconds. */
interface Measured {
  readonly rate: number;
  readonly cpu: number;
}

async function measure(what: (i: number) => Promise<void>): Promise<Measured> {
  const end = performance.now() + seconds * 1000;
  let count = 0;
  const began = performance.now();
  const cpu = process.cpuUsage();
  await Promise.all(
    Array.from({ length: requesters }, async () => {
      while (performance.now() < end) {
        const i = count;
        count += 1;
        await what(i);
      }
    }),
  );
  const { user, system } = process.cpuUsage(cpu);
  return { rate: count / ((performance.now() - began) / 1000), cpu: (user + system) / count };
}

const reserve = async (ledger: Ledger, i: number): Promise<string> => {
  const token = newToken();
  const jid = userOf(i * 7919);
  const reservation = {
    ...{ ...about, token, jid, putUntil: new Date(Date.now() + 60_000) },
    expires: new Date(Date.now() + 30 * 86_400_000),
  };
  const outcome = await ledger.reserve(reservation, limitsOf(jid));
  if ("over" in outcome) throw new Error(`over ${outcome.over}`);
  return token;
};

const megabytes = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(0)} MiB`;

for (const files of sizes.length > 0 ? sizes : [1_000, 1_000_000]) {
  const folder = await mkdtemp(join(tmpdir(), "slotd-bench-"));
  const path = join(folder, "slotd.db");
  const ledger = await openSqlLedger(await openSqlite(path), { now: () => new Date() });
  try {
    await fill(ledger, files);
    const before = process.memoryUsage.rss();
    const decisions = await measure(async (i) => {
      await reserve(ledger, i);
    });
    const whole = await measure(async (i) => {
      await ledger.complete(await reserve(ledger, i), about.size, () => limitsOf(userOf(i)));
    });
    const refused = await measure(async (i) => {
      const jid = userOf(i);
      const reservation = { ...about, token: newToken(), jid, putUntil: new Date(), expires: undefined };
      await ledger.reserve(reservation, { ...limitsOf(jid), user: { bytes: 1, files: undefined } });
    });
    const rate = ({ rate, cpu }: Measured) =>
      `${Math.round(rate).toLocaleString("en").padStart(8)} (${cpu.toFixed(0)} µs of processor each)`;
    console.log(
      `${files.toLocaleString("en").padStart(9)} files: ${rate(decisions)} slots/s,${rate(whole)} slots with completion/s,` +
        `${rate(refused)} refusals/s; memory ${megabytes(before)} -> ${megabytes(process.memoryUsage.rss())}, database ${megabytes((await stat(path)).size)}`,
    );
  } finally {
    await ledger.close();
    await rm(folder, { recursive: true });
  }
}
