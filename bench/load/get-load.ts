import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * GETs one URL over `connections` kept-alive connections with wrk, and gives the requests a second.
 *
 * @throws {Error} when an answer is not 200, or a connection fails.
 */
export function getLoad(url: string, connections: number, seconds: number): Promise<number> {
  return wrk([`-c${connections}`, `-d${seconds}s`, url]);
}

/** GETs the paths of a file, one a line, over and over, as getLoad() does one URL. */
export function getManyLoad(
  origin: string,
  pathsFile: string,
  connections: number,
  seconds: number,
): Promise<number> {
  const script = join(import.meta.dirname, "get-many.lua");
  return wrk([`-c${connections}`, `-d${seconds}s`, "-s", script, origin, "--", pathsFile]);
}

async function wrk(words: readonly string[]): Promise<number> {
  const { stdout } = await run("wrk", ["-t1", "--timeout", "10s", ...words], { maxBuffer: 1 << 20 });
  const bad = /Non-2xx.*|Socket errors: (?!connect 0, read 0, write 0, timeout 0).*/.exec(stdout)?.[0];
  if (bad !== undefined) throw new Error(`wrk: ${bad}`);
  const rate = Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]);
  if (!(rate > 0)) throw new Error(`wrk has measured nothing:\n${stdout}`);
  return rate;
}
