import { start } from "../app.ts";
import type { LogOptions } from "../ops/log.ts";
import { createLog } from "../ops/log.ts";
import { version } from "../version.ts";
import type { Arguments, CommandIo } from "./command.ts";
import { loadOrReport } from "./load-or-report.ts";

/** `slotd serve`: runs until SIGTERM or SIGINT; a second signal ends it at once. */
export async function run(args: Arguments, io: CommandIo): Promise<number> {
  const config = loadOrReport(args, io);
  if (config === undefined) return 1;
  const { level, format } = config.log;
  const text: LogOptions["format"] = io.isTerminal ? "text" : "json";
  const log = createLog({ level, format: format === "auto" ? text : format }, io.stdout);
  // Asked for before anything starts, so that no signal is missed.
  const stopSignal = nextSignal();
  log.info(
    { version },
    `slotd ${version} starts for ${config.domains.map(({ domain }) => domain).join(", ")}.`,
  );
  let app: Awaited<ReturnType<typeof start>>;
  try {
    app = await start(config, log);
  } catch (error) {
    log.error({ err: error }, `slotd cannot start: ${explain(error)}`);
    return 1;
  }
  for (const { host, port } of app.httpAddresses) log.info({ host, port }, "The HTTP server listens.");
  log.info(`Got ${await stopSignal}; stopping.`);
  nextSignal().then(() => process.exit(1));
  await app.stop();
  log.info("Stopped.");
  return 0;
}

function nextSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, resolve);
  });
}

/** What a failure of the system at the start means, and what to do. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case "EADDRINUSE":
      return `${message}. Another program listens there (another slotd?): stop it, or change http.listen.`;
    case "EACCES":
    case "EPERM":
      return `${message}. Give the user that runs slotd the right to it, or change disk.path or http.listen.`;
    case "EADDRNOTAVAIL":
      return `${message}. This machine does not have that address: correct http.listen.`;
    default:
      return message;
  }
}
