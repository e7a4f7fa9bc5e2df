import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { slotMakerContract } from "../contract/slot-maker.ts";
import { type XmppClient, xmppClient } from "../peers/clients/xmpp-client.ts";
import { leaksIn } from "../peers/leaks.ts";
import { freePorts, isPortOpen } from "../peers/ports.ts";
import { makeFolder, removeFolder, waitUntil } from "../peers/process.ts";
import { type Rgw, startRgw } from "../peers/servers/rgw.ts";
import { startEjabberdMakers } from "../peers/servers/slot-makers.ts";
import type { XmppServer } from "../peers/servers/xmpp-server.ts";
import { receiversConfig, type Slotd, startSlotd, withoutXmpp } from "../peers/slotd.ts";

const secretPath = `/ask/${randomBytes(16).toString("hex")}`;

let server: XmppServer;
let rgw: Rgw;
let slotd: Slotd;
let folder: string;
let base: string;
let metricsUrl: string;

beforeAll(async () => {
  folder = makeFolder("files");
  rgw = await startRgw();
  const [http = 0, disk = 0, bucket = 0, few = 0, ops = 0, none = 0] = await freePorts(6);
  base = `http://127.0.0.1:${http}`;
  const v1 = { protocol: "v1" };
  const signed = { base: `${base}/signed`, secret: "geheim ä 1" };
  const signed2 = { base: `${base}/signed2`, secret: "geheim ä 2" };
  metricsUrl = `http://127.0.0.1:${ops}/metrics`;
  slotd = await startSlotd({
    config: `
domains = ["disk.test", "bucket.test", "few.test", "signed.test", "signed2.test"]
backend = "disk"
max_file_size = "1MiB"
${withoutXmpp(none)}
[http]
listen = "127.0.0.1:${http}"
[ops]
listen = "127.0.0.1:${ops}"
socket = "slotd.sock"
[s3]
bucket_url = "${rgw.bucketUrl}"
region = "${rgw.region}"
access_key_id = "${rgw.accessKeyId}"
secret_access_key = "${rgw.secretAccessKey}"
upload = "proxy"
access = "private"
[domain."bucket.test"]
backend = "s3"
ledger.url = "sqlite:bucket.db"
http.public_url = "${base}/bucket"
[domain."signed2.test"]
backend = "s3"
ledger.url = "sqlite:bucket.db"
http.public_url = "${base}/signed2"
[domain."few.test"]
quota.user = "8KiB"
allowed_types = ["image/*"]
[service_url.disk]
domain = "disk.test"
listen = "0.0.0.0:${disk}"
path = "${secretPath}"
[service_url.bucket]
domain = "bucket.test"
listen = "127.0.0.1:${bucket}"
[service_url.few]
domain = "few.test"
listen = "127.0.0.1:${few}"
${receiversConfig("signed", { ...v1, url: signed.base, secret: signed.secret, domain: "signed.test" })}
${receiversConfig("signed2", { ...v1, url: signed2.base, secret: signed2.secret, domain: "signed2.test" })}
`,
    components: 0,
    env: { SLOTD_LOG_LEVEL: "debug" },
  });
  await waitUntil("slotd to listen", async () => (await isPortOpen(few)) && (await isPortOpen(http)));
  server = await startEjabberdMakers({
    "disk.test": { serviceUrl: `http://127.0.0.1:${disk}${secretPath}` },
    "bucket.test": { serviceUrl: `http://127.0.0.1:${bucket}` },
    "few.test": { serviceUrl: `http://127.0.0.1:${few}` },
    "signed.test": signed,
    "signed2.test": signed2,
  });
}, 120_000);
afterAll(async () => {
  await server?.stop();
  await slotd?.stop();
  await rgw?.stop();
  removeFolder(folder);
}, 30_000);

const under = (domain: string, wrongLength: number) => () => ({
  ...{ server, domain, folder, base, signsName: true, wrongLength },
});

slotMakerContract("ejabberd's service_url, files on disk", under("disk.test", 400));
slotMakerContract("ejabberd's service_url, files in Ceph RGW", under("bucket.test", 400));

slotMakerContract("ejabberd's external_secret, files on disk", under("signed.test", 403));
slotMakerContract("ejabberd's external_secret, files in Ceph RGW", under("signed2.test", 403));

describe("ejabberd's service_url: a refusal is what the client is told", () => {
  let alice: XmppClient;
  beforeAll(async () => {
    const account = { port: server.c2sPort, domain: "few.test", user: "alice", password: "pw-alice" };
    alice = await xmppClient(account);
  });
  afterAll(() => alice?.close());

  const ask = async (size: number, type: string): Promise<string> => {
    const request = `<request xmlns='urn:xmpp:http:upload:0' filename='a.png' size='${size}' content-type='${type}'/>`;
    const reply = await alice.iq("get", "upload.few.test", request);
    const error = reply.getChild("error");
    return error === undefined ? "slot" : `${error.attrs.type} ${error.getChildElements()[0]?.name}`;
  };

  test("over the size, of a wrong type, over the quota", async () => {
    expect(await ask(2 * 1024 * 1024, "image/png")).toBe("modify not-acceptable");
    expect(await ask(5, "text/html")).toBe("modify not-acceptable");
    expect(await ask(6_000, "image/png")).toBe("slot");
    expect(await ask(6_000, "image/png")).toBe("wait resource-constraint");
  });

  test("and the metrics count slots, refusals and questions", async () => {
    const text = await (await fetch(metricsUrl)).text();
    expect(text).toContain('slotd_slots_total{domain="few.test",purpose="message",outcome="over-quota"} 1');
    expect(text).toContain('slotd_service_url_requests_total{table="few",status="402"} 1');
    expect(text).toContain('slotd_service_url_requests_total{table="few",status="413"} 2');
  });
});

test("no secret path, token or URL is in slotd's log, at debug level", async () => {
  const log = await Bun.file(join(slotd.folder, "slotd.log")).text();
  expect(log).toContain("Issued a slot.");
  expect(leaksIn(log, [secretPath.slice(5), rgw.secretAccessKey, "geheim"])).toEqual([]);
});
