import { isDeepStrictEqual } from "node:util";
import type { AttackOptions, Measure } from "../attack/attack.ts";
import { CpuTime } from "../attack/cpu-time.ts";
import type { WantedSlot } from "../attack/slot-asker.ts";
import { free, full, type ScaleScene, usersOf } from "./scene.ts";

/** The domain that gives slots to as many users. */
const beside = (domain: string) => (usersOf(domain) === 10 ? "few.example" : "many.example");

/** How often each domain is asked; the first times are the warm-up. */
const rounds = { warmUp: 2, measured: 5 };

const mixed = "bytes.example";

/** In one domain every second file is too large for the space that is left, and the others change its sums. */
const sizeOf = (domain: string, i: number) => (domain !== mixed ? 1_000 : i % 2 === 0 ? 1 : 1_000_000);

function expectedOf(domain: string, count: number): Record<string, number> {
  if (domain === mixed) return { slot: count / 2, "resource-constraint": count / 2 };
  return { [free.some((one) => one === domain) ? "slot" : "resource-constraint"]: count };
}

/** What each way of being refused costs slotd beside slots that are given to as many users. */
export async function refusalCosts(
  { slotd, asker }: Pick<ScaleScene, "slotd" | "asker">,
  { isShort, random }: AttackOptions,
): Promise<readonly Measure[]> {
  const count = isShort ? 600 : 4_000;
  const cpu = new CpuTime(slotd.process.pid);
  const best = new Map<string, number>();
  for (let round = -rounds.warmUp; round < rounds.measured; round += 1) {
    for (const domain of [...free, ...full]) {
      const wanted = Array.from({ length: count }, (_, i): WantedSlot => {
        return { jid: `user-${random.below(usersOf(domain))}@${domain}`, size: sizeOf(domain, i) };
      });
      const before = cpu.read();
      const answers = await asker.ask(`upload.${domain}`, wanted, 50);
      const cost = ((cpu.read() - before) / count) * 1_000;
      if (round < 0) continue;
      if (!isDeepStrictEqual(answers, expectedOf(domain, count))) {
        throw new Error(`${domain} answered ${JSON.stringify(answers)}`);
      }
      best.set(domain, Math.min(cost, best.get(domain) ?? Number.POSITIVE_INFINITY));
    }
  }
  const cost = (domain: string) => best.get(domain) ?? Number.NaN;
  return full.map((domain) => ({
    what:
      `processor time of ${domain === mixed ? "refusals and slots in turn" : "a refusal"} in ${domain} ` +
      `(${cost(domain).toFixed(0)} µs) beside a slot (${cost(beside(domain)).toFixed(0)} µs)`,
    // What differs between two runs of the same is up to a fifth, and more than that in a short one.
    ...{ measured: cost(domain) / cost(beside(domain)), unit: "x", atMost: isShort ? 1.3 : 1.2 },
  }));
}
