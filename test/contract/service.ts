import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  goSendxmppUpload,
  slixmppUpload,
  type UploadOptions,
  type UploadResult,
} from "../peers/clients/clients.ts";
import { type XmppClient, xmppClient } from "../peers/clients/xmpp-client.ts";
import { leaksIn } from "../peers/leaks.ts";
import { freePorts } from "../peers/ports.ts";
import { makeFolder, removeFolder, waitUntil } from "../peers/process.ts";
import { type Rgw, startRgw } from "../peers/servers/rgw.ts";
import type { XmppServer, XmppServerOptions } from "../peers/servers/xmpp-server.ts";
import { type Slotd, startSlotd } from "../peers/slotd.ts";

const NS_UPLOAD = "urn:xmpp:http:upload:0";
const NS_UPLOAD_LEGACY = "urn:xmpp:http:upload";

/** Not ASCII: what is hashed for the handshake is its UTF-8. */
const secret = "s3crèt-ключ";

/** slotd for example.test on disk and for example2.test on S3. */
function configFor(server: XmppServer, rgw: Rgw, httpPort: number, secret2: string): string {
  return `
domains = ["example.test", "example2.test"]
backend = "disk"
max_file_size = "1MiB"

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

[domain."example2.test"]
backend = "s3"
max_file_size = "infinity"

[domain."example2.test".xmpp]
secret = "${secret2}"
`;
}

/**
 * What slotd promises behind a real XMPP server, whichever that is.
 *
 * @param hasOneSecret whether the server has one secret for all components.
 */
export function serviceContract(
  name: string,
  startServer: (options: XmppServerOptions) => Promise<XmppServer>,
  { hasOneSecret = false } = {},
): void {
  const secret2 = hasOneSecret ? secret : "another secret";
  const components = { "upload.example.test": secret, "upload.example2.test": secret2 };
  let server: XmppServer;
  let rgw: Rgw;
  let slotd: Slotd;
  let folder: string;

  beforeAll(async () => {
    folder = makeFolder("files");
    rgw = await startRgw();
    await rgw.makeBucketPublic();
    server = await startServer({ components });
    const [httpPort = 0] = await freePorts(1);
    slotd = await startSlotd({
      config: configFor(server, rgw, httpPort, secret2),
      components: 2,
      env: { SLOTD_LOG_LEVEL: "debug" },
    });
  }, 120_000);
  afterAll(async () => {
    await slotd?.stop();
    await server?.stop();
    await rgw?.stop();
    removeFolder(folder);
  }, 30_000);

  const login = (user: string, domain: string): Promise<XmppClient> =>
    xmppClient({ port: server.c2sPort, domain, user, password: `pw-${user}` });

  /** A file that a client can send, by its name. */
  const makeFile = (filename: string, size: number): { path: string; bytes: Buffer } => {
    // Some clients look at the first bytes for the type.
    const bytes = Buffer.concat([Buffer.from("ffd8ffe000104a46494600", "hex"), randomBytes(size)]);
    const path = join(folder, filename);
    mkdirSync(folder, { recursive: true });
    writeFileSync(path, bytes);
    return { path, bytes };
  };

  const upload = async (
    client: (options: UploadOptions) => Promise<UploadResult>,
    port: number,
    domain: string,
  ): Promise<void> => {
    const { path, bytes } = makeFile("très cool.jpg", 123_456);
    const options = { jid: `alice@${domain}`, password: "pw-alice", file: path, to: `bob@${domain}` };
    const { ok, getUrl, output } = await client({ ...options, port, ca: server.ca });
    expect(ok, output).toBe(true);
    const fetched = await fetch(getUrl ?? "");
    expect(fetched.status).toBe(200);
    expect(fetched.headers.get("content-type")).toBe("image/jpeg");
    expect(Buffer.from(await fetched.arrayBuffer()).equals(bytes)).toBe(true);
  };

  describe(`${name}: a real client uploads, and the file at the GET URL is identical:`, () => {
    test("go-sendxmpp, on disk", () => upload(goSendxmppUpload, server.c2sTlsPort, "example.test"), 60_000);
    test(
      "go-sendxmpp, on Ceph RGW",
      () => upload(goSendxmppUpload, server.c2sTlsPort, "example2.test"),
      60_000,
    );
    test("slixmpp, on disk", () => upload(slixmppUpload, server.c2sTlsPort, "example.test"), 60_000);
    test("slixmpp, on Ceph RGW", () => upload(slixmppUpload, server.c2sTlsPort, "example2.test"), 60_000);
  });

  describe(`${name}: over the wire`, () => {
    let alice: XmppClient;
    beforeAll(async () => {
      alice = await login("alice", "example.test");
    });
    afterAll(() => alice.close());

    test("the service is found by service discovery, with its limit", async () => {
      const items = await alice.iq(
        "get",
        "example.test",
        "<query xmlns='http://jabber.org/protocol/disco#items'/>",
      );
      expect(String(items)).toContain("upload.example.test");
      const info = await alice.iq(
        "get",
        "upload.example.test",
        "<query xmlns='http://jabber.org/protocol/disco#info'/>",
      );
      expect(String(info)).toContain('name="HTTP File Upload"');
      expect(String(info)).toContain("1048576");
    });

    test("a service without a limit tells none", async () => {
      const bob = await login("bob", "example2.test");
      const info = await bob.iq(
        "get",
        "upload.example2.test",
        "<query xmlns='http://jabber.org/protocol/disco#info'/>",
      );
      expect(String(info)).toContain(NS_UPLOAD);
      expect(String(info)).not.toContain("max-file-size");
      await bob.close();
    });

    test("the older namespace is answered in its own form", async () => {
      const request = `<request xmlns='${NS_UPLOAD_LEGACY}'><filename>a.txt</filename><size>5</size></request>`;
      const slot = (await alice.iq("get", "upload.example.test", request)).getChild("slot", NS_UPLOAD_LEGACY);
      expect(slot?.getChildText("put")).toStartWith(`${slot?.getChildText("get")}?X-Amz-Algorithm=`);
    });

    test.each([
      ["a file over the limit", "upload.example.test", { size: "1048577" }, "modify not-acceptable"],
      ["a path as name", "upload.example.test", { filename: "../x" }, "modify bad-request"],
      ["a fraction as size", "upload.example.test", { size: "1.5" }, "modify bad-request"],
      ["another domain's service", "upload.example2.test", {}, "auth forbidden"],
    ])("%s is refused", async (_, to, change, expected) => {
      const { filename, size } = { filename: "a.txt", size: "5", ...change };
      const reply = await alice.iq(
        "get",
        to,
        `<request xmlns='${NS_UPLOAD}' filename='${filename}' size='${size}'/>`,
      );
      const error = reply.getChild("error");
      const [condition, text] = error?.getChildElements() ?? [];
      expect(`${error?.attrs.type} ${condition?.name}`).toBe(expected);
      expect(text?.text()).not.toBe("");
      expect(reply.getChild("request", NS_UPLOAD)?.attrs).toMatchObject({ filename, size });
    });

    test("a stanza that is far too large is refused, and the stream goes on", async () => {
      const padding = "<x/>".repeat(20_000);
      const reply = await alice.iq(
        "get",
        "upload.example.test",
        `<request xmlns='${NS_UPLOAD}'>${padding}</request>`,
      );
      expect(String(reply)).toContain("policy-violation");
      expect(slotd.timesOnline()).toBe(2);
    });
  });

  describe(`${name}: after kill -9 and a restart of the server`, () => {
    test("slots are answered again within 35 s, without a restart of slotd", async () => {
      await server.kill9();
      await waitUntil("slotd to notice", () => slotd.process.log().includes("Trying again"), 10_000);
      await server.restart();
      const restarted = performance.now();
      const alice = await login("alice", "example.test");
      const request = `<request xmlns='${NS_UPLOAD}' filename='a.txt' size='5'/>`;
      await waitUntil(
        "a slot",
        async () => (await alice.iq("get", "upload.example.test", request, 35_000)).attrs.type === "result",
        35_000,
      );
      expect(performance.now() - restarted).toBeLessThan(35_000);
      await alice.close();
    }, 60_000);
  });

  test(`${name}: no secret, signature, token or URL is in slotd's log, at debug level`, () => {
    const log = readFileSync(join(slotd.folder, "slotd.log"), "utf8");
    expect(log).toContain("Stored an upload.");
    expect(log).toContain("Issued a slot.");
    expect(leaksIn(log, [secret, secret2, rgw.secretAccessKey])).toEqual([]);
  });
}
