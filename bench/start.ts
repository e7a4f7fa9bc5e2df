import { spawn } from "node:child_process";
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "../scripts/executable.ts";
import { makeFolder, removeFolder } from "../test/peers/process.ts";
import type { Bench, Case } from "./bench.ts";
import { s3Config } from "./contenders/slotd-config.ts";
import { startComponentPeer } from "./load/component-peer.ts";

const root = join(import.meta.dirname, "..");
const sources = join(root, "bin", "slotd");

/** Milliseconds from the start of the command to the first slot that a peer gets, which asks as soon as it can. */
async function startToSlot(command: string): Promise<number> {
  const folder = makeFolder("start");
  const peer = await startComponentPeer("upload.example.net");
  const config = join(folder, "slotd.toml");
  writeFileSync(config, s3Config(peer.port, "example.net"), { mode: 0o600 });
  const started = performance.now();
  const child = spawn(command, ["serve", "--config", config], {
    cwd: folder,
    env: { ...process.env, SLOTD_OPS_LISTEN: "127.0.0.1:0", SLOTD_OPS_SOCKET: "slotd.sock" },
    stdio: "ignore",
  });
  try {
    await peer.connected();
    await peer.askOne();
    return performance.now() - started;
  } finally {
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    await ended;
    peer.stop();
    removeFolder(folder);
  }
}

/** How long it takes until slots are answered. */
export const start: Bench = {
  name: "start",
  description:
    "The time from the start of `slotd serve` to the first issued slot, with a peer that accepts slotd and " +
    "requests a slot at once, from a checkout and from the single executable that `npm run build` makes; and " +
    "the size of the executable.",
  needs: [],
  async open() {
    const folder = makeFolder("executable");
    const executable = join(folder, "slotd");
    build(executable);
    const size = async () => statSync(executable).size / 2 ** 20;
    const starts = { slotd: () => startToSlot(sources), "single executable": () => startToSlot(executable) };
    const cases: Case[] = [
      { name: "first slot", unit: "ms", better: "less", contenders: starts, goals: [{ limit: 300 }] },
      {
        name: "size of the executable",
        unit: "MiB",
        better: "less",
        contenders: { "single executable": size },
        goals: [],
        warmUps: 0,
        rounds: 1,
      },
    ];
    return { cases, close: async () => removeFolder(folder) };
  },
};
