import { execFileSync } from "node:child_process";
import { join } from "node:path";

/**
 * Compiles slotd with the Bun that runs this, into one file for this platform. Not minified, so that the traces in
 * a log can be read; it looks for no bunfig.toml and no .env beside it.
 *
 * @throws {Error} with the compiler's output.
 */
export function build(outfile: string): void {
  const root = join(import.meta.dirname, "..");
  const flags = ["--compile", "--no-compile-autoload-dotenv", "--no-compile-autoload-bunfig"];
  execFileSync(process.execPath, ["build", ...flags, "src/cli.ts", "--outfile", outfile], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
  });
}
