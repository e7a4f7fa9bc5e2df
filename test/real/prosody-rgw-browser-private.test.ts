import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { openWebPage, type WebPage } from "../peers/clients/browser.ts";
import { goSendxmppUpload } from "../peers/clients/clients.ts";
import { type XmppClient, xmppClient } from "../peers/clients/xmpp-client.ts";
import { freePorts } from "../peers/ports.ts";
import { makeFolder, removeFolder, waitUntil } from "../peers/process.ts";
import { startProsody } from "../peers/servers/prosody.ts";
import { type Rgw, startRgw } from "../peers/servers/rgw.ts";
import type { XmppServer } from "../peers/servers/xmpp-server.ts";
import { type Slotd, startSlotd } from "../peers/slotd.ts";

const secret = "component secret";
const NS_UPLOAD = "urn:xmpp:http:upload:0";

let server: XmppServer;
let rgw: Rgw;
let slotd: Slotd;
let web: WebPage;
let folder: string;
let publicUrl: string;

/** example.test: clients PUT to the bucket; example2.test: to slotd. Both GET through slotd. */
function config(httpPort: number): string {
  return `
domains = ["example.test", "example2.test"]
max_file_size = "8MiB"
[xmpp]
address = "127.0.0.1:${server.componentPort}"
secret = "${secret}"
[http]
listen = "127.0.0.1:${httpPort}"
[s3]
bucket_url = "${rgw.bucketUrl}"
region = "${rgw.region}"
access_key_id = "${rgw.accessKeyId}"
secret_access_key = "${rgw.secretAccessKey}"
access = "private"
[domain."example2.test".s3]
upload = "proxy"
`;
}

beforeAll(async () => {
  folder = makeFolder("files");
  const components = { "upload.example.test": secret, "upload.example2.test": secret };
  const [httpPort = 0] = await freePorts(1);
  publicUrl = `http://127.0.0.1:${httpPort}`;
  [rgw, server, web] = await Promise.all([startRgw(), startProsody({ components }), openWebPage()]);
  // Only for the web client. The bucket has no policy, and no object an ACL.
  await rgw.allowCors();
  slotd = await startSlotd({ config: config(httpPort), components: 2 });
}, 120_000);
afterAll(async () => {
  await slotd?.stop();
  await Promise.all([web?.stop(), server?.stop(), rgw?.stop()]);
  removeFolder(folder);
}, 30_000);

/** Asks slotd for a slot over XMPP. */
async function slot(domain: string, filename: string, size: number): Promise<{ put: string; get: string }> {
  const alice: XmppClient = await xmppClient({
    ...{ port: server.c2sPort, domain, user: "alice", password: "pw-alice" },
  });
  try {
    const ask = `<request xmlns='${NS_UPLOAD}' filename='${filename}' size='${size}' content-type='image/jpeg'/>`;
    const answer = (await alice.iq("get", `upload.${domain}`, ask)).getChild("slot", NS_UPLOAD);
    return {
      put: answer?.getChild("put")?.attrs.url ?? "",
      get: answer?.getChild("get")?.attrs.url ?? "",
    };
  } finally {
    await alice.close();
  }
}

/** Sends a request as curl would, and follows nothing. */
function ask(method: string, url: string): Promise<{ status: number; headers: Record<string, unknown> }> {
  return new Promise((resolve, reject) => {
    const sending = request(url, { method, agent: false }, (response) => {
      response.resume();
      response.once("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers }));
    });
    sending.once("error", reject).end();
  });
}

const jpeg = (size: number) =>
  Buffer.concat([Buffer.from("ffd8ffe000104a46494600", "hex"), randomBytes(size)]);
const objectUrl = (getUrl: string) => getUrl.replace(publicUrl, rgw.bucketUrl);

/** What a web client's code does; it runs in the browser. */
async function uploadAndFetch({ put, get }: { put: string; get: string }) {
  const sent = new Uint8Array(70_011).map((_, index) => index * 7);
  const stored = await fetch(put, { method: "PUT", body: sent, headers: { "Content-Type": "image/jpeg" } });
  const fetched = await fetch(get);
  const came = new Uint8Array(await fetched.arrayBuffer());
  const head = await fetch(get, { method: "HEAD" });
  return {
    statuses: [stored.status, fetched.status, head.status],
    isSame: came.length === sent.length && came.every((byte, index) => byte === sent[index]),
  };
}

describe.each(["example.test", "example2.test"])("a private bucket, %s:", (domain) => {
  let getUrl: string;
  let bytes: Buffer;

  test("go-sendxmpp uploads, and the file at the GET URL is identical", async () => {
    bytes = jpeg(123_456);
    const file = join(folder, "photo.jpg");
    writeFileSync(file, bytes);
    const login = { jid: `alice@${domain}`, password: "pw-alice", port: server.c2sTlsPort, ca: server.ca };
    const result = await goSendxmppUpload({ ...login, file, to: `bob@${domain}` });
    expect(result.ok, result.output).toBe(true);
    getUrl = result.getUrl ?? "";
    expect(getUrl).toMatch(new RegExp(`^${publicUrl}/[0-9a-f]{64}/photo\\.jpg$`));
    const response = await fetch(getUrl);
    expect([response.status, response.redirected]).toEqual([200, true]);
    expect(response.headers.get("content-type")).toBe("image/jpeg");
    expect(response.headers.get("content-disposition")).toBe(
      "inline; filename=\"photo.jpg\"; filename*=UTF-8''photo.jpg",
    );
    expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true);
  }, 60_000);

  test("the object's own URL is refused", async () => {
    expect((await fetch(objectUrl(getUrl))).status).toBe(403);
  });

  test("GET and HEAD are each redirected to a URL that is signed for them and works for a short while", async () => {
    for (const method of ["GET", "HEAD"]) {
      const { status, headers } = await ask(method, getUrl);
      expect(status).toBe(302);
      expect(headers["access-control-allow-origin"]).toBe("*");
      const location = new URL(String(headers.location));
      expect(location.origin).toBe(rgw.endpoint);
      expect(location.searchParams.get("X-Amz-Expires")).toBe("300");
      expect((await ask(method, location.href)).status).toBe(200);
      expect((await ask(method === "GET" ? "HEAD" : "GET", location.href)).status).toBe(403);
      // A browser that kept it would follow it with the other method, or after its end.
      expect(headers["cache-control"]).toBe("no-store");
    }
  });

  test("a part of it can be fetched", async () => {
    const response = await fetch(getUrl, { headers: { range: "bytes=10-19" } });
    expect(response.status).toBe(206);
    expect(Buffer.from(await response.arrayBuffer()).equals(bytes.subarray(10, 20))).toBe(true);
  });

  test("a name with another token, and one that is nobody's, are not there", async () => {
    const other = getUrl.replace(/[0-9a-f]{64}/, "0".repeat(64));
    expect((await fetch(other)).status).toBe(404);
    for (const path of ["/", "/photo.jpg", "/not-hex-not-hex-not/photo.jpg", "/?list-type=2"]) {
      const { status, headers } = await ask("GET", `${publicUrl}${path}`);
      expect([status, headers.location]).toEqual([404, undefined]);
    }
  });

  test("a web client in Chromium uploads, and fetches by the GET URL", async () => {
    const { put, get } = await slot(domain, "from the web.jpg", 70_011);
    const outcome = await web.page
      .evaluate(uploadAndFetch, { put, get })
      .catch((error: unknown) => String(error));
    const created = domain === "example2.test" ? 201 : 200;
    expect(outcome, web.console.join("\n")).toEqual({ statuses: [created, 200, 200], isSame: true });
  });
});

test("what can run in a browser is neither shown nor given its type", async () => {
  const { put, get } = await slot("example.test", "page.html", 20);
  const headers = { "content-type": "image/jpeg" };
  expect((await fetch(put, { method: "PUT", body: "<script>0</script>!!", headers })).status).toBe(200);
  const response = await fetch(get);
  expect(response.headers.get("content-type")).toBe("application/octet-stream");
  expect(response.headers.get("content-disposition")).toStartWith("attachment;");
});

test("no signature and no whole URL is in slotd's log", async () => {
  await waitUntil("the log", () => slotd.process.log().includes("Stored an upload."));
  for (const word of ["X-Amz-", "http://", secret, rgw.secretAccessKey]) {
    expect(slotd.process.log()).not.toContain(word);
  }
});
