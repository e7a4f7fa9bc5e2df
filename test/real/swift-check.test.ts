import { afterAll, beforeAll, expect, test } from "bun:test";
import { putChunked } from "../../src/check/s3/chunked-put.ts";
import { freePorts } from "../peers/ports.ts";
import { waitUntil } from "../peers/process.ts";
import type { S3Store } from "../peers/servers/s3-store.ts";
import { startSwift } from "../peers/servers/swift.ts";
import { startSlotd } from "../peers/slotd.ts";
import { check, s3Config } from "./check.ts";
import { presignedSlot } from "./presigned-slot.ts";

let swift: S3Store;
let closedPort: number;
beforeAll(async () => {
  [closedPort = 0] = await freePorts(1);
  swift = await startSwift();
}, 60_000);
afterAll(() => swift.stop());

const config = (more = 'access = "private"\n') =>
  `${s3Config(swift, { port: closedPort, secret: "s" }, { more })}`;

test("a chunked body is stored past the length that is signed, and the check says so", async () => {
  const slot = presignedSlot(swift, { size: 5 });
  const headers = { ...slot.headers, "Content-Length": "5" };
  const { signal } = new AbortController();
  expect((await putChunked(slot.putUrl, headers, Buffer.alloc(5000, "y"), signal)).status).toBe(200);
  expect((await swift.fetchObject(slot.key)).body.length).toBe(5000);
  const { findings } = await check(config());
  const finding = findings.find((each) => each.check === "chunked-length");
  expect(finding).toMatchObject({ level: "wrong" });
  expect(finding?.text).toMatch(/keeps all of it: (\d+) bytes for a slot of \d+/);
  expect(finding?.advice).toContain('s3.upload = "proxy"');
  expect(findings.find((each) => each.check === "copy-source")).toMatchObject({
    level: "ok",
    text: "The store refuses a PUT with an added x-amz-copy-source (403 AccessDenied).",
  });
  expect(await swift.listKeys()).toEqual([slot.key]);
}, 60_000);

test("serve warns of it, and not where uploads come through slotd; nothing is left in the bucket", async () => {
  const before = await swift.listKeys();
  const [listen = 0] = await freePorts(1);
  for (const [upload, warnings] of [
    ["direct", 1],
    ["proxy", 0],
  ] as const) {
    const text = `${config(`access = "private"\nupload = "${upload}"\n`)}[http]\nlisten = "127.0.0.1:${listen}"\n[log]\nlevel = "debug"\n`;
    const slotd = await startSlotd({ config: text, components: 0 });
    try {
      await waitUntil("the background check", () => slotd.process.log().includes("background check is done"));
      const lines = slotd.process.log().split("\n");
      expect(lines.filter((line) => line.includes('"chunked-length"'))).toHaveLength(warnings);
      expect(lines.filter((line) => line.includes('"copy-source"'))).toEqual([]);
    } finally {
      await slotd.stop();
    }
  }
  expect(await swift.listKeys()).toEqual(before);
}, 60_000);
