import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash, randomBytes } from "node:crypto";
import { s3Client } from "../../src/store/s3/s3-client.ts";
import { freePorts } from "../peers/ports.ts";
import { waitUntil } from "../peers/process.ts";
import { type Rgw, startRgw } from "../peers/servers/rgw.ts";
import { signedFetch, signedFetchOk } from "../peers/servers/s3-store.ts";
import { startSlotd } from "../peers/slotd.ts";
import { check, s3Config } from "./check.ts";
import { presignedSlot } from "./presigned-slot.ts";

const backup = Buffer.alloc(200_000, "secret ");

let rgw: Rgw;
let closedPort: number;
beforeAll(async () => {
  [closedPort = 0] = await freePorts(1);
  rgw = await startRgw();
  await signedFetchOk(rgw, { method: "PUT", path: "/backups" });
  await signedFetchOk(rgw, { method: "PUT", path: "/backups/db.sql", body: backup });
}, 60_000);
afterAll(() => rgw.stop());

const put = (bucket: string, query: string, body: string) =>
  signedFetchOk(rgw, { method: "PUT", path: `/${bucket}`, query: { [query]: "" }, body });
const policyText = async (bucket: string) =>
  (await signedFetch(rgw, { method: "GET", path: `/${bucket}`, query: { policy: "" } })).text();
const policyOf = async (
  bucket: string,
): Promise<{ readonly Statement: readonly Record<string, unknown>[] }> =>
  JSON.parse(await policyText(bucket));
const keysIn = async (bucket: string) =>
  (await signedFetchOk(rgw, { method: "GET", path: `/${bucket}`, query: { "list-type": "2" } })).text();

async function configFor(bucket: string, more = ""): Promise<string> {
  await signedFetchOk(rgw, { method: "PUT", path: `/${bucket}` });
  const [listen = 0] = await freePorts(1);
  const config = s3Config(
    rgw,
    { port: closedPort, secret: "s" },
    { bucketUrl: `${rgw.endpoint}/${bucket}`, more },
  );
  return `${config}\n[http]\nlisten = "127.0.0.1:${listen}"\n`;
}

/** PUTs one byte to a slot of one byte, with these headers beside. Gives the status, and what is in the slot then. */
async function putByte(bucket: string, headers: Record<string, string> = {}) {
  const slot = presignedSlot(rgw, { size: 1, bucketUrl: `${rgw.endpoint}/${bucket}` });
  const { status } = await fetch(slot.putUrl, {
    method: "PUT",
    headers: { ...slot.headers, ...headers },
    body: "x",
  });
  const stored = await signedFetch(rgw, { method: "GET", path: `/${bucket}/${slot.key}` });
  const body = Buffer.from(await stored.arrayBuffer());
  return { status, stored: stored.ok ? body : undefined };
}

const copySource = { "x-amz-copy-source": "/backups/db.sql" };
const find = (findings: Awaited<ReturnType<typeof check>>["findings"], name = "copy-source") =>
  findings.find((finding) => finding.check === name);

describe.each([
  ["public", ""],
  ["private", 'access = "private"'],
])("a copy into the slot of a %s bucket", (access, more) => {
  test("is found, denied by --fix, and nothing else is", async () => {
    const bucket = `copies-${access}`;
    const config = await configFor(bucket, more);
    expect((await putByte(bucket, copySource)).stored?.equals(backup)).toBe(true);
    const before = find((await check(config)).findings);
    expect(before).toMatchObject({ level: "wrong" });
    expect(before?.text).toContain("any object that slotd's key can read");
    expect(before?.paste?.[0]?.text).toContain('"s3:x-amz-copy-source": "*"');
    expect(await policyText(bucket)).toContain("NoSuchBucketPolicy");

    const { findings, stderr } = await check(config, ["--fix"]);
    expect(find(findings)).toMatchObject({ level: "ok", fixed: true });
    expect(stderr).toContain(`--fix sets a policy that denies copies on the bucket ${bucket}:`);
    expect(findings.filter(({ level, scope }) => level !== "ok" && !scope.startsWith("XMPP: "))).toEqual([]);
    for (const headers of [copySource, { ...copySource, "x-amz-metadata-directive": "REPLACE" }]) {
      expect(await putByte(bucket, headers)).toEqual({ status: 403, stored: undefined });
    }
    expect(await putByte(bucket)).toEqual({ status: 200, stored: Buffer.from("x") });
    expect(find((await check(config)).findings)?.text).toBe(
      "The store refuses a PUT with an added x-amz-copy-source (403 AccessDenied).",
    );
  });
});

test("the size of a file is known though a client has encrypted it with a key of its own", async () => {
  const key = randomBytes(32);
  const algorithm = "x-amz-server-side-encryption-customer";
  const own = {
    [`${algorithm}-algorithm`]: "AES256",
    [`${algorithm}-key`]: key.toString("base64"),
    [`${algorithm}-key-md5`]: createHash("md5").update(key).digest("base64"),
  };
  const slot = presignedSlot(rgw, { size: 5 });
  const headers = { ...slot.headers, ...own };
  expect((await fetch(slot.putUrl, { method: "PUT", headers, body: "hello" })).status).toBe(200);
  const { bucketUrl, region } = rgw;
  const client = s3Client({ bucketUrl, region, credentials: () => rgw, now: () => new Date() });
  const head = await client.send({ method: "HEAD", key: slot.key });
  expect(head.status).toBe(400);
  expect(await client.headObject(slot.key)).toEqual({ size: 5 });
  const copy = presignedSlot(rgw, { size: 1 });
  const copying = { ...copy.headers, ...own, ...copySource };
  expect((await fetch(copy.putUrl, { method: "PUT", headers: copying, body: "x" })).status).toBe(200);
  expect(await client.headObject(copy.key)).toEqual({ size: backup.length });
});

test("--fix keeps every statement of a policy, also one of another slotd of the bucket", async () => {
  const bucket = "shared-policy";
  await configFor(bucket);
  const mine = {
    ...{ Sid: "Mine", Effect: "Allow", Principal: "*", Action: "s3:GetObject" },
    ...{ Resource: `arn:aws:s3:::${bucket}/mine/*` },
  };
  await put(bucket, "policy", JSON.stringify({ Version: "2012-10-17", Id: "of mine", Statement: [mine] }));
  for (const prefix of ["one", "two", "two"]) {
    const bucketUrl = `${rgw.endpoint}/${bucket}/${prefix}`;
    const config = s3Config(rgw, { port: closedPort, secret: "s" }, { bucketUrl });
    expect(find((await check(config, ["--fix"])).findings)?.level).toBe("ok");
  }
  const { Statement, ...rest } = await policyOf(bucket);
  expect(rest).toMatchObject({ Id: "of mine" });
  expect(Statement.map(({ Sid }) => Sid)).toEqual([
    ...["Mine", "SlotdNoCopies", "SlotdPublicRead", "SlotdNoCopies2", "SlotdPublicRead2"],
  ]);
  expect(Statement[0]).toMatchObject(mine);
});

test("uploads through slotd are not concerned, and work with the policy", async () => {
  const bucket = "proxied";
  const config = await configFor(bucket, 'upload = "proxy"\naccess = "private"\n');
  const open = (await check(config)).findings;
  expect(find(open)).toMatchObject({ level: "ok" });
  expect(find(open)?.text).toContain("Clients PUT to slotd");
  await check(config.replace('upload = "proxy"', 'upload = "direct"'), ["--fix"]);
  expect((await policyOf(bucket)).Statement).toHaveLength(1);
  const { findings } = await check(config);
  expect(findings.filter(({ level }) => level === "wrong").map((finding) => finding.check)).toEqual([
    "handshake",
  ]);
  expect(find(findings, "public-url")?.level).toBe("ok");
});

describe("slotd serve", () => {
  const served = async (config: string) => {
    const slotd = await startSlotd({ config: `${config}\n[log]\nlevel = "debug"\n`, components: 0 });
    try {
      await waitUntil("the background check", () =>
        slotd.process.log().includes("The background check is done"),
      );
      return slotd.process.log().split("\n");
    } finally {
      await slotd.stop();
    }
  };

  test("warns once where copies are taken, and leaves nothing in the bucket", async () => {
    const bucket = "served";
    const config = await configFor(bucket, 'access = "private"');
    const warnings = (await served(config)).filter((line) => line.includes('"copy-source"'));
    expect(warnings).toHaveLength(1);
    expect(JSON.parse(warnings[0] ?? "")).toMatchObject({ level: "warn", check: "copy-source" });
    expect(warnings[0]).toContain("slotd check --fix");
    expect(await keysIn(bucket)).toContain("<KeyCount>0</KeyCount>");

    await check(config, ["--fix"]);
    expect((await served(config)).filter((line) => line.includes('"copy-source"'))).toEqual([]);
    expect(await keysIn(bucket)).toContain("<KeyCount>0</KeyCount>");
  });

  test("says what it could not remove where nothing may be deleted", async () => {
    const bucket = "append-only";
    const config = await configFor(bucket, 'access = "private"');
    const deny = {
      ...{ Sid: "Keep", Effect: "Deny", Principal: "*", Action: "s3:DeleteObject" },
      ...{ Resource: `arn:aws:s3:::${bucket}/*` },
    };
    await put(bucket, "policy", JSON.stringify({ Version: "2012-10-17", Statement: [deny] }));
    const lines = await served(config);
    expect(lines.find((line) => line.includes("could not remove"))).toContain('"files":2');
    expect(lines.filter((line) => line.includes('"copy-source"'))).toHaveLength(1);
  });

  test("does not look where uploads come through slotd", async () => {
    const lines = await served(await configFor("served-proxy", 'upload = "proxy"'));
    expect(lines.filter((line) => line.includes('"copy-source"'))).toEqual([]);
  });
});
