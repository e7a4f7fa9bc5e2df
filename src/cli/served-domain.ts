import type { Config, DomainConfig } from "../config/config.ts";
import { type Arguments, UsageError } from "./command.ts";

/**
 * The served domain that `--domain` names; undefined when the option was not given.
 *
 * @throws {UsageError} when the configuration does not serve it: the command ends with 2, whichever it is.
 */
export function servedDomain(
  args: Arguments,
  { domains }: Pick<Config, "domains">,
): DomainConfig | undefined {
  const asked = args.text("domain");
  if (asked === undefined) return undefined;
  const found = domains.find(({ domain }) => domain === asked.toLowerCase());
  if (found !== undefined) return found;
  const served = domains.map(({ domain }) => domain).join(", ");
  throw new UsageError(`"${asked}" is not a domain that the configuration serves; it serves ${served}`);
}
