import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts } from "../peers/ports.ts";
import { makeFolder, removeFolder, startProcess, waitUntil } from "../peers/process.ts";
import { type Rgw, startRgw } from "../peers/servers/rgw.ts";
import { signedFetch, signedFetchOk } from "../peers/servers/s3-store.ts";
import { type Slotd, startSlotd } from "../peers/slotd.ts";
import { check, runCheck, s3Config } from "./check.ts";

let rgw: Rgw;
let closedPort: number;
beforeAll(async () => {
  [closedPort = 0] = await freePorts(1);
  rgw = await startRgw();
}, 60_000);
afterAll(() => rgw.stop());

/** A statement that denies copies: what every bucket on RGW has that clients PUT to. */
const noCopies = (bucket: string) => ({
  ...{ Sid: "SlotdNoCopies", Effect: "Deny", Principal: "*", Action: "s3:PutObject" },
  Resource: `arn:aws:s3:::${bucket}/*`,
  Condition: { StringLike: { "s3:x-amz-copy-source": "*" } },
});

/** A bucket of its own, with CORS, a lifecycle rule and a policy: what a private bucket has too. */
async function bucketFor(name: string): Promise<string> {
  await signedFetchOk(rgw, { method: "PUT", path: `/${name}` });
  const put = (query: string, body: string) =>
    signedFetchOk(rgw, { method: "PUT", path: `/${name}`, query: { [query]: "" }, body });
  await put(
    "cors",
    "<CORSConfiguration><CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod><AllowedMethod>PUT</AllowedMethod><AllowedHeader>*</AllowedHeader></CORSRule></CORSConfiguration>",
  );
  await put(
    "lifecycle",
    "<LifecycleConfiguration><Rule><ID>a</ID><Prefix></Prefix><Status>Enabled</Status><AbortIncompleteMultipartUpload><DaysAfterInitiation>1</DaysAfterInitiation></AbortIncompleteMultipartUpload></Rule></LifecycleConfiguration>",
  );
  await put("policy", JSON.stringify({ Version: "2012-10-17", Statement: [noCopies(name)] }));
  return `${rgw.endpoint}/${name}`;
}

/** The XMPP server is about other tests: nothing listens there, and the findings of it are left out. */
async function checkStorage(config: string, args: readonly string[] = []) {
  const { findings, stderr } = await check(config, args);
  const about = findings.filter(({ scope }) => !scope.startsWith("XMPP: "));
  return { findings: about, bad: about.filter(({ level }) => level === "wrong" || level === "warn"), stderr };
}

const configOf = async (bucketUrl: string, s3: string, more = "") => {
  const [listen = 0] = await freePorts(1);
  const config = s3Config(rgw, { port: closedPort, secret: "s" }, { bucketUrl, more: s3 });
  return { listen, config: `${config}\n[http]\nlisten = "127.0.0.1:${listen}"\n${more}` };
};

describe("slotd check of a private bucket", () => {
  test("holds with no policy that lets anyone in, and warns of clients that make a file public; --fix repairs that", async () => {
    const { config } = await configOf(await bucketFor("private"), 'access = "private"');
    const before = await checkStorage(config);
    expect(before.bad.map((finding) => [finding.check, finding.level])).toEqual([["client-acl", "warn"]]);
    expect(before.bad[0]?.text).toContain("make its own file public by adding x-amz-acl: public-read");
    const text = (name: string) => before.findings.find((finding) => finding.check === name)?.text;
    expect(text("download")).toContain("the bucket refuses a GET without a signature (403 AccessDenied)");
    expect(text("public-download")).toContain("through a redirect");
    expect((await checkStorage(config, ["--fix"])).bad).toEqual([]);
    const after = await checkStorage(config);
    expect(after.bad).toEqual([]);
    expect(after.findings.find((finding) => finding.check === "client-acl")?.text).toContain(
      "and the store ignores it",
    );
    const left = await signedFetch(rgw, { method: "GET", path: "/private", query: { "list-type": "2" } });
    expect(await left.text()).toContain("<KeyCount>0</KeyCount>");
  });

  test("finds that it is public", async () => {
    await rgw.makeBucketPublic();
    const { config } = await configOf(rgw.bucketUrl, 'access = "private"');
    const { bad } = await checkStorage(config);
    expect(bad.find((finding) => finding.check === "download")?.text).toBe(
      'Anyone can read the files in the bucket itself, but s3.access is "private".',
    );
  });

  test("finds that something else answers at the public URL", async () => {
    const [port = 0] = await freePorts(1);
    const other = createServer((_, response) => response.writeHead(404).end());
    await new Promise<void>((resolve) => other.listen(port, "127.0.0.1", resolve));
    try {
      const url = `public_url = "http://127.0.0.1:${port}"`;
      const { config } = await configOf(`${rgw.endpoint}/private`, 'access = "private"', url);
      const { bad } = await checkStorage(config);
      expect(bad.map((finding) => finding.check)).toEqual(["public-download"]);
      expect(bad[0]?.text).toContain("responds with 404, not with 302");
    } finally {
      other.close();
      other.closeAllConnections();
    }
  });
});

describe("slotd check of uploads through slotd", () => {
  const expected = ["public-url", "public-cors", "public-size"].map((name) => [name, "ok"]);
  const ofHttp = (findings: Awaited<ReturnType<typeof checkStorage>>["findings"]) =>
    findings.filter(({ scope }) => scope.startsWith("HTTP")).map(({ check, level }) => [check, level]);

  test("tries the whole way, with a stand-in when slotd does not run", async () => {
    const { config } = await configOf(await bucketFor("proxied"), 'upload = "proxy"');
    const { findings } = await checkStorage(config);
    expect(ofHttp(findings)).toEqual(expected);
  });

  test("tries the slotd that runs, and leaves nothing in the bucket", async () => {
    const folder = makeFolder("check-data");
    let slotd: Slotd | undefined;
    try {
      const url = await bucketFor("proxied-running");
      const { config } = await configOf(url, 'upload = "proxy"\naccess = "private"');
      const text = `${config}[disk]\npath = "${join(folder, "data")}"\n`;
      slotd = await startSlotd({ config: text, components: 0 });
      await waitUntil(
        "slotd to listen",
        () => slotd?.process.log().includes("HTTP server is listening") === true,
      );
      const { findings } = await checkStorage(text);
      expect(ofHttp(findings)).toEqual([...expected, ["public-download", "ok"]]);
      expect(findings.find((finding) => finding.check === "public-url")?.text).toContain("slotd that runs");
      const left = await signedFetch(rgw, {
        ...{ method: "GET", path: "/proxied-running", query: { "list-type": "2" } },
      });
      expect(await left.text()).toContain("<KeyCount>0</KeyCount>");
    } finally {
      await slotd?.stop();
      removeFolder(folder);
    }
  });
});

test("a bucket that keeps versions is a warning, unless a lifecycle rule ends them", async () => {
  const url = await bucketFor("versions");
  const put = (query: string, body: string) =>
    signedFetchOk(rgw, { method: "PUT", path: "/versions", query: { [query]: "" }, body });
  await put("versioning", "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>");
  const { config } = await configOf(url, 'access = "private"');
  const warning = (await checkStorage(config)).findings.find(({ check }) => check === "versioning");
  expect(warning).toMatchObject({ level: "warn" });
  expect(warning?.text).toContain("deleted, expired and replaced files still use space");
  await put(
    "lifecycle",
    "<LifecycleConfiguration><Rule><ID>a</ID><Prefix></Prefix><Status>Enabled</Status><NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays></NoncurrentVersionExpiration></Rule></LifecycleConfiguration>",
  );
  const { findings } = await checkStorage(config);
  expect(findings.find(({ check }) => check === "versioning")?.level).toBe("ok");
});

test("only lifecycle rules for slotd's files count, and they are compared with retention", async () => {
  const url = await bucketFor("rules");
  const rule = (id: string, filter: string, action: string) =>
    `<Rule><ID>${id}</ID>${filter}<Status>Enabled</Status>${action}</Rule>`;
  const days = (number: number) => `<Expiration><Days>${number}</Days></Expiration>`;
  const put = (rules: readonly string[]) =>
    signedFetchOk(rgw, {
      ...{ method: "PUT", path: "/rules", query: { lifecycle: "" } },
      body: `<LifecycleConfiguration>${rules.join("")}</LifecycleConfiguration>`,
    });
  const found = async (path = "") => {
    const { config } = await configOf(`${url}${path}`, 'access = "private"');
    const withLedger = config.replace(
      "[xmpp]",
      `retention = "30d"\nledger.url = "sqlite:${join(tmpdir(), "slotd-no-such-ledger")}/l.db"\n[xmpp]`,
    );
    const { findings } = await checkStorage(withLedger);
    const text = (name: string) => findings.find(({ check }) => check === name)?.text;
    return [text("lifecycle"), text("retention")];
  };
  const abort =
    "<AbortIncompleteMultipartUpload><DaysAfterInitiation>1</DaysAfterInitiation></AbortIncompleteMultipartUpload>";
  await put([
    rule("a", "<Filter><Prefix>tmp/</Prefix></Filter>", `${days(1)}`),
    rule("b", "<Prefix>tmp/</Prefix>", abort),
    rule("c", "<Filter><Tag><Key>k</Key><Value>v</Value></Tag></Filter>", days(2)),
  ]);
  expect(await found()).toEqual([
    "Lifecycle: the bucket keeps files until they are deleted. No rule removes incomplete multipart uploads; they use space, and no listing shows them.",
    "No lifecycle rule deletes files.",
  ]);
  expect((await found("/tmp/x"))[1]).toStartWith(
    "A lifecycle rule deletes files after 1 days, before retention (30 days) ends",
  );
  await put([rule("d", "<Prefix></Prefix>", days(30)), rule("e", "<Prefix>ab</Prefix>", days(31))]);
  expect((await found())[1]).toBe("A lifecycle rule deletes files after 30 days, not before retention ends.");
});

test("in proxy mode nothing is said of what clients could do with a presigned PUT of the bucket", async () => {
  const { config } = await configOf(await bucketFor("proxied"), 'access = "private"\nupload = "proxy"');
  const { findings, bad } = await checkStorage(config);
  expect(bad).toEqual([]);
  for (const name of [
    "length",
    "type",
    "expiry",
    "overwrite",
    "chunked-length",
    "copy-source",
    "client-acl",
  ]) {
    expect(findings.find(({ check }) => check === name)).toMatchObject({
      level: "ok",
      text: "Clients PUT to slotd, which forwards none of their headers to the bucket.",
    });
  }
});

test("a quota of the store and a suspended user are told as what they are", async () => {
  const bucketUrl = await bucketFor("full");
  const { config } = await configOf(bucketUrl, 'access = "private"');
  const wrong = async () =>
    (await checkStorage(config)).findings.find(({ level }) => level === "wrong") ?? { text: "nothing" };
  await rgw.admin("quota", "set", "--quota-scope=bucket", "--bucket=full", "--max-size=1K");
  await rgw.admin("quota", "enable", "--quota-scope=bucket", "--bucket=full");
  await rgw.admin("quota", "set", "--quota-scope=bucket", "--bucket=full", "--max-objects=0");
  expect((await wrong()).text).toBe("A quota of the store is exhausted: that of the bucket or of its owner.");
  await rgw.admin("quota", "disable", "--quota-scope=bucket", "--bucket=full");
  await rgw.admin("user", "suspend", "--uid=test");
  try {
    expect((await wrong()).text).toBe("The store has suspended the user of the access key.");
  } finally {
    await rgw.admin("user", "enable", "--uid=test");
  }
});

test("keys that cannot be had are one finding", async () => {
  const config = s3Config(rgw, { port: closedPort, secret: "s" }, {}).replace(
    /access_key_id = [\s\S]*/,
    'credentials = "file"\ncredentials_file = "/nowhere/keys.json"\n',
  );
  const { findings } = await checkStorage(config);
  expect(findings.filter(({ level }) => level === "wrong")).toMatchObject([{ check: "credentials" }]);
});

test("a key that may not delete is told what it has left", async () => {
  const bucket = "no-delete";
  const bucketUrl = await bucketFor(bucket);
  const deny = { Effect: "Deny", Principal: "*", Action: "s3:DeleteObject" };
  const allow = { Effect: "Allow", Principal: "*", Action: "s3:GetObject" };
  const own = [deny, allow].map((each) => ({ ...each, Resource: `arn:aws:s3:::${bucket}/*` }));
  const Statement = [...own, noCopies(bucket)];
  const body = JSON.stringify({ Version: "2012-10-17", Statement });
  await signedFetchOk(rgw, { method: "PUT", path: `/${bucket}`, query: { policy: "" }, body });
  const { bad } = await checkStorage((await configOf(bucketUrl, "")).config);
  expect(bad.map((finding) => [finding.check, finding.level])).toEqual([["removal", "warn"]]);
  expect(bad[0]?.text).toContain("/slotd check: ");
});

test("after Ctrl-C nothing that it wrote is left", async () => {
  const folder = makeFolder("check-interrupted");
  // A store that takes a PUT and is slow with everything after it.
  const bucketUrl = await bucketFor("interrupted");
  let puts = 0;
  const slow = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    if (request.method === "PUT") puts += 1;
    if (puts > 1 && request.method !== "DELETE") return;
    const answer = await fetch(`${rgw.endpoint}${request.url}`, {
      method: request.method ?? "GET",
      headers: Object.entries(request.headers).map(([name, value]): [string, string] => [
        name,
        String(value),
      ]),
      ...(chunks.length > 0 ? { body: Buffer.concat(chunks) } : {}),
    });
    response.writeHead(answer.status, {
      date: new Date().toUTCString(),
      etag: answer.headers.get("etag") ?? "",
    });
    response.end(Buffer.from(await answer.arrayBuffer()));
  });
  const [port = 0] = await freePorts(1);
  await new Promise<void>((resolve) => slow.listen(port, "127.0.0.1", resolve));
  try {
    const url = bucketUrl.replace(rgw.endpoint, `http://127.0.0.1:${port}`);
    const file = join(folder, "slotd.toml");
    writeFileSync(file, (await configOf(url, "")).config, { mode: 0o600 });
    const command = [join(import.meta.dirname, "../../bin/slotd"), "check", "--config", file] as const;
    const checking = await startProcess({ name: "slotd-check", command: [...command], folder });
    await waitUntil("a file to be written", async () => puts > 1);
    const keys = async () =>
      (await signedFetch(rgw, { method: "GET", path: "/interrupted", query: { "list-type": "2" } })).text();
    expect(await keys()).toContain("<KeyCount>1</KeyCount>");
    checking.signal("SIGINT");
    expect(await checking.ended).toBe(130);
    expect(checking.log()).toContain("interrupted; what the check wrote is removed");
    expect(await keys()).toContain("<KeyCount>0</KeyCount>");
  } finally {
    slow.close();
    slow.closeAllConnections();
    removeFolder(folder);
  }
});

test("serve warns of a wrong key in the background, and serves all the same", async () => {
  const config = s3Config(rgw, { port: closedPort, secret: "s" }, { secretAccessKey: "another" });
  const slotd = await startSlotd({ config, components: 0 });
  try {
    await waitUntil("the warning", () => slotd.process.log().includes("The store refuses the signature"));
    const line = slotd.process
      .log()
      .split("\n")
      .find((each) => each.includes("refuses the signature"));
    expect(JSON.parse(line ?? "{}")).toMatchObject({
      level: "warn",
      check: "keys",
      scope: `bucket uploads at ${new URL(rgw.endpoint).host}`,
    });
    expect(slotd.process.result).toBeUndefined();
    expect(slotd.process.log()).not.toContain("another");
  } finally {
    await slotd.stop();
  }
});

test("serve says nothing of a bucket that is as it should be", async () => {
  const bucketUrl = await bucketFor("quiet");
  const config = s3Config(rgw, { port: closedPort, secret: "s" }, { bucketUrl });
  const slotd = await startSlotd({ config: `${config}\n[log]\nlevel = "debug"\n`, components: 0 });
  try {
    await waitUntil("the background check", () =>
      slotd.process.log().includes("The background check is done"),
    );
    expect(slotd.process.log()).not.toContain('"check"');
  } finally {
    await slotd.stop();
  }
});

test("the text names what it left out", async () => {
  const config = s3Config(rgw, { port: closedPort, secret: "s" }, { secretAccessKey: "another" });
  const { stdout, code } = await runCheck(config);
  expect(code).toBe(1);
  expect(stdout).toContain("  -       not checked until this is fixed: region, length, type,");
  expect(existsSync("/nowhere")).toBe(false);
});
