import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type ManagedProcess, makeFolder, removeFolder, startProcess, waitUntil } from "./process.ts";

export interface SlotdOptions {
  /** The text of slotd.toml. A relative disk.path lies in slotd's own folder. */
  readonly config: string;
  readonly env?: Readonly<Record<string, string>>;
  /** How often slotd has to say that a component is online before it counts as ready: 1 when left out. */
  readonly components?: number;
}

/** A real slotd: bin/slotd in a process of its own, on a folder of its own. */
export interface Slotd {
  readonly process: ManagedProcess;
  /** Holds slotd.toml and, for the disk backend, data/. */
  readonly folder: string;
  /** How often a component has come online so far. */
  timesOnline(): number;
  /** Ends it and removes its folder. May be called twice. */
  stop(): Promise<void>;
}

/** Lines of slotd.toml for one that needs no XMPP server: nobody listens on `noServer`. */
export function withoutXmpp(noServer: number): string {
  return `[xmpp]
address = "127.0.0.1:${noServer}"
secret = "no XMPP server is needed here"`;
}

/** The table of slotd.toml of one receiver. */
export function receiversConfig(name: string, options: Readonly<Record<string, string>>): string {
  // A TOML string is written as JSON writes one.
  const lines = Object.entries(options).map(([key, value]) => `${key} = ${JSON.stringify(value)}`);
  return `[receivers.${name}]\n${lines.join("\n")}\n`;
}

/** The slotd under test: bin/slotd, or what TEST_SLOTD names, such as dist/slotd. */
export function slotdUnderTest(): string {
  return resolve(import.meta.dirname, "../..", process.env.TEST_SLOTD ?? "bin/slotd");
}

/** The metrics get a free port, for several slotd run at once; the control socket is in slotd's own folder. */
function defaults(config: string): Record<string, string> {
  const ops = config.includes("[ops]")
    ? {}
    : { SLOTD_OPS_LISTEN: "127.0.0.1:0", SLOTD_OPS_SOCKET: "slotd.sock" };
  return { SLOTD_LOG_FORMAT: "json", ...ops };
}

/** Starts slotd and waits until its components are online. */
export async function startSlotd(options: SlotdOptions): Promise<Slotd> {
  const folder = makeFolder("slotd");
  writeFileSync(join(folder, "slotd.toml"), options.config, { mode: 0o600 });
  const { components = 1, env = {} } = options;
  const process = await startProcess({
    name: "slotd",
    command: [slotdUnderTest(), "serve", "--config", join(folder, "slotd.toml")],
    folder,
    env: { ...defaults(options.config), ...env },
  });
  const timesOnline = (): number => process.log().split("Connected to the XMPP server").length - 1;
  const stop = async (): Promise<void> => {
    await process.stop();
    removeFolder(folder);
  };
  try {
    await waitUntil("slotd to be connected", () => {
      if (process.result !== undefined) throw new Error(`slotd ended with ${process.result}`);
      return timesOnline() >= components;
    });
    return { process, folder, timesOnline, stop };
  } catch (cause) {
    const log = process.logTail();
    await stop();
    throw new Error(`slotd did not come up; the end of its log:\n${log}`, { cause });
  }
}
