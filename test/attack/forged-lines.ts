import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { unprintable } from "../../src/slot/printable.ts";
import type { Random } from "../fuzz/random.ts";
import { slotdUnderTest } from "../peers/slotd.ts";
import type { Attack, AttackOptions, Measure } from "./attack.ts";
import { type Asked, escaped, SlotScene } from "./slot-scene.ts";

const run = promisify(execFile);

/** What would pass for a line of the log, or a field of one, if it stood alone. */
const forgery = "12:00:00 error FORGED (client=192.0.2.1 ref=00000000)";

/** What XML 1.0 lets through and a terminal obeys: references to controls, C1, formats, separators. */
const pieces = [
  "\n",
  "\r\n",
  "\t",
  "\x85",
  "\x9b2J",
  "\x9d0;x\x9c",
  "\u2028",
  "\u2029",
  "\u202e",
  "\u2066",
  "\u061c",
];

export const forgedLinesAttack: Attack = {
  name: "forged-lines",
  promise: "no value of a stranger begins a line of the text log, steers a terminal or makes a line long",
  needs: [],
  async run({ isShort, random }: AttackOptions): Promise<readonly Measure[]> {
    const scene = await SlotScene.start('access = ["*"]\ndeny = ["denied.example"]', {
      SLOTD_LOG_FORMAT: "text",
    });
    try {
      const count = isShort ? 300 : 5_000;
      const before = scene.slotd.process.log().length;
      const texts: string[] = [];
      for (let i = 0; i < count; i += 50) {
        const some = Array.from({ length: 50 }, () => scene.ask(hostile(random)));
        for (const answer of await Promise.all(some)) if (answer.kind === "refused") texts.push(answer.text);
      }
      const log = scene.slotd.process.log().slice(before);
      const lines = log.split("\n").filter((line) => line !== "");
      const shown = await commands(scene);
      const bad = (text: string): number => text.replaceAll("\n", "").match(unprintable)?.length ?? 0;
      return [
        { what: "refusals", measured: texts.length, unit: "answers", atLeast: count / 2 },
        {
          what: "lines that are not slotd's own",
          measured: lines.filter(isForged).length,
          unit: "lines",
          atMost: 0,
        },
        { what: "characters that steer in the log", measured: bad(log), unit: "bytes", atMost: 0 },
        {
          what: "characters that steer in the answers",
          measured: bad(texts.join("")),
          unit: "bytes",
          atMost: 0,
        },
        {
          what: "characters that steer in what commands print",
          measured: bad(shown),
          unit: "bytes",
          atMost: 0,
        },
        {
          what: "the longest line",
          measured: Math.max(...lines.map((line) => line.length)),
          unit: "bytes",
          atMost: 4_000,
        },
      ];
    } finally {
      await scene.stop();
    }
  },
};

/** One request with a forgery in one of its values; mostly it is refused, some are granted. */
function hostile(random: Random): Asked {
  const value = (): string => {
    const parts = Array.from({ length: 1 + random.below(4) }, () => random.of(pieces) + forgery);
    return parts.join("") + "x".repeat(random.below(2) * random.below(3_000));
  };
  // Prepared JIDs hold no controls; what a careless server lets through is tried all the same.
  const from = `${random.of(["a", "b"])}\u202e${random.of(pieces)}${forgery.replaceAll(" ", "")}@remote.example/x`;
  const purpose = (attributes: string) =>
    `<purpose xmlns='urn:xmpp:http:upload:purpose:0'><${attributes}/></purpose>`;
  return random.of<() => Asked>([
    () => ({ filename: value() }),
    () => ({ size: escaped(value()) }),
    () => ({ type: value() }),
    () => ({ content: purpose(`ephemeral expire-before='${escaped(value())}'`) }),
    () => ({
      content: `<ephemeral xmlns='urn:xmpp:http:upload:purpose:0' expire-before='${escaped(value())}'/>`,
    }),
    () => ({ from: from.replace("remote", "denied"), size: 5 }),
    () => ({ from: "alice@example.org/x", filename: `\u202egpj.${random.below(1000)}.exe` }),
    () => ({ from: "alice@example.org/x", filename: "ok.txt", size: 2 ** 50 }),
  ])();
}

function isForged(line: string): boolean {
  return !/^\d\d:\d\d:\d\d (debug|info|warn|error|fatal) /.test(line) || /^.{0,9}error FORGED/.test(line);
}

/** What the commands show of it. */
async function commands({ slotd }: SlotScene): Promise<string> {
  const config = ["--config", join(slotd.folder, "slotd.toml")];
  const all = [
    ["usage"],
    ["usage", "--json"],
    ["files", "--jid", "alice@example.org"],
    ["files", "--jid", "alice@example.org", "--json"],
  ];
  const printed = await Promise.all(
    all.map((words) => run(slotdUnderTest(), [...words, ...config], { maxBuffer: 2 ** 26 })),
  );
  const text = printed.map(({ stdout }) => stdout).join("");
  if (!text.includes("alice@example.org") || !text.includes("gpj."))
    throw new Error("the commands showed no files");
  return text;
}
