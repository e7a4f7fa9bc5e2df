import { afterAll, beforeAll, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { getLarge, putLarge } from "../peers/large-file.ts";
import { freePorts, isPortOpen } from "../peers/ports.ts";
import { waitUntil } from "../peers/process.ts";
import type { S3Store } from "../peers/servers/s3-store.ts";
import { startSwift } from "../peers/servers/swift.ts";
import { type Slotd, startSlotd, withoutXmpp } from "../peers/slotd.ts";

const MIB = 1024 * 1024;
const size = 600 * MIB;

let swift: S3Store;
let slotd: Slotd;
beforeAll(async () => {
  const [port = 0, noServer = 0] = await freePorts(2);
  swift = await startSwift();
  const config = `
domains = ["example.test"]
max_file_size = "infinity"
${withoutXmpp(noServer)}
[http]
listen = "127.0.0.1:${port}"
[s3]
bucket_url = "${swift.bucketUrl}"
region = "${swift.region}"
access_key_id = "${swift.accessKeyId}"
secret_access_key = "${swift.secretAccessKey}"
access = "private"
upload = "proxy"
`;
  slotd = await startSlotd({ config, components: 0 });
  await waitUntil("the HTTP server", () => isPortOpen(port));
}, 60_000);
afterAll(async () => {
  await slotd?.stop();
  await swift?.stop();
});

function slot(): { putUrl: string; getUrl: string } {
  const bin = join(import.meta.dirname, "../../bin/slotd");
  const args = ["slot", "--domain", "example.test", "--filename", "large file.bin", "--size", `${size}`];
  const output = execFileSync(bin, [...args, "--config", join(slotd.folder, "slotd.toml")], {
    encoding: "utf8",
  });
  const [, putUrl = "", getUrl = ""] = /^PutURL: (.*)\nGetURL: (.*)\n/.exec(output) ?? [];
  return { putUrl, getUrl };
}

test("600 MiB go through slotd to a bucket, and slotd's memory stays where it is", async () => {
  const { putUrl, getUrl } = slot();
  const sent = await putLarge(putUrl, size);
  expect(sent.status).toBe(201);
  expect(slotd.process.memory().peak).toBeLessThan(200 * MIB);
  expect(await getLarge(getUrl)).toEqual({ length: size, digest: sent.digest });
}, 60_000);

test("a key is rotated while it runs: a slot of the former key still works, and new ones have the new key", async () => {
  const before = slot();
  const bin = join(import.meta.dirname, "../../bin/slotd");
  execFileSync(bin, ["rotate-key", "--config", join(slotd.folder, "slotd.toml")]);
  await waitUntil("slotd to read it", () => slotd.process.log().includes("The new signing keys are active."));
  const after = slot();
  const keyOf = (url: string) => new URL(url).searchParams.get("X-Amz-Credential");
  expect(keyOf(after.putUrl)).not.toBe(keyOf(before.putUrl));
  for (const { putUrl } of [before, after]) {
    const response = await fetch(putUrl, { method: "PUT", body: "too short" });
    // Not 403: the signature counts, and the length is looked at after it.
    expect([response.status, await response.text()]).toEqual([400, expect.stringContaining(`${size} bytes`)]);
  }
});
