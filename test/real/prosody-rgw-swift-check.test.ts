import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createServer } from "node:http";
import { join } from "node:path";
import { freePorts } from "../peers/ports.ts";
import { makeFolder, removeFolder } from "../peers/process.ts";
import { startProsody } from "../peers/servers/prosody.ts";
import { type Rgw, startRgw } from "../peers/servers/rgw.ts";
import { type S3Store, signedFetch, signedFetchOk } from "../peers/servers/s3-store.ts";
import { startSwift } from "../peers/servers/swift.ts";
import type { XmppServer } from "../peers/servers/xmpp-server.ts";
import { startSlotd } from "../peers/slotd.ts";
import { check, runCheck, s3Config } from "./check.ts";

let prosody: XmppServer;
let rgw: Rgw;
let swift: S3Store;
beforeAll(async () => {
  prosody = await startProsody({ components: { "upload.example.test": "s3cret" } });
  [rgw, swift] = await Promise.all([startRgw(), startSwift()]);
}, 60_000);
afterAll(() => Promise.all([prosody.stop(), rgw.stop(), swift.stop()]));

const xmpp = () => ({ port: prosody.componentPort, secret: "s3cret" });
const setting = async (name: string, bucket = rgw.bucket) =>
  (await signedFetch(rgw, { method: "GET", path: `/${bucket}`, query: { [name]: "" } })).text();

describe("slotd check on a fresh RGW bucket", () => {
  test("finds what web clients and readers lack, says how to put it, and puts nothing", async () => {
    const { code, wrong, findings } = await check(s3Config(rgw, xmpp()));
    expect(code).toBe(1);
    expect(wrong.map((finding) => finding.check)).toEqual(["copy-source", "download", "cors"]);
    const [copySource, download, cors] = wrong;
    expect(copySource?.text).toContain("in this and every other bucket");
    expect(download?.text).toContain("the bucket is private");
    expect(download?.paste?.[0]?.text).toContain(
      `aws s3api put-bucket-policy --endpoint-url ${rgw.endpoint} `,
    );
    expect(cors?.text).toContain("preflight");
    expect(cors?.paste?.map(({ text }) => text).join("\n")).toContain("<AllowedMethod>PUT</AllowedMethod>");
    expect(findings.filter(({ level }) => level === "warn").map((finding) => finding.check)).toEqual([
      "lifecycle",
    ]);
    expect(await setting("cors")).toContain("NoSuchCORSConfiguration");
    expect(await setting("policy")).toContain("NoSuchBucketPolicy");
    expect(await rgw.listKeys()).toEqual([]);
  });

  test("with --fix it shows what it puts, puts it, and all is green", async () => {
    const { code, stdout } = await runCheck(s3Config(rgw, xmpp()), ["--fix"]);
    expect(stdout).toContain("--fix sets a CORS rule on the bucket uploads:\n");
    expect(stdout.indexOf("<CORSRule>")).toBeLessThan(stdout.indexOf("cors: fixed."));
    expect(stdout).not.toContain("WRONG");
    expect(stdout).not.toContain("WARNING");
    expect(stdout).toEndWith("\nEverything is ok.\n");
    expect(code).toBe(0);
    expect(await setting("policy")).toContain("SlotdPublicRead");
    expect(await setting("policy")).toContain("SlotdNoCopies");
    const { code: again, findings } = await check(s3Config(rgw, xmpp()));
    expect(again).toBe(0);
    expect(findings.map((finding) => [finding.check, finding.level])).toEqual(
      [
        ...[
          "options",
          "handshake",
          "requests",
          "round-trip",
          "discovery",
          "reach",
          "clock",
          "upload",
          "region",
          "length",
          "type",
          "expiry",
        ],
        ...["overwrite", "chunked-length", "copy-source", "download", "range", "client-acl", "cors"],
        ...["versioning", "lifecycle", "retention"],
      ].map((name) => [name, "ok"]),
    );
    expect(await rgw.listKeys()).toEqual([]);
  });

  test("--fix keeps the rules and statements that are there", async () => {
    const bucket = "lived-in";
    const put = (query: string, body: string) =>
      signedFetchOk(rgw, { method: "PUT", path: `/${bucket}`, query: { [query]: "" }, body });
    await signedFetchOk(rgw, { method: "PUT", path: `/${bucket}` });
    await put(
      "cors",
      "<CORSConfiguration><CORSRule><AllowedOrigin>https://app.example</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule></CORSConfiguration>",
    );
    await put(
      "lifecycle",
      "<LifecycleConfiguration><Rule><ID>mine</ID><Prefix>old/</Prefix><Status>Enabled</Status><Expiration><Days>90</Days></Expiration></Rule></LifecycleConfiguration>",
    );
    const mine = {
      ...{ Sid: "Mine", Effect: "Allow", Principal: "*", Action: "s3:GetObject" },
      Resource: `arn:aws:s3:::${bucket}/mine/*`,
    };
    await put("policy", JSON.stringify({ Version: "2012-10-17", Statement: [mine] }));
    const config = s3Config(rgw, xmpp(), { bucketUrl: `${rgw.endpoint}/${bucket}/xmpp` });
    const { code, findings } = await check(config, ["--fix"]);
    expect(code).toBe(0);
    expect(findings.filter(({ fixed }) => fixed).map((finding) => finding.check)).toEqual([
      ...["copy-source", "download", "cors", "lifecycle"],
    ]);
    const policy = await setting("policy", bucket);
    expect(policy).toContain('"Mine"');
    expect(policy).toContain(`arn:aws:s3:::${bucket}/xmpp/*`);
    expect(await setting("cors", bucket)).toContain("https://app.example");
    const lifecycle = await setting("lifecycle", bucket);
    expect(lifecycle).toContain("<ID>mine</ID>");
    expect(lifecycle).toContain("<ID>slotd-incomplete-uploads</ID>");
  });
});

describe("slotd check says in one finding", () => {
  const one = async (config: string, clock = 0) => {
    const { code, wrong, findings } = await check(config, [], clock);
    expect(code).toBe(1);
    expect(wrong).toHaveLength(1);
    expect(findings.filter(({ level }) => level === "warn")).toEqual([]);
    return `${wrong[0]?.check}: ${wrong[0]?.text} ${wrong[0]?.advice}`;
  };

  test("that the secret key is wrong, on RGW and Swift", async () => {
    expect(await one(s3Config(rgw, xmpp(), { secretAccessKey: "another" }))).toStartWith(
      "upload: The store refuses the signature: the secret access key does not belong to the access key id. Correct s3.secret_access_key.",
    );
    // Swift does not tell a key that it does not know from a secret that is wrong.
    for (const changes of [{ secretAccessKey: "another" }, { accessKeyId: "NOBODY" }]) {
      expect(await one(s3Config(swift, xmpp(), changes))).toBe(
        "upload: The store refuses the signature: it does not know the access key id, or the secret access key does not belong to it. This store does not report which. Correct s3.access_key_id and s3.secret_access_key.",
      );
    }
  });

  test("that s3.bucket_url names no bucket, or has an empty part", async () => {
    const { host } = new URL(rgw.endpoint);
    expect(await one(s3Config(rgw, xmpp(), { bucketUrl: rgw.endpoint }))).toBe(
      `reach: s3.bucket_url names no bucket: ${host} is an address, and no path follows it. Add the bucket: s3.bucket_url = "http://${host}/BUCKET".`,
    );
    expect(await one(s3Config(rgw, xmpp(), { bucketUrl: `${rgw.endpoint}//uploads//` }))).toEndWith(
      `two consecutive slashes, and therefore an empty segment. Write it with single slashes, such as s3.bucket_url = "http://${host}/uploads".`,
    );
  });

  test("that the store does not know the virtual host", async () => {
    const { port } = new URL(rgw.endpoint);
    expect(await one(s3Config(rgw, xmpp(), { bucketUrl: `http://uploads.localhost:${port}` }))).toBe(
      `upload: The store does not know uploads.localhost:${port} as the host of a bucket: it expects the bucket in the path. Configure the host in the store (on Ceph: rgw_dns_name = localhost:${port}), or write the bucket into the path: s3.bucket_url = "http://localhost:${port}/uploads".`,
    );
  });

  test("that the port speaks no TLS", async () => {
    const bucketUrl = `${rgw.endpoint.replace("http:", "https:")}/uploads`;
    expect(await one(s3Config(rgw, xmpp(), { bucketUrl }))).toEndWith(
      "it does not speak TLS there (https). Begin s3.bucket_url with http:// if that port has no TLS, or set a port that has TLS.",
    );
  });

  test("that s3.bucket_url or s3.public_url is a plain web server, whatever that says, or nobody", async () => {
    const web = createServer((request, response) => {
      request.resume().on("end", () => response.writeHead(Number(request.url?.slice(1, 4))).end("<html>"));
    });
    const [port = 0, dead] = await freePorts(2);
    await new Promise<void>((resolve) => web.listen(port, "127.0.0.1", resolve));
    const url = (status: number) => `http://127.0.0.1:${port}/${status}`;
    try {
      for (const [status, text] of [
        [200, "responds to an upload with 200 and without an ETag, unlike an S3 store"],
        [404, "does not accept an upload (404): it is probably not an S3 endpoint"],
        [501, "does not accept an upload (501): it is probably not an S3 endpoint"],
        [502, "responds with 502: it does not reach the store"],
      ] as const) {
        expect(await one(s3Config(rgw, xmpp(), { bucketUrl: url(status) }))).toContain(text);
        if (status === 501) continue;
        const more = `public_url = "${url(status)}"`;
        expect(await one(s3Config(rgw, xmpp(), { more }))).toContain(
          status === 200
            ? "download: The server behind s3.public_url returns other content than was uploaded: it does not serve this bucket"
            : `download: The file is uploaded, and its GET URL responds with ${status}; anyone can read the file at s3.bucket_url. Correct s3.public_url`,
        );
      }
      expect(await one(s3Config(rgw, xmpp(), { more: `public_url = "http://127.0.0.1:${dead}"` }))).toContain(
        "nothing listens there. Correct s3.public_url, or check that the server behind it runs.",
      );
    } finally {
      web.close();
      web.closeAllConnections();
    }
  });

  test("that the key is unknown", async () => {
    expect(await one(s3Config(rgw, xmpp(), { accessKeyId: "NOBODY" }))).toStartWith(
      "upload: The store does not know the access key id.",
    );
  });

  test("that the region is wrong and which is right, where the store looks at it", async () => {
    expect(await one(s3Config(swift, xmpp(), { region: "eu-north-1" }))).toStartWith(
      'upload: The region eu-north-1 is not the region of the bucket. Set s3.region = "us-east-1"',
    );
    const { findings } = await check(s3Config(rgw, xmpp(), { region: "eu-north-1" }));
    expect(findings.find(({ check }) => check === "region")?.text).toContain("it accepts any region");
  });

  test("that the bucket is missing, on RGW and Swift", async () => {
    for (const store of [rgw, swift]) {
      const bucketUrl = `${store.endpoint}/nowhere-to-be-found`;
      expect(await one(s3Config(store, xmpp(), { bucketUrl }))).toStartWith(
        "upload: There is no bucket nowhere-to-be-found at 127.0.0.1:",
      );
    }
  });

  test("that the store cannot be reached", async () => {
    const [port] = await freePorts(1);
    expect(await one(s3Config(rgw, xmpp(), { bucketUrl: `http://127.0.0.1:${port}/uploads` }))).toStartWith(
      `reach: 127.0.0.1:${port} cannot be reached: nothing listens there. Correct s3.bucket_url`,
    );
  });

  test("that there is no CORS", async () => {
    const bucket = "no-cors";
    await prepare(bucket, ["policy", "lifecycle"]);
    const said = await one(s3Config(rgw, xmpp(), { bucketUrl: `${rgw.endpoint}/${bucket}` }));
    expect(said).toStartWith("cors: CORS: the store responds to a browser's preflight request with 403.");
    expect(said).toContain("Set a CORS rule on the bucket");
  });

  test("that the bucket is private in public mode", async () => {
    const bucket = "no-policy";
    await prepare(bucket, ["cors", "lifecycle"], ["SlotdNoCopies"]);
    expect(await one(s3Config(rgw, xmpp(), { bucketUrl: `${rgw.endpoint}/${bucket}` }))).toStartWith(
      "download: The file is uploaded, and its GET URL responds with 403 AccessDenied: the bucket is private",
    );
  });

  test.each([
    ["behind", -20],
    ["ahead of", 20],
  ])("that the clock is 20 minutes %s the store's", async (word, minutes) => {
    expect(await one(s3Config(rgw, xmpp()), minutes * 60_000)).toStartWith(
      `clock: The clock here is 20 minutes ${word} the store's; the store refuses signatures`,
    );
  });

  test("that slots have expired when they are made, with a clock that is only a little behind", async () => {
    expect(await one(s3Config(rgw, xmpp()), -90_000)).toContain(
      "every PUT URL has already expired when slotd issues it",
    );
  });

  test("that the component secret is wrong", async () => {
    expect(await one(s3Config(rgw, { ...xmpp(), secret: "other" }))).toStartWith(
      `handshake: The XMPP server refused the secret for upload.example.test. The server's text: "Given token does not match calculated token". Make xmpp.secret equal`,
    );
  });

  test("that the XMPP server does not know the component", async () => {
    const config = s3Config(rgw, xmpp()).replace("[xmpp]", 'host = "files.example.test"\n[xmpp]');
    expect(await one(config)).toStartWith(
      "handshake: The XMPP server does not know the component files.example.test.",
    );
  });

  test("that the XMPP server is down", async () => {
    const [port = 0] = await freePorts(1);
    expect(await one(s3Config(rgw, { ...xmpp(), port }))).toMatch(
      /^handshake: Cannot connect to the component port 127.0.0.1:\d+: .*Start the XMPP server, or correct xmpp.address/,
    );
  });

  /** A bucket with these settings of the one that was set right; of its policy, perhaps only some statements. */
  const prepare = async (bucket: string, names: readonly string[], statements: readonly string[] = []) => {
    await signedFetchOk(rgw, { method: "PUT", path: `/${bucket}` });
    const put = (name: string, body: string) =>
      signedFetchOk(rgw, { method: "PUT", path: `/${bucket}`, query: { [name]: "" }, body });
    const own = async (name: string) =>
      (await setting(name)).replaceAll("arn:aws:s3:::uploads/", `arn:aws:s3:::${bucket}/`);
    for (const name of names) await put(name, await own(name));
    if (statements.length === 0) return;
    const policy: { readonly Statement: readonly { readonly Sid: string }[] } = JSON.parse(
      await own("policy"),
    );
    const Statement = policy.Statement.filter(({ Sid }) => statements.includes(Sid));
    await put("policy", JSON.stringify({ ...policy, Statement }));
  };
});

test("beside a slotd that runs the check holds, and does not put it off line", async () => {
  const slotd = await startSlotd({ config: s3Config(rgw, xmpp()) });
  try {
    const { code, findings } = await check(s3Config(rgw, xmpp()));
    expect(findings.find((finding) => finding.check === "handshake")).toMatchObject({
      level: "warn",
      text: "The secret is correct, but another connection already uses upload.example.test.",
    });
    expect(findings.filter(({ level }) => level === "wrong")).toEqual([]);
    expect(code).toBe(0);
    const { findings: withSecret } = await check(s3Config(rgw, { ...xmpp(), secret: "other" }));
    expect(withSecret.find((finding) => finding.check === "handshake")?.level).toBe("wrong");
    expect(slotd.timesOnline()).toBe(1);
    expect(slotd.process.log()).not.toContain('"problem"');
  } finally {
    await slotd.stop();
  }
});

test("a slotd that runs is asked by its control socket: all is green, and the check is told from clients", async () => {
  const folder = makeFolder("check-beside");
  const [listen] = await freePorts(1);
  const config = `domains = ["example.test"]
backend = "disk"
max_file_size = "20MiB"
[xmpp]
address = "127.0.0.1:${prosody.componentPort}"
secret = "s3cret"
[disk]
path = "${join(folder, "data")}"
[http]
listen = "127.0.0.1:${listen}"
public_url = "http://127.0.0.1:${listen}"
[ops]
listen = "127.0.0.1:0"
socket = "${join(folder, "slotd.sock")}"
`;
  const slotd = await startSlotd({ config: `${config}[log]\nlevel = "debug"\n` });
  try {
    const { findings } = await check(config);
    expect(findings.filter(({ level }) => level !== "ok")).toEqual([]);
    expect(findings.find((finding) => finding.check === "handshake")?.text).toBe(
      "The slotd that runs here is connected as upload.example.test.",
    );
    expect(slotd.timesOnline()).toBe(1);
    // No client has done anything, and so neither the log nor a metric says that one has.
    const lines = slotd.process
      .log()
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    const asked = lines.filter(({ msg }) => msg === "A request of slotd check.");
    expect(asked.map(({ level, kind }) => `${level} ${kind}`)).toContain("debug upload-aborted");
    const { port } = lines.find(
      ({ msg }) => msg === "The server for metrics and health checks is listening.",
    );
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    expect(metrics).toContain('slotd_check_requests_total{status="201"} 2');
    expect(metrics).toContain('slotd_uploads_total{status="201"} 0');
    expect(metrics).toContain('slotd_uploads_total{status="aborted"} 0');
    expect(
      lines.map(({ level, msg }) => `${level} ${msg}`).filter((text) => !text.startsWith("debug")),
    ).toEqual([
      ...["info slotd 0.1.0 starts for example.test.", "info The HTTP server is listening."],
      ...["info The server for metrics and health checks is listening."],
      "info Connected to the XMPP server; ready to issue slots.",
    ]);
    const other = await check(config.replace('"s3cret"', '"other"'));
    expect(other.findings.find((finding) => finding.check === "handshake")).toMatchObject({
      level: "warn",
      advice: 'Apply this configuration with "slotd reload", and run the check again.',
    });
  } finally {
    await slotd.stop();
    removeFolder(folder);
  }
});

test("a private Swift container with uploads through slotd holds, but for what web clients fetch", async () => {
  const [listen = 0] = await freePorts(1);
  const more = `access = "private"\nupload = "proxy"\n[http]\nlisten = "127.0.0.1:${listen}"\n`;
  const { code, findings } = await check(s3Config(swift, xmpp(), { more }));
  expect(code).toBe(0);
  const notOk = findings.filter(({ level }) => level !== "ok");
  expect(notOk.map((finding) => [finding.check, finding.level])).toEqual([
    ["cors", "warn"],
    ["lifecycle", "skipped"],
    ["retention", "skipped"],
  ]);
  expect(notOk[0]?.text).toContain("the response to a GET has no Access-Control-Allow-Origin");
});

test("on Swift --fix puts nothing that Swift does not know, and the bucket is still there", async () => {
  await swift.putObject("keep/me.txt", "hello");
  const { code, wrong, findings } = await check(s3Config(swift, xmpp()), ["--fix"]);
  expect(code).toBe(1);
  expect(wrong.map((finding) => finding.check)).toEqual(["chunked-length", "download", "cors"]);
  expect(wrong.map(({ advice }) => advice).join("\n")).toContain('s3.access = "private"');
  expect(wrong.map(({ advice }) => advice).join("\n")).toContain('s3.upload = "proxy"');
  expect(findings.find(({ check }) => check === "region")?.text).toContain("is correct");
  expect(findings.find(({ check }) => check === "lifecycle")?.level).toBe("skipped");
  expect(await swift.listKeys()).toEqual(["keep/me.txt"]);
});
