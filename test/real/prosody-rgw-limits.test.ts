import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type XmppClient, xmppClient } from "../peers/clients/xmpp-client.ts";
import { freePorts } from "../peers/ports.ts";
import { makeFolder, removeFolder, runToEnd, waitUntil } from "../peers/process.ts";
import { startProsody } from "../peers/servers/prosody.ts";
import { type Rgw, startRgw } from "../peers/servers/rgw.ts";
import type { XmppServer } from "../peers/servers/xmpp-server.ts";
import { type Slotd, slotdUnderTest, startSlotd } from "../peers/slotd.ts";

const secret = "component secret";
const NS_UPLOAD = "urn:xmpp:http:upload:0";
const NS_PURPOSE = "urn:xmpp:http:upload:purpose:0";

let server: XmppServer;
let rgw: Rgw;
let slotd: Slotd;
let folder: string;
const clients = new Map<string, XmppClient>();

const domains = ["example.test", "example2.test", "example3.test"];

/**
 * example.test is on disk; example2.test and example3.test are in a private bucket and share a ledger, and files of
 * the latter are uploaded through slotd.
 */
function config(httpPort: number): string {
  return `
domains = ${JSON.stringify(domains)}
backend = "disk"
deny = ["bob@example2.test"]
denied_types = ["text/html"]
[xmpp]
address = "127.0.0.1:${server.componentPort}"
secret = "${secret}"
[http]
listen = "127.0.0.1:${httpPort}"
public_url = "http://127.0.0.1:${httpPort}/@HOST@"
[quota]
user = "30KiB"
[purpose.profile]
max_file_size = "1KiB"
${onS3("example2.test", "direct")}
${onS3("example3.test", "proxy")}
`;
}

function onS3(domain: string, upload: string): string {
  return `
[domain."${domain}"]
backend = "s3"
[domain."${domain}".ledger]
url = "sqlite:s3.db"
[domain."${domain}".s3]
bucket_url = "${rgw.bucketUrl}"
region = "${rgw.region}"
access_key_id = "${rgw.accessKeyId}"
secret_access_key = "${rgw.secretAccessKey}"
access = "private"
upload = "${upload}"
`;
}

beforeAll(async () => {
  folder = makeFolder("files");
  const components = Object.fromEntries(domains.map((domain) => [`upload.${domain}`, secret]));
  const [httpPort = 0] = await freePorts(1);
  [rgw, server] = await Promise.all([startRgw(), startProsody({ components, domains })]);
  slotd = await startSlotd({ config: config(httpPort), components: 3 });
  for (const [user, domain] of [
    ["alice", "example.test"],
    ["bob", "example.test"],
    ["alice", "example2.test"],
    ["bob", "example2.test"],
    ["alice", "example3.test"],
  ] as const) {
    const login = { port: server.c2sPort, domain, user, password: `pw-${user}` };
    clients.set(`${user}@${domain}`, await xmppClient(login));
  }
}, 120_000);
afterAll(async () => {
  await Promise.all([...clients.values()].map((client) => client.close()));
  await slotd?.stop();
  await Promise.all([server?.stop(), rgw?.stop()]);
  removeFolder(folder);
}, 30_000);

/** Asks for a slot over XMPP. Gives the URLs, or the error as "type condition". */
async function slot(jid: string, size: number, purpose = "", type = "image/jpeg") {
  const [, domain] = jid.split("@");
  const request = `<request xmlns='${NS_UPLOAD}' filename='très cool.jpg' size='${size}' content-type='${type}'>${purpose}</request>`;
  const reply = await clients.get(jid)!.iq("get", `upload.${domain}`, request);
  const urls = reply.getChild("slot", NS_UPLOAD);
  const error = reply.getChild("error");
  const [condition] = error?.getChildElements() ?? [];
  return {
    put: urls?.getChild("put")?.attrs.url ?? "",
    get: urls?.getChild("get")?.attrs.url ?? "",
    error: error && `${error.attrs.type} ${condition?.name}`,
    limit: error?.getChild("file-too-large", NS_UPLOAD)?.getChildText("max-file-size"),
  };
}

function ephemeral(until: Date): string {
  return `<ephemeral xmlns='${NS_PURPOSE}' expire-before='${until.toISOString()}'/>`;
}

/** What `slotd ARGUMENTS --json` prints beside the slotd that runs. */
async function command(...words: string[]) {
  const process = await runToEnd({
    name: "command",
    command: [slotdUnderTest(), ...words, "--json", "--config", join(slotd.folder, "slotd.toml")],
    env: { SLOTD_OPS_LISTEN: "127.0.0.1:0", SLOTD_OPS_SOCKET: "slotd.sock" },
  });
  return JSON.parse(process.output);
}

describe.each([
  ["on disk", "example.test", 201],
  ["in a private bucket on Ceph RGW", "example2.test", 200],
  ["in a private bucket on Ceph RGW, uploaded through slotd", "example3.test", 201],
])("an ephemeral file %s", (_, domain, created) => {
  test("is served until its expire-before, and not after it; then nothing of it is left", async () => {
    const content = Buffer.alloc(5000, "e");
    const until = new Date(Math.ceil(Date.now() / 1000) * 1000 + 3000);
    const { put, get } = await slot(`alice@${domain}`, content.length, ephemeral(until));
    const headers = { "content-type": "image/jpeg" };
    expect((await fetch(put, { method: "PUT", body: content, headers })).status).toBe(created);

    const first = await fetch(get);
    expect(Date.now()).toBeLessThan(until.getTime() - 1000);
    expect([first.status, (await first.bytes()).length]).toEqual([200, 5000]);
    // What the GET URL led to is not to outlive the file either.
    const led = first.url;

    const statuses: [number, number][] = [];
    while (Date.now() < until.getTime() + 1000) {
      const { status } = await fetch(get, { method: "HEAD" });
      statuses.push([Date.now() - until.getTime(), status]);
      await sleep(50);
    }
    for (const [after, status] of statuses) {
      if (after < -1100) expect([after, status]).toEqual([after, 200]);
      if (after > 50) expect([after, status]).toEqual([after, 404]);
    }
    expect((await fetch(get)).status).toBe(404);
    expect((await fetch(led)).ok).toBe(false);
    expect((await fetch(put, { method: "PUT", body: content, headers })).ok).toBe(false);

    const token = get.split("/").at(-2)!;
    await waitUntil(
      "the store to have let it go, and the ledger to keep it only as pending deletion",
      async () => {
        const keys = await rgw.listKeys();
        const { files } = await command("files", "--jid", `alice@${domain}`);
        const isKnown = files.some(
          (file: { token: string; state: string }) =>
            file.token === token && file.state !== "pending-deletion",
        );
        return !isKnown && !keys.some((key) => key.startsWith(token));
      },
      40_000,
    );
  }, 60_000);

  test("keeps its time, whatever is done to its URLs", async () => {
    const until = new Date(Math.ceil(Date.now() / 1000) * 1000 + 60_000);
    const { put, get } = await slot(`alice@${domain}`, 5, ephemeral(until));
    const seconds = String(until.getTime() / 1000);
    expect(put).toContain(seconds);
    const later = put.replaceAll(seconds, String(until.getTime() / 1000 + 3600));
    const headers = { "content-type": "image/jpeg" };
    expect((await fetch(later, { method: "PUT", body: "hello", headers })).status).toBe(403);
    expect((await fetch(put, { method: "PUT", body: "hello", headers })).status).toBe(created);
    expect((await fetch(get)).status).toBe(200);
    if (get.includes(seconds)) {
      expect((await fetch(get.replace(seconds, `${Number(seconds) + 3600}`))).ok).toBe(false);
      expect((await fetch(get.replace(`-${seconds}`, ""))).ok).toBe(false);
    }
    expect(await command("delete", get)).toMatchObject({ deleted: true, jid: `alice@${domain}`, size: 5 });
    expect((await fetch(get)).status).toBe(404);
  });
});

describe("service discovery and refusals behind Prosody", () => {
  test.each(domains)("%s announces exactly the purposes that are on", async (domain) => {
    const query = "<query xmlns='http://jabber.org/protocol/disco#info'/>";
    const info = String(await clients.get(`alice@${domain}`)!.iq("get", `upload.${domain}`, query));
    const announced = [...info.matchAll(/upload:purpose:0#(\w+)"/g)].map((match) => match[1]);
    expect(announced).toEqual(["ephemeral", "message", "profile"]);
  });

  test.each([
    ["a purpose that is off", 5, `<permanent xmlns='${NS_PURPOSE}'/>`, "modify feature-not-implemented"],
    ["an unknown purpose", 5, `<story xmlns='${NS_PURPOSE}'/>`, "modify bad-request"],
    [
      "two purposes",
      5,
      `<message xmlns='${NS_PURPOSE}'/><profile xmlns='${NS_PURPOSE}'/>`,
      "modify bad-request",
    ],
    ["a time that is past", 5, ephemeral(new Date(1_700_000_000_000)), "modify bad-request"],
    ["no time at all", 5, `<ephemeral xmlns='${NS_PURPOSE}'/>`, "modify bad-request"],
    ["a file too large for its purpose", 1025, `<profile xmlns='${NS_PURPOSE}'/>`, "modify not-acceptable"],
  ])("%s is refused", async (_, size, purpose, error) => {
    const outcome = await slot("alice@example.test", size, purpose);
    expect(outcome.error).toBe(error);
    expect(outcome.limit).toBe(size > 1024 ? "1024" : undefined);
  });

  test("a type that is denied is refused, and so is a JID", async () => {
    expect((await slot("alice@example.test", 5, "", "text/html; charset=utf-8")).error).toBe(
      "modify not-acceptable",
    );
    expect((await slot("bob@example2.test", 5)).error).toBe("auth forbidden");
    expect((await slot("bob@example.test", 5)).error).toBeUndefined();
  });
});

describe("a quota", () => {
  test("refuses slixmpp with the time at which there is room, and gives it the slot then", async () => {
    const file = join(folder, "second.bin");
    writeFileSync(file, Buffer.alloc(20 * 1024, "q"));
    const script = join(import.meta.dirname, "../peers/clients/slixmpp-retry.py");
    const login = [String(server.c2sPort), "bob@example.test", "pw-bob", "upload.example.test"];
    const { ok, output } = await runToEnd({
      name: "slixmpp",
      command: ["/usr/bin/python3", script, ...login, file, "5"],
      env: { PYTHONDONTWRITEBYTECODE: "1" },
    });
    expect(ok, output).toBe(true);
    expect(output).toContain("FIRST: 201");
    expect(output).toMatch(
      /REFUSED: wait True Quota reached: your files use [\d.]+ KiB of 30 KiB, and this file has 20 KiB\. Try again in \d+/,
    );
    expect(Number(/RETRY AFTER: ([\d.]+)/.exec(output)?.[1])).toBeWithin(0.5, 6);
    const getUrl = /^GET URL: (.*)$/m.exec(output)?.[1] ?? "";
    expect((await (await fetch(getUrl)).bytes()).length).toBe(20 * 1024);
  }, 40_000);

  test("is counted as the commands tell it, and given back by a purge", async () => {
    const usage = await command("usage", "--jid", "bob@example.test");
    // What slixmpp has uploaded, and the slot that was given before it.
    expect(usage.total).toMatchObject({ bytes: 20 * 1024 + 5, files: 2 });
    expect((await slot("bob@example.test", 20 * 1024)).error).toBe("wait resource-constraint");
    expect(await command("purge", "--jid", "bob@example.test")).toMatchObject({ files: 2, isWhole: true });
    expect((await slot("bob@example.test", 20 * 1024)).error).toBeUndefined();
  });

  test("that changes is in force after a reload, and so is who may upload what", async () => {
    const file = join(slotd.folder, "slotd.toml");
    const changed = readFileSync(file, "utf8")
      .replace('user = "30KiB"', 'user = "1KiB"')
      .replace('"bob@example2.test"', '"alice@example2.test"')
      .replace('"text/html"', '"image/*"');
    expect((await slot("alice@example.test", 1025)).error).toBeUndefined();
    writeFileSync(file, changed);
    slotd.process.signal("SIGHUP");
    await waitUntil(
      "the other options to be in force",
      async () => (await slot("alice@example.test", 1, "", "image/png")).error === "modify not-acceptable",
    );
    expect((await slot("alice@example.test", 1025, "", "text/html")).error).toBe("wait resource-constraint");
    expect((await slot("alice@example2.test", 1, "", "text/html")).error).toBe("auth forbidden");
    expect((await slot("bob@example2.test", 1, "", "text/html")).error).toBeUndefined();
  });

  test("leaves a ledger and a store that agree", async () => {
    expect(await command("reconcile")).toMatchObject({ differences: [], sums: [], left: 0 });
  });
});
