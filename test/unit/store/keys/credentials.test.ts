import { afterEach, describe, expect, test } from "bun:test";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import {
  lifeWithin,
  type OpenCredentials,
  type TimedCredentials,
} from "../../../../src/store/credentials.ts";
import {
  CredentialsFileError,
  openCredentialParts,
  openCredentialsFile,
  parseCredentials,
} from "../../../../src/store/keys/file-credentials.ts";
import { refreshCredentials } from "../../../../src/store/keys/refreshed-credentials.ts";
import { s3Bucket } from "../../../../src/store/s3/s3-bucket.ts";
import { waitUntil } from "../../../peers/process.ts";

const folders: string[] = [];
const sources: OpenCredentials[] = [];
afterEach(async () => {
  for (const source of sources.splice(0)) source.stop();
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "slotd-credentials-"));
  folders.push(folder);
  return folder;
}

const key = { accessKeyId: "KEY", secretAccessKey: "secret" };
const now = new Date("2026-03-01T12:00:00Z");
const after = (seconds: number) => new Date(now.getTime() + seconds * 1000);

describe("a URL's life", () => {
  test.each([
    [undefined, 60],
    [3600, 60],
    [60, 60],
    [59.9, 59],
    [1, 1],
    [0.5, 0],
    [0, 0],
    [-10, 0],
  ])("with credentials that end in %p s is %p of 60 s", (left, life) => {
    const credentials = left === undefined ? key : { ...key, expiration: after(left) };
    expect(lifeWithin(credentials, now, 60)).toBe(life);
  });

  test("ends before its credentials do, whatever the clock shows", () => {
    const moments = fc.date({
      min: new Date("2000-01-01"),
      max: new Date("2100-01-01"),
      noInvalidDate: true,
    });
    const property = fc.property(moments, fc.integer({ min: 1, max: 100_000 }), (date, milliseconds) => {
      const expiration = new Date(date.getTime() + milliseconds);
      const life = lifeWithin({ ...key, expiration }, date, 604800);
      expect(Math.floor(date.getTime() / 1000) + life).toBeLessThanOrEqual(expiration.getTime() / 1000);
    });
    fc.assert(property, { interruptAfterTimeLimit: 1000, markInterruptAsFailure: false });
  });

  test("is what a slot says, and without credentials there is no slot", () => {
    let current: TimedCredentials | undefined = { ...key, sessionToken: "a+b/=", expiration: after(20) };
    const bucketUrl = "https://b.example";
    const bucket = s3Bucket({
      bucketUrl,
      region: "r",
      credentials: { current: () => current },
      addAcl: false,
    });
    const object = { token: "00ff", filename: "a.txt", size: 1, contentType: undefined };
    const query = new URL(bucket.slot(object, 60, now).putUrl).searchParams;
    expect([query.get("X-Amz-Expires"), query.get("X-Amz-Security-Token")]).toEqual(["20", "a+b/="]);
    expect(bucket.unavailable?.(now)).toBeUndefined();
    current = undefined;
    expect(bucket.unavailable?.(now)?.kind).toBe("unavailable");
    expect(() => bucket.slot(object, 60, now)).toThrow("no valid credentials");
  });
});

describe("a credentials file", () => {
  const lasting = { AccessKeyId: "K", SecretAccessKey: "topsecret" };

  test.each([
    [lasting, { accessKeyId: "K", secretAccessKey: "topsecret" }],
    [
      { Version: 1, ...lasting, SessionToken: null },
      { accessKeyId: "K", secretAccessKey: "topsecret" },
    ],
    [
      { Credentials: { ...lasting, SessionToken: "t", Expiration: "2026-03-01T12:00:00.123456789Z" } },
      {
        accessKeyId: "K",
        secretAccessKey: "topsecret",
        sessionToken: "t",
        expiration: new Date("2026-03-01T12:00:00.123Z"),
      },
    ],
  ])("is read as AWS's tools print it: %j", (file, expected) => {
    expect(parseCredentials("/keys.json", JSON.stringify(file))).toEqual(expected);
  });

  test.each([
    ["", "is not JSON"],
    ['{"AccessKeyId":"K","SecretAccessKey":"topsecret"', "is not JSON"],
    ["[]", "has no AccessKeyId"],
    ["null", "is not a JSON object"],
    ['{"SecretAccessKey":"topsecret"}', "has no AccessKeyId"],
    ['{"AccessKeyId":"K"}', "has no SecretAccessKey"],
    ['{"AccessKeyId":5,"SecretAccessKey":"topsecret"}', "has an entry AccessKeyId that is not a text"],
    [
      '{"AccessKeyId":"K","SecretAccessKey":"topsecret","Expiration":"soon"}',
      "has an Expiration that is not a date",
    ],
  ])("that cannot be used is named, and its secret is not: %j", (text, why) => {
    const read = () => parseCredentials("/keys.json", text);
    expect(read).toThrow(CredentialsFileError);
    expect(read).toThrow(`/keys.json ${why}`);
    expect(read).not.toThrow("topsecret");
  });

  test("is read again when it changes; a broken one leaves the former in force", async () => {
    const path = join(await newFolder(), "keys.json");
    await writeFile(path, JSON.stringify(lasting));
    const problems: unknown[] = [];
    const changes: string[] = [];
    const source = await openCredentialsFile(path, {
      onProblem: (error) => problems.push(error),
      onChange: ({ accessKeyId }) => changes.push(accessKeyId),
      interval: 5,
    });
    sources.push(source);
    expect(source.current(now)?.accessKeyId).toBe("K");
    await writeFile(path, "{");
    await waitUntil("the problem", () => problems.length > 0);
    expect(source.current(now)?.accessKeyId).toBe("K");
    await writeFile(`${path}.new`, JSON.stringify({ ...lasting, AccessKeyId: "K2" }));
    await rename(`${path}.new`, path);
    await waitUntil("the change", () => changes.length > 0);
    expect([source.current(now)?.accessKeyId, problems.length, changes]).toEqual(["K2", 1, ["K2"]]);
  });

  test("that is not there is the system's error", async () => {
    const path = join(await newFolder(), "none.json");
    const opening = openCredentialsFile(path, { onProblem: () => undefined });
    await expect(opening).rejects.toMatchObject({ code: "ENOENT" });
  });

  test("each part may be: all are read again when they have changed", async () => {
    const folder = await newFolder();
    const file = (name: string) => join(folder, name);
    await writeFile(file("id"), "ID\n");
    await writeFile(file("secret"), "S1\n");
    const files = { accessKeyId: file("id"), secretAccessKey: file("secret"), sessionToken: undefined };
    const parts = { accessKeyId: "as loaded", secretAccessKey: "as loaded", sessionToken: "token", files };
    const source = await openCredentialParts(parts, { onProblem: () => undefined, interval: 5 });
    sources.push(source);
    expect(source.current(now)).toEqual({ accessKeyId: "ID", secretAccessKey: "S1", sessionToken: "token" });
    await writeFile(file("id"), "ID2\n");
    await writeFile(file("secret"), "S2");
    await waitUntil("both", () => source.current(now)?.secretAccessKey === "S2");
    expect(source.current(now)?.accessKeyId).toBe("ID2");
  });
});

describe("credentials from a provider", () => {
  const expiration = after(60);
  // Whoever asks at the end of a life does not wait for the half of what is left.
  const deps = { now: () => expiration, minWait: 5 };

  test("are asked for again while the present ones are good", async () => {
    let asked = 0;
    const provider = async () => {
      asked += 1;
      return { ...key, accessKeyId: asked === 1 ? "K1" : "K2", expiration };
    };
    const changes: string[] = [];
    const onChange = ({ accessKeyId }: TimedCredentials) => changes.push(accessKeyId);
    const source = await refreshCredentials(provider, { ...deps, onProblem: () => undefined, onChange });
    sources.push(source);
    expect(source.current(now)?.accessKeyId).toBe("K1");
    await waitUntil("the next", () => changes.length > 0);
    expect(source.current(now)?.accessKeyId).toBe("K2");
    expect(changes).toEqual(["K2"]);
  });

  test("stay in force when the provider fails, until they expire; it is asked again all the time", async () => {
    let asked = 0;
    const problems: unknown[] = [];
    const provider = async () => {
      asked += 1;
      if (asked > 1) throw new Error("no network");
      return { ...key, expiration };
    };
    const source = await refreshCredentials(provider, {
      ...deps,
      onProblem: (error) => problems.push(error),
    });
    sources.push(source);
    await waitUntil("two failures", () => problems.length > 1);
    expect(source.current(after(59))).toBeDefined();
    expect(source.current(expiration)).toBeUndefined();
  });

  test("may come late: until then there are none", async () => {
    let asked = 0;
    const provider = async () => {
      asked += 1;
      if (asked < 3) throw new Error("the machine has just started");
      return key;
    };
    const source = await refreshCredentials(provider, { ...deps, onProblem: () => undefined });
    sources.push(source);
    expect(source.current(new Date())).toBeUndefined();
    await waitUntil("them", () => source.current(new Date()) !== undefined);
  });
});
