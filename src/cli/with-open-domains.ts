import type { OpenDomains } from "../admin/open-domains.ts";
import { openForCommand } from "../app/open-for-command.ts";
import { createLog } from "../ops/log.ts";
import type { Arguments, CommandIo } from "./command.ts";
import { loadOrReport } from "./load-or-report.ts";
import { servedDomain } from "./served-domain.ts";

/**
 * Loads the configuration, opens its ledgers and stores, and closes them when the work is done.
 *
 * @throws {UsageError} for a `--domain` that is not served.
 * @param needsLedger whether the command is of no use without any; it is refused then.
 */
export async function withOpenDomains(
  args: Arguments,
  io: CommandIo,
  needsLedger: boolean,
  work: (openDomains: OpenDomains) => Promise<number>,
): Promise<number> {
  const config = loadOrReport(args, io);
  if (config === undefined) return 1;
  servedDomain(args, config);
  const { logger } = createLog({ level: "warn", format: io.isTerminal ? "text" : "json" }, io.stderr);
  const openDomains = await openForCommand(config, logger);
  try {
    if (needsLedger && openDomains.ledgers.length === 0) {
      io.stderr('slotd: ledger.url is "none": nothing is written down about who has which file.\n');
      return 1;
    }
    return await work(openDomains);
  } finally {
    await openDomains.close();
  }
}
