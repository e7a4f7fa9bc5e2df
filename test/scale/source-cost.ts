import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { FormerKindName } from "../../src/address/former-kinds.ts";
import type { SourceCost } from "./read-source.ts";

/** Reads a former service's folder in a process of its own, for its memory; `scratch` is for temporary files. */
export async function costOfSource(
  kind: FormerKindName,
  folder: string,
  scratch: string,
): Promise<SourceCost> {
  const script = join(import.meta.dirname, "read-source.ts");
  const { stdout } = await promisify(execFile)(process.execPath, [script, kind, folder, scratch]);
  return JSON.parse(stdout) as SourceCost;
}
