// bun test/scale/read-source.ts KIND FOLDER SCRATCH: reads a former service's folder to its end, opens none of its
// files, and prints a SourceCost as JSON.
import { readFileSync } from "node:fs";
import { type FormerKindName, formerKindNames } from "../../src/address/former-kinds.ts";
import { readAccounts } from "../../src/sources/accounts.ts";
import { sources } from "../../src/sources/sources.ts";

/** What it takes to read a source. */
export interface SourceCost {
  /** By kind, and skips by reason. */
  readonly items: Readonly<Record<string, number>>;
  readonly seconds: number;
  /** The most that the process held, and what it held when it began; MB. */
  readonly peak: number;
  readonly before: number;
  /** The longest time that the event loop was not free, without what others had the processors for; ms. */
  readonly block: number;
}

function memory(field: "VmHWM" | "VmRSS"): number {
  const [, kib] = new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  return Math.round((Number(kib) * 1024) / 1e6);
}

/** Milliseconds that the main thread waited for a processor. */
function waited(): number {
  return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, "latin1").split(" ")[1]) / 1e6;
}

function watchLoop(): () => number {
  let [last, lastWaited, longest] = [performance.now(), waited(), 0];
  const tick = (): void => {
    const [now, nowWaited] = [performance.now(), waited()];
    longest = Math.max(longest, now - last - (nowWaited - lastWaited));
    [last, lastWaited] = [now, nowWaited];
  };
  const timer = setInterval(tick, 1);
  return () => {
    clearInterval(timer);
    return longest;
  };
}

async function read(kind: FormerKindName, folder: string, scratch: string): Promise<SourceCost> {
  const items: Record<string, number> = {};
  const [before, began, endLoop] = [memory("VmRSS"), performance.now(), watchLoop()];
  const accounts = process.argv[5];
  const named = accounts === undefined ? {} : { accounts: () => readAccounts(accounts) };
  const options = {
    folder,
    scratch,
    now: () => new Date(),
    signal: new AbortController().signal,
    minAge: 0,
    ...named,
  };
  for await (const item of sources[kind](options)) {
    const name = item.kind === "skip" ? item.reason : item.kind;
    items[name] = (items[name] ?? 0) + 1;
  }
  const seconds = (performance.now() - began) / 1000;
  return { items, seconds, peak: memory("VmHWM"), before, block: endLoop() };
}

const [, , kindName, folder, scratch] = process.argv;
const kind = formerKindNames.find((name) => name === kindName);
if (kind !== undefined && folder !== undefined && scratch !== undefined) {
  console.log(JSON.stringify(await read(kind, folder, scratch)));
}
