import { type Arguments, UsageError } from "../command.ts";

/** Options of no use with `--verify`, and those of use only with it. */
const importing = [
  "domain",
  "url",
  "expires-after",
  "accounts",
  "database",
  "component",
  "min-age",
  "max-rate",
  "list",
  "compare",
  "dry-run",
] as const;
const verifying = ["to"] as const;

/** @throws {UsageError} for options that say nothing together. */
export function refuseOptions(args: Arguments): void {
  const isVerifying = args.has("verify");
  if (isVerifying && args.operands.length > 0) throw new UsageError("--verify takes no KIND and no PATH");
  const idle = (isVerifying ? importing : verifying).find((name) => args.has(name));
  if (idle === undefined) return;
  throw new UsageError(`--${idle} is of use only ${isVerifying ? "without" : "with"} --verify`);
}
