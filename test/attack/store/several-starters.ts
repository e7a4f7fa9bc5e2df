import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePorts } from "../../peers/ports.ts";
import {
  type ManagedProcess,
  makeFolder,
  removeFolder,
  runToEnd,
  startProcess,
  waitUntil,
} from "../../peers/process.ts";
import { slotdUnderTest, withoutXmpp } from "../../peers/slotd.ts";
import type { Attack, AttackOptions, Measure } from "../attack.ts";

/** Several slotd start on one folder at once, and whichever serves is killed; and many rotate its keys at once. */
export const severalStartersAttack: Attack = {
  name: "store-several-starters",
  promise:
    "One slotd serves a folder, whoever starts when and dies how; of keys rotated at once none is lost.",
  needs: [],
  run: startMany,
};

async function startMany({ isShort }: AttackOptions): Promise<readonly Measure[]> {
  const folder = makeFolder("starters");
  const [noServer = 0] = await freePorts(1);
  const config = join(folder, "slotd.toml");
  writeFileSync(
    config,
    `domains = ["example.org"]\nbackend = "disk"\nhttp.listen = "127.0.0.1:0"\nops.listen = "127.0.0.1:0"\n${withoutXmpp(noServer)}\n`,
    { mode: 0o600 },
  );
  const rounds = isShort ? 2 : 20;
  let most = 0;
  let fewest = Number.POSITIVE_INFINITY;
  try {
    for (let round = 0; round < rounds; round += 1) {
      const serving = await servingOf(folder, config, isShort ? 2 : 4, round);
      most = Math.max(most, serving);
      fewest = Math.min(fewest, serving);
    }
    return [
      { what: "slotd that serve one folder", measured: most, unit: "answers", atMost: 1 },
      {
        what: "slotd that serve it after the one before was killed",
        measured: fewest,
        unit: "answers",
        atLeast: 1,
      },
      await rotateAtOnce(config, isShort ? 4 : 40),
    ];
  } finally {
    removeFolder(folder);
  }
}

/** How many of those that are started at once serve the folder. All are killed then. */
async function servingOf(folder: string, config: string, count: number, round: number): Promise<number> {
  const all: ManagedProcess[] = [];
  try {
    const starts = Array.from({ length: count }, (_, i) =>
      startProcess({
        name: `slotd-${round}-${i}`,
        command: [slotdUnderTest(), "serve", "--config", config],
        folder,
        env: { SLOTD_LOG_FORMAT: "json", SLOTD_OPS_SOCKET: `${i}.sock` },
      }),
    );
    all.push(...(await Promise.all(starts)));
    const isDecided = (each: ManagedProcess) =>
      serves(each) || /waiting until it releases the folder/.test(each.log());
    await waitUntil("each to serve or to wait", () => all.every(isDecided));
    return all.filter(serves).length;
  } finally {
    for (const each of all) await each.kill9();
  }
}

const serves = (each: ManagedProcess) => each.log().includes("The HTTP server is listening");

async function rotateAtOnce(config: string, count: number): Promise<Measure> {
  const rotate = () =>
    runToEnd({ name: "rotate-key", command: [slotdUnderTest(), "rotate-key", "--config", config] });
  const idsIn = (output: string) => [...output.matchAll(/(?:signs from now on|still verifies): +(\w+)/g)];
  const outputs = (await Promise.all(Array.from({ length: count }, rotate))).map(({ output }) => output);
  const reported = outputs.map((output) => idsIn(output)[0]?.[1]);
  // Rotated once more, it says every key that there is.
  const kept = new Set(idsIn((await rotate()).output).map(([, id]) => id));
  const lost = reported.filter((id) => id === undefined || !kept.has(id)).length;
  return {
    what: `keys lost of ${count} that were reported at once`,
    measured: lost,
    unit: "answers",
    atMost: 0,
  };
}
