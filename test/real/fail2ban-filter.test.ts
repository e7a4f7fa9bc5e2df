import { afterAll, beforeAll, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { watchHttp } from "../../src/ops/events.ts";
import { createLog } from "../../src/ops/log.ts";
import { Metrics } from "../../src/ops/metrics.ts";
import { makeFolder, removeFolder } from "../peers/process.ts";
import { type Fixture, startFixture, targetOf } from "../unit/http/http-fixture.ts";

const filter = join(import.meta.dirname, "../../deploy/fail2ban/filter.d/slotd.conf");
const lines: string[] = [];
let folder: string;
let fixture: Fixture;

beforeAll(async () => {
  folder = makeFolder("fail2ban");
  const { logger: log } = createLog({ level: "debug", format: "json" }, (line) => lines.push(line));
  const reference = () => randomBytes(4).toString("hex");
  fixture = await startFixture({
    server: {
      proxies: { has: () => true },
      onEvent: watchHttp({ log, metrics: new Metrics(), monotonic: () => performance.now(), reference }),
    },
  });
});
afterAll(async () => {
  await fixture.stop();
  removeFolder(folder);
});

/** The lines that fail2ban counts, by its own tool. */
function counted(log: readonly string[]): string[] {
  const file = join(folder, "slotd.log");
  writeFileSync(file, log.join(""));
  const words = ["--out", "<ip>", file, filter];
  const { status, stdout, stderr } = spawnSync("fail2ban-regex", words, { encoding: "utf8" });
  expect([status, stderr]).toEqual([0, ""]);
  return stdout.split("\n").filter((line) => line !== "");
}

/** A request, and the lines that slotd writes about it. */
async function logged(head: string, address: string, body?: string): Promise<string[]> {
  const before = lines.length;
  await fixture.send(`${head}\nX-Forwarded-For: ${address}`, body);
  return lines.slice(before);
}

test("fail2ban counts forged PUT URLs, other methods and probes, with the address that they come from", async () => {
  const forged = targetOf(fixture.slot().putUrl).replace(/.$/, (digit) => (digit === "0" ? "1" : "0"));
  const log = [
    ...(await logged(`PUT ${forged} HTTP/1.1\nContent-Length: 5`, "203.0.113.1", "hello")),
    ...(await logged("DELETE /x HTTP/1.1", "203.0.113.2")),
    ...(await logged("GET /wp-login.php HTTP/1.1", "2001:db8::3")),
  ];
  expect(log).toHaveLength(3);
  expect(counted(log)).toEqual(["203.0.113.1", "203.0.113.2", "2001:db8::3"]);
  // As journald and syslog hand them on.
  const prefixed = log.map((line) => `Nov 25 10:06:55 host slotd[123]: ${line}`);
  expect(counted(prefixed)).toHaveLength(3);
});

test("it counts no client: an upload, a download, a file that is gone, an upload that is too late", async () => {
  const { putUrl, getUrl } = fixture.slot();
  const gone = fixture.slot().getUrl;
  const put = `PUT ${targetOf(putUrl)} HTTP/1.1\nContent-Length: 5`;
  const log = [
    ...(await logged(put, "203.0.113.1", "hello")),
    ...(await logged(put, "203.0.113.1", "hello")),
    ...(await logged(`GET ${targetOf(getUrl)} HTTP/1.1`, "203.0.113.1")),
    ...(await logged(`GET ${targetOf(gone)} HTTP/1.1`, "203.0.113.1")),
  ];
  expect(log).toHaveLength(4);
  expect(counted(log)).toEqual([]);
});

test("nobody can have another one's address counted", async () => {
  const evil = '","client":"198.51.100.9","ref":"';
  const log = [
    ...(await logged(`GET /${encodeURIComponent(evil)} HTTP/1.1\nUser-Agent: ${evil}`, "203.0.113.1")),
    ...(await logged("DELETE /x HTTP/1.1", '198.51.100.9","x":"y')),
  ];
  expect(counted(log)).not.toContain("198.51.100.9");
});
