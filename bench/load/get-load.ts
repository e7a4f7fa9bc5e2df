import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * GETs one URL over `connections` kept-alive connections with wrk, and gives the requests a second.
 *
 * @throws {Error} when an answer is not 200, or a connection fails.
 */
export async function getLoad(url: string, connections: number, seconds: number): Promise<number> {
  const options = ["-t1", `-c${connections}`, `-d${seconds}s`, "--timeout", "10s", url];
  const { stdout } = await run("wrk", options, { maxBuffer: 1 << 20 });
  const bad = /Non-2xx.*|Socket errors: (?!connect 0, read 0, write 0, timeout 0).*/.exec(stdout)?.[0];
  if (bad !== undefined) throw new Error(`wrk on ${new URL(url).pathname}: ${bad}`);
  const rate = Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]);
  if (!(rate > 0)) throw new Error(`wrk has measured nothing:\n${stdout}`);
  return rate;
}
