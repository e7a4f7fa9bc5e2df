/**
 * npm run measure:large-file [-- GIB]: uploads and downloads one file (4 GiB when no number is given) through a
 * real slotd on disk, and says how much memory slotd took at most. Fails at 150 MiB or when a byte differs.
 */
import { execFileSync } from "node:child_process";
import { createHash, type Hash } from "node:crypto";
import { request } from "node:http";
import { join } from "node:path";
import { freePorts, isPortOpen } from "../test/peers/ports.ts";
import { waitUntil } from "../test/peers/process.ts";
import { startSlotd } from "../test/peers/slotd.ts";

const MIB = 1024 * 1024;
const LIMIT = 150 * MIB;
const size = Number(process.argv[2] ?? 4) * 1024 * MIB;

/** Bytes that differ from place to place, at no cost worth measuring. */
const pattern = Buffer.from(Array.from({ length: MIB }, (_, index) => (index * 2_654_435_761) >>> 24));

/** Sends `size` bytes; gives their digest and the status. */
function put(url: string): Promise<{ status: number; digest: string }> {
  const hash = createHash("sha256");
  return new Promise((resolve, reject) => {
    const sending = request(url, { method: "PUT", headers: { "content-length": size } }, (response) => {
      response.resume();
      response.once("end", () => resolve({ status: response.statusCode ?? 0, digest: hash.digest("hex") }));
    });
    sending.once("error", reject);
    let left = size;
    const send = (): void => {
      while (left > 0) {
        pattern.writeUInt32BE(left / MIB, 0);
        const piece = Buffer.from(pattern.subarray(0, Math.min(MIB, left)));
        hash.update(piece);
        left -= piece.length;
        if (!sending.write(piece)) {
          sending.once("drain", send);
          return;
        }
      }
      sending.end();
    };
    send();
  });
}

async function get(url: string): Promise<{ length: number; digest: string }> {
  const response = await fetch(url);
  const hash: Hash = createHash("sha256");
  let length = 0;
  for await (const piece of response.body ?? []) {
    hash.update(piece);
    length += piece.length;
  }
  return { length, digest: hash.digest("hex") };
}

async function timed<Result>(what: string, work: () => Promise<Result>): Promise<Result> {
  const started = performance.now();
  const result = await work();
  const seconds = (performance.now() - started) / 1000;
  console.log(`${what}: ${seconds.toFixed(1)} s, ${(size / MIB / seconds).toFixed(0)} MiB/s`);
  return result;
}

const [port = 0, noServer = 0] = await freePorts(2);
const slotd = await startSlotd({
  components: 0,
  config: `
domains = ["example.org"]
backend = "disk"
max_file_size = "infinity"
[xmpp]
address = "127.0.0.1:${noServer}"
secret = "no XMPP server is needed here"
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
  const sent = await timed("upload", () => put(putUrl));
  const fetched = await timed("download", () => get(getUrl));
  const { peak } = slotd.process.memory();
  console.log(`slotd's memory: ${Math.round(before / MIB)} MiB idle, ${Math.round(peak / MIB)} MiB at most`);
  if (sent.status !== 201) throw new Error(`the upload was answered with ${sent.status}`);
  if (fetched.length !== size || fetched.digest !== sent.digest)
    throw new Error("what came back is not what was sent");
  if (peak >= LIMIT) throw new Error(`that is over ${LIMIT / MIB} MiB`);
} finally {
  await slotd.stop();
}
process.exit();
