/**
 * npm run measure:large-file [-- GIB [disk|proxy]]: uploads and downloads one file (4 GiB when no number is given)
 * through a real slotd, and says how much memory slotd took at most. Fails at 150 MiB or when a byte differs.
 * "disk": slotd keeps it. "proxy": slotd streams it to a private bucket of OpenStack Swift, and redirects to it.
 */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { getLarge, putLarge } from "../test/peers/large-file.ts";
import { freePorts, isPortOpen } from "../test/peers/ports.ts";
import { waitUntil } from "../test/peers/process.ts";
import { startSwift } from "../test/peers/servers/swift.ts";
import { startSlotd, withoutXmpp } from "../test/peers/slotd.ts";

const MIB = 1024 * 1024;
const LIMIT = 150 * MIB;
const size = Number(process.argv[2] ?? 4) * 1024 * MIB;
const isProxied = process.argv[3] === "proxy";

async function timed<Result>(what: string, work: () => Promise<Result>): Promise<Result> {
  const started = performance.now();
  const result = await work();
  const seconds = (performance.now() - started) / 1000;
  console.log(`${what}: ${seconds.toFixed(1)} s, ${(size / MIB / seconds).toFixed(0)} MiB/s`);
  return result;
}

const swift = isProxied ? await startSwift() : undefined;
const place =
  swift === undefined
    ? 'backend = "disk"'
    : `[s3]
bucket_url = "${swift.bucketUrl}"
region = "${swift.region}"
access_key_id = "${swift.accessKeyId}"
secret_access_key = "${swift.secretAccessKey}"
access = "private"
upload = "proxy"`;
const [port = 0, noServer = 0] = await freePorts(2);
const slotd = await startSlotd({
  components: 0,
  config: `
domains = ["example.org"]
max_file_size = "infinity"
${place}
${withoutXmpp(noServer)}
[http]
listen = "127.0.0.1:${port}"
`,
});
try {
  await waitUntil("the HTTP server", () => isPortOpen(port));
  const bin = join(import.meta.dirname, "../bin/slotd");
  const args = ["slot", "--domain", "example.org", "--filename", "large file.bin", "--size", `${size}`];
  const config = join(slotd.folder, "slotd.toml");
  const output = execFileSync(bin, [...args, "--config", config], { encoding: "utf8" });
  const [, putUrl = "", getUrl = ""] = /^PutURL: (.*)\nGetURL: (.*)\n/.exec(output) ?? [];
  const before = slotd.process.memory().now;
  const sent = await timed("upload", () => putLarge(putUrl, size));
  const fetched = await timed("download", () => getLarge(getUrl));
  const { peak } = slotd.process.memory();
  console.log(`slotd's memory: ${Math.round(before / MIB)} MiB idle, ${Math.round(peak / MIB)} MiB at most`);
  if (sent.status !== 201) throw new Error(`the upload was answered with ${sent.status}`);
  if (fetched.length !== size || fetched.digest !== sent.digest)
    throw new Error("what came back is not what was sent");
  if (peak >= LIMIT) throw new Error(`that is over ${LIMIT / MIB} MiB`);
} finally {
  await slotd.stop();
  await swift?.stop();
}
process.exit();
