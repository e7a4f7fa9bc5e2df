import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { commands } from "../../src/cli/commands.ts";
import { bashCompletion } from "../../src/cli/completion/bash.ts";
import { fishCompletion } from "../../src/cli/completion/fish.ts";
import { zshCompletion } from "../../src/cli/completion/zsh.ts";
import { manualOfSlotd } from "./manual-slotd.ts";
import { manualOfToml } from "./manual-toml.ts";

const root = join(import.meta.dirname, "../..");

/** Manual pages and completions, by their paths below a folder `share`. @param date as 2026-11-25. */
export function manuals(date: string): Readonly<Record<string, string>> {
  return {
    "man/man1/slotd.1": manualOfSlotd(date),
    "man/man5/slotd.toml.5": manualOfToml(date),
    "bash-completion/completions/slotd": bashCompletion(commands),
    "zsh/vendor-completions/_slotd": zshCompletion(commands),
    "fish/vendor_completions.d/slotd.fish": fishCompletion(commands),
  };
}

/** Writes them below a folder. @returns their paths. */
export function writeManuals(folder: string): string[] {
  return Object.entries(manuals(sourceDate().toISOString().slice(0, 10))).map(([name, text]) => {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return file;
  });
}

/**
 * What a build is dated by, so that the same source gives the same files: SOURCE_DATE_EPOCH, else the last commit, else
 * now. Source: https://reproducible-builds.org/specs/source-date-epoch/
 */
export function sourceDate(): Date {
  const given = process.env.SOURCE_DATE_EPOCH;
  if (given !== undefined && /^\d+$/.test(given)) return new Date(Number(given) * 1000);
  try {
    const committed = execFileSync("git", ["log", "-1", "--format=%ct"], { cwd: root, stdio: "pipe" });
    return new Date(Number(committed.toString()) * 1000);
  } catch {
    return new Date();
  }
}
