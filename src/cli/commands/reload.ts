import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { type LoadResult, loadConfig } from "../../config/load.ts";
import { variableOf } from "../../config/options/table.ts";
import { type ControlAnswer, ControlError, DEFAULT_SOCKET, sendCommand } from "../../ops/control.ts";
import type { Arguments, CommandIo } from "../command.ts";
import { problemsText } from "../load-or-report.ts";
import { jsonText } from "../table.ts";

/**
 * `slotd reload`: has the running slotd read its configuration again, and prints what it says.
 * Ends with 1 when it refused the configuration, or when no slotd answers.
 */
export async function run(args: Arguments, io: CommandIo): Promise<number> {
  const { isDone, text } = await reload(args, io);
  if (args.has("json")) io.stdout(jsonText({ reloaded: isDone, text }));
  else if (isDone) io.stdout(`${text}\n`);
  else io.stderr(`${text}\n`);
  return isDone ? 0 : 1;
}

async function reload(args: Arguments, io: CommandIo): Promise<ControlAnswer> {
  const named = args.text("socket") ?? io.env[variableOf("ops.socket")];
  if (named !== undefined) {
    return ask(resolve(io.cwd, named), (reason) => failed(`${reason}.\n${otherWays}`));
  }
  const loaded = loadConfig({ file: args.text("config"), env: io.env, cwd: io.cwd });
  const socket = socketOf(loaded);
  // Another slotd may listen at the default socket: it must not be asked in the place of the one that is meant.
  if (socket === undefined)
    return failed(`${problemsOf(loaded)}\nslotd: the command asked no slotd to reload it.`);
  return ask(socket, (reason) =>
    failed(loaded.ok ? `${reason}.\n${advice(socket)}` : `${problemsOf(loaded)}\nslotd: ${reason}.`),
  );
}

/** Where the running slotd listens, as a configuration with problems says it too; undefined where nobody can tell. */
function socketOf(loaded: LoadResult): string | undefined {
  if (loaded.ok) return loaded.config.ops.socket ?? DEFAULT_SOCKET;
  return loaded.known && (loaded.known.socket ?? DEFAULT_SOCKET);
}

function problemsOf(loaded: LoadResult): string {
  return loaded.ok ? "" : problemsText(loaded.problems);
}

async function ask(socket: string, unreached: (reason: string) => ControlAnswer): Promise<ControlAnswer> {
  try {
    return await sendCommand(socket, "reload");
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    return unreached(error.message);
  }
}

function failed(text: string): ControlAnswer {
  return { isDone: false, text: text.startsWith("no response") ? `slotd: ${text}` : text };
}

const otherWays =
  'A running slotd also reloads on SIGHUP: "systemctl kill --signal=HUP slotd", or "kill -HUP" with its process id.';

function advice(socket: string): string {
  const folder = dirname(socket);
  const why =
    socket === DEFAULT_SOCKET && !existsSync(folder)
      ? `There is no ${folder}, which the systemd unit creates; without it slotd has no control socket unless ops.socket names one.`
      : "Check that slotd runs. If it was started with another ops.socket, name that one with --socket PATH.";
  return `${why}\n${otherWays}`;
}
