import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const name = "converse.js";
const version = "14.0.0";
const sha512 = "LFUg030jDalV47vI/vyVPqYPZfJYXFbubq8v0cFDe2zXNeeGEk3Up0Fj/WTzT6t+6do+cAIToy73eAj7RNDj2Q==";
const cache = join(import.meta.dirname, "../../../node_modules/.cache");
const run = promisify(execFile);

/**
 * The folder of Converse.js as it is published, fetched by npm the first time. It is no dependency in package.json,
 * because it names packages inside itself in a way that npm 9, which Debian has, cannot install from a lock file.
 *
 * @throws {Error} when npm cannot fetch it, or what comes is not what was published.
 */
export async function conversePackage(): Promise<string> {
  const folder = join(cache, `${name}-${version}`);
  if (existsSync(folder)) return folder;
  mkdirSync(cache, { recursive: true });
  const fresh = mkdtempSync(join(cache, "converse-"));
  try {
    await run("npm", ["pack", `${name}@${version}`, "--pack-destination", fresh], { cwd: fresh });
    const [file = ""] = readdirSync(fresh);
    const archive = join(fresh, file);
    const digest = createHash("sha512").update(readFileSync(archive)).digest("base64");
    if (digest !== sha512) throw new Error(`${name}@${version} is not what it was: its SHA-512 is ${digest}`);
    await run("tar", ["-xzf", archive, "-C", fresh]);
    // Two suites may fetch it at once: whoever comes second has the same.
    if (!existsSync(folder)) renameSync(join(fresh, "package"), folder);
    return folder;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}
