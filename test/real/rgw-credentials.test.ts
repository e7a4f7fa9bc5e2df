import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { renameSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import type { Bucket } from "../../src/store/bucket.ts";
import type { CredentialSource, OpenCredentials } from "../../src/store/credentials.ts";
import { fixedCredentials } from "../../src/store/credentials.ts";
import { openAwsCredentials } from "../../src/store/keys/aws-credentials.ts";
import { openCredentialsFile } from "../../src/store/keys/file-credentials.ts";
import { s3Bucket } from "../../src/store/s3/s3-bucket.ts";
import { s3Signer } from "../../src/store/s3/s3-signer.ts";
import { put } from "../contract/bucket.ts";
import { freePorts } from "../peers/ports.ts";
import { makeFolder, removeFolder, sleep, waitUntil } from "../peers/process.ts";
import { type Rgw, startRgw } from "../peers/servers/rgw.ts";
import { assumeRole, type SessionCredentials } from "../peers/servers/sts.ts";

let rgw: Rgw;
let folder: string;
const open: OpenCredentials[] = [];

beforeAll(async () => {
  rgw = await startRgw({ sts: true });
  folder = makeFolder("credentials");
}, 60_000);
afterAll(async () => {
  removeFolder(folder);
  await rgw?.stop();
});
afterEach(() => {
  for (const source of open.splice(0)) source.stop();
});

const body = new Uint8Array(Buffer.from("hello"));
const object = () => ({
  token: randomBytes(16).toString("hex"),
  filename: "a b.txt",
  size: 5,
  contentType: "text/plain",
});
const noProblem = (error: unknown) => {
  throw error;
};

function bucketWith(credentials: CredentialSource): Bucket {
  const { bucketUrl, region } = rgw;
  return s3Bucket({ bucketUrl, region, credentials, addAcl: false });
}

async function fileWith(
  name: string,
  credentials: object,
): Promise<{ path: string; source: OpenCredentials }> {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(credentials));
  const source = await openCredentialsFile(path, { onProblem: noProblem, interval: 20 });
  open.push(source);
  return { path, source };
}

/** Until when a presigned URL is valid, in milliseconds since 1970. */
function endOf(url: string): number {
  const query = new URL(url).searchParams;
  const date = (query.get("X-Amz-Date") ?? "").replace(
    /^(....)(..)(..)T(..)(..)(..)Z$/,
    "$1-$2-$3T$4:$5:$6Z",
  );
  return Date.parse(date) + Number(query.get("X-Amz-Expires")) * 1000;
}

/** Puts once with a slot of 60 s. */
async function upload(bucket: Bucket): Promise<{ status: number; putUrl: string }> {
  const { putUrl } = bucket.slot(object(), 60, new Date());
  return { status: (await put(putUrl, body, "text/plain")).status, putUrl };
}

describe("session tokens of RGW's STS", () => {
  test("sign slots and redirects that work", async () => {
    const { source } = await fileWith("session.json", { Credentials: await assumeRole(rgw) });
    const bucket = bucketWith(source);
    const one = object();
    const { putUrl } = bucket.slot(one, 60, new Date());
    expect(new URL(putUrl).searchParams.get("X-Amz-Security-Token")).not.toBeNull();
    expect((await put(putUrl, body, "text/plain")).status).toBe(200);
    const { bucketUrl, region } = rgw;
    const signer = s3Signer({ bucketUrl, region, credentials: source, expiresIn: 300 });
    const as = { contentType: "text/plain; charset=utf-8", contentDisposition: "inline" };
    const url = signer.sign("GET", one, as, new Date());
    expect(await (await fetch(url ?? "")).text()).toBe("hello");
  });

  test("sign no URL that outlives them, and none once they have ended", async () => {
    const session = await assumeRole(rgw, 5);
    const end = Date.parse(session.Expiration);
    const { source } = await fileWith("short.json", session);
    const bucket = bucketWith(source);
    const { status, putUrl } = await upload(bucket);
    expect(status).toBe(200);
    expect(endOf(putUrl)).toBeLessThanOrEqual(end);
    const signer = s3Signer({
      bucketUrl: rgw.bucketUrl,
      region: rgw.region,
      credentials: source,
      expiresIn: 300,
    });
    const as = { contentType: "text/plain", contentDisposition: "inline" };
    expect(endOf(signer.sign("GET", object(), as, new Date()) ?? "")).toBeLessThanOrEqual(end);
    expect(bucket.unavailable?.(new Date())).toBeUndefined();
    await sleep(Math.max(0, end - Date.now()) + 1_100);
    expect((await put(putUrl, body, "text/plain")).status).toBe(403);
    expect(bucket.unavailable?.(new Date())?.kind).toBe("unavailable");
    expect(signer.sign("GET", object(), as, new Date())).toBeUndefined();
    // The store would not have taken a longer one either: this is what slotd spares its clients.
    const {
      AccessKeyId: accessKeyId,
      SecretAccessKey: secretAccessKey,
      SessionToken: sessionToken,
    } = session;
    const naive = bucketWith(fixedCredentials({ accessKeyId, secretAccessKey, sessionToken }));
    expect((await upload(naive)).status).toBe(403);
  }, 20_000);
});

describe("while a key is rotated", () => {
  const second = {
    AccessKeyId: "SECONDKEY0000000001",
    SecretAccessKey: "secondsecret00000000000000000000002",
  };

  test("slots of both keys work, and new ones are signed with the new one as soon as its file is there", async () => {
    const first = { AccessKeyId: rgw.accessKeyId, SecretAccessKey: rgw.secretAccessKey };
    const { path, source } = await fileWith("rotated.json", first);
    const bucket = bucketWith(source);
    const before = bucket.slot(object(), 60, new Date()).putUrl;
    await rgw.addKey(second.AccessKeyId, second.SecretAccessKey);
    writeFileSync(`${path}.new`, JSON.stringify(second));
    renameSync(`${path}.new`, path);
    await waitUntil("the new key", () => source.current(new Date())?.accessKeyId === second.AccessKeyId);
    const { status, putUrl } = await upload(bucket);
    expect(status).toBe(200);
    expect(putUrl).toContain(second.AccessKeyId);
    expect((await put(before, body, "text/plain")).status).toBe(200);
    await rgw.removeKey(second.AccessKeyId);
    expect((await upload(bucket)).status).toBe(403);
  }, 20_000);
});

describe('credentials = "aws"', () => {
  const variables = ["AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_EC2_METADATA_DISABLED", "AWS_CONFIG_FILE"];
  const before = variables.map((name) => process.env[name]);
  afterEach(() => {
    for (const [index, name] of variables.entries()) {
      if (before[index] === undefined) delete process.env[name];
      else process.env[name] = before[index];
    }
  });

  test("a container's session tokens are renewed before they expire: no upload fails in between", async () => {
    let given = 0;
    const server = createServer(async (_, response) => {
      const session: SessionCredentials = await assumeRole(rgw, 4);
      given += 1;
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ ...session, Token: session.SessionToken }));
    });
    const [port = 0] = await freePorts(1);
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    process.env.AWS_CONTAINER_CREDENTIALS_FULL_URI = `http://127.0.0.1:${port}/`;
    process.env.AWS_EC2_METADATA_DISABLED = "true";
    process.env.AWS_CONFIG_FILE = join(folder, "none");
    try {
      const deps = { now: () => new Date(), onProblem: noProblem, minWait: 100 };
      const source = await openAwsCredentials(deps);
      open.push(source);
      const bucket = bucketWith(source);
      const statuses = new Set<number>();
      const end = Date.now() + 9_000;
      while (Date.now() < end) {
        statuses.add((await upload(bucket)).status);
        await sleep(200);
      }
      expect([...statuses]).toEqual([200]);
      expect(given).toBeGreaterThan(2);
    } finally {
      server.close();
    }
  }, 30_000);

  test("the environment's keys sign what slotd slot prints", async () => {
    const config = join(folder, "slotd.toml");
    writeFileSync(
      config,
      `domains = ["example.test"]
[s3]
bucket_url = "${rgw.bucketUrl}"
region = "${rgw.region}"
credentials = "aws"
[xmpp]
secret = "x"
`,
    );
    const bin = join(import.meta.dirname, "../../bin/slotd");
    const args = [
      "slot",
      "--domain",
      "example.test",
      "--filename",
      "a.txt",
      "--size",
      "5",
      "--config",
      config,
    ];
    const { AccessKeyId, SecretAccessKey, SessionToken } = await assumeRole(rgw);
    const env = {
      ...{ AWS_ACCESS_KEY_ID: AccessKeyId, AWS_SECRET_ACCESS_KEY: SecretAccessKey },
      ...{ ...process.env, AWS_SESSION_TOKEN: SessionToken },
    };
    const output = execFileSync(bin, args, { encoding: "utf8", env });
    const putUrl = /^PutURL: (.*)$/m.exec(output)?.[1] ?? "";
    expect((await put(putUrl, body)).status).toBe(200);
  });
});
