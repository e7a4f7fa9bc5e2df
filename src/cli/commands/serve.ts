import { randomBytes } from "node:crypto";
import { components } from "../../app/parts/components.ts";
import { listeners } from "../../app/parts/listeners.ts";
import { opsServers } from "../../app/parts/ops-servers.ts";
import { type App, start } from "../../app.ts";
import { checkAnswerer } from "../../check/answer-check.ts";
import { backgroundCheck } from "../../check/background-check.ts";
import { type CheckQuestion, readCheckCommand } from "../../check/running-slotd.ts";
import type { Config } from "../../config/config.ts";
import { loadConfig } from "../../config/load.ts";
import { type ControlAnswer, type ControlServer, DEFAULT_SOCKET, startControl } from "../../ops/control.ts";
import { createLog, type Logger, type LogOptions } from "../../ops/log.ts";
import { version } from "../../version.ts";
import type { Arguments, CommandIo } from "../command.ts";
import { explain, failureFields } from "../explain.ts";
import { loadOrReport } from "../load-or-report.ts";
import { reloader } from "../reloader.ts";

/**
 * `slotd serve`: runs until SIGTERM or SIGINT; a second one ends it at once. SIGHUP and `slotd reload` have it read
 * its configuration anew.
 */
export async function run(args: Arguments, io: CommandIo): Promise<number> {
  const config = loadOrReport(args, io);
  if (config === undefined) return 1;
  const log = createLog(logOptions(config, io), io.stdout);
  // Asked for before anything starts, so that no signal is missed.
  const stopSignal = nextSignal();
  const app = await startApp(config, log.logger);
  if (app === undefined) return 1;
  const { metrics } = app;
  for (const outcome of ["done", "refused"]) metrics.count("reloads", { outcome }, 0);
  metrics.set("reloadOk", {}, 1);
  const checking = checkInBackground(config, log.logger);
  const reload = reloader({
    load: () => loadConfig({ file: args.text("config"), env: io.env, cwd: io.cwd }),
    apply: async (next) => {
      await app.reload(next);
      log.use(logOptions(next, io));
    },
    ended: (isDone) => {
      metrics.count("reloads", { outcome: isDone ? "done" : "refused" });
      metrics.set("reloadOk", {}, isDone ? 1 : 0);
    },
    log: log.logger,
  });
  const onHangup = () => void reload();
  process.on("SIGHUP", onHangup);
  const answerCheck = checkAnswererOf(app);
  const control = await openControl(config, log.logger, (command) => {
    if (command === "reload") return reload();
    const question = readCheckCommand(command);
    return question && answerCheck(question);
  });
  log.logger.info(`Received ${await stopSignal}; stopping.`);
  nextSignal().then(() => process.exit(1));
  const checked = checking.stop();
  await control?.stop();
  await app.stop();
  await checked;
  process.off("SIGHUP", onHangup);
  log.logger.info("Stopped.");
  return 0;
}

async function startApp(config: Config, log: Logger): Promise<App | undefined> {
  const domains = config.domains.map(({ domain }) => domain).join(", ");
  log.info({ version }, `slotd ${version} starts for ${domains}.`);
  try {
    const app = await start(config, log);
    for (const { server } of app.of(listeners))
      log.info({ ...server.address }, "The HTTP server is listening.");
    for (const { address } of app.of(opsServers))
      log.info({ ...address }, "The server for metrics and health checks is listening.");
    return app;
  } catch (error) {
    log.error(failureFields(error), `slotd cannot start: ${explain(error)}`);
    return undefined;
  }
}

/** How long the check may take to remove what it wrote when slotd stops; milliseconds. */
const CHECK_GRACE = 5_000;

/** Says what is wrong with the bucket or the folder; slotd serves all the same, for it may be repaired meanwhile. */
function checkInBackground(config: Config, log: Logger): { stop(): Promise<void> } {
  const checking = new AbortController();
  const done = backgroundCheck(config, {
    now: () => new Date(),
    signal: checking.signal,
    log,
    warn: ({ scope, check, finding: { text, advice = "" } }) =>
      log.warn({ scope, check }, `${text} ${advice}`),
  });
  return {
    async stop() {
      checking.abort();
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, CHECK_GRACE);
      });
      await Promise.race([done, late]).finally(() => clearTimeout(timer));
    },
  };
}

/** Answers a "slotd check" that runs beside this slotd. */
function checkAnswererOf(app: App): (question: CheckQuestion) => Promise<ControlAnswer> {
  const answer = checkAnswerer({
    components: () => app.of(components),
    addMark: (mark) => app.checks.add(mark),
    randomBytes,
    monotonic: () => performance.now(),
  });
  return async (question) => ({ isDone: true, text: JSON.stringify(await answer(question)) });
}

/** Without its control socket slotd runs all the same: SIGHUP is left. */
async function openControl(
  { ops }: Config,
  log: Logger,
  handle: Parameters<typeof startControl>[1],
): Promise<ControlServer | undefined> {
  try {
    return await startControl(ops.socket ?? DEFAULT_SOCKET, handle);
  } catch (error) {
    const level = ops.socket === undefined ? "info" : "warn";
    log[level](
      `"slotd reload" will not reach this slotd: ${explain(error)} Set ops.socket to a path that it may write, or send SIGHUP.`,
    );
    return undefined;
  }
}

function logOptions({ log }: Config, io: CommandIo): LogOptions {
  const automatic = io.isTerminal ? "text" : "json";
  return { level: log.level, format: log.format === "auto" ? automatic : log.format };
}

function nextSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, resolve);
  });
}
