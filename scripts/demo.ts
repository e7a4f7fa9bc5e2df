/**
 * npm run demo [-- --once]: starts a private Prosody and slotd on loopback and uploads a file as a client does.
 * With --once it stops after that; without, it stays up until Ctrl-C.
 */
import { randomBytes } from "node:crypto";
import { type XmppClient, xmppClient } from "../test/peers/clients/xmpp-client.ts";
import { freePorts } from "../test/peers/ports.ts";
import { startProsody } from "../test/peers/servers/prosody.ts";
import type { XmppServer } from "../test/peers/servers/xmpp-server.ts";
import { startSlotd } from "../test/peers/slotd.ts";
import { ensurePackages, packagesOf } from "./debian.ts";

const NS_INFO = "http://jabber.org/protocol/disco#info";
const NS_ITEMS = "http://jabber.org/protocol/disco#items";
const NS_UPLOAD = "urn:xmpp:http:upload:0";
const NS_DATA = "jabber:x:data";

const domain = "localhost";
const component = `upload.${domain}`;
const file = { name: "très cool.jpg", type: "image/jpeg", bytes: randomBytes(23_456) };

const stops: (() => Promise<void>)[] = [];
let steps = 0;

function step(text: string): void {
  steps += 1;
  console.log(`\n${steps}. ${text}`);
}

function detail(text: string): void {
  console.log(`   ${text}`);
}

/** Ends what was started, last first. */
async function stopAll(): Promise<void> {
  for (let stop = stops.pop(); stop; stop = stops.pop()) await stop();
}

async function startServers(): Promise<{ prosody: XmppServer; publicUrl: string }> {
  const secret = randomBytes(24).toString("hex");
  step(`Starting a private Prosody with the accounts alice@${domain} and bob@${domain} ...`);
  const prosody = await startProsody({ components: { [component]: secret }, domains: [domain] });
  stops.push(() => prosody.stop());
  detail(`clients: 127.0.0.1:${prosody.c2sPort}   components: 127.0.0.1:${prosody.componentPort}`);

  step("Starting slotd with files on disk ...");
  const [port] = await freePorts(1);
  const publicUrl = `http://localhost:${port}`;
  const config = `
domains = ["${domain}"]
backend = "disk"
max_file_size = "50MiB"
expiration_time = 300

[xmpp]
address = "127.0.0.1:${prosody.componentPort}"
secret = "${secret}"

[http]
listen = "127.0.0.1:${port}"
public_url = "${publicUrl}"
`;
  const slotd = await startSlotd({ config });
  stops.push(() => slotd.stop());
  detail(`connected to Prosody as ${component}; files are PUT to and fetched from ${publicUrl}`);
  return { prosody, publicUrl };
}

/** Finds the upload service as clients do. Source: XEP-0363 §3. */
async function discover(alice: XmppClient): Promise<string> {
  step("alice asks her server for its services, and each service for its features (XEP-0030) ...");
  const items = await alice.iq("get", domain, `<query xmlns='${NS_ITEMS}'/>`);
  for (const item of items.getChild("query", NS_ITEMS)?.getChildren("item") ?? []) {
    const jid = item.attrs.jid ?? "";
    const query = (await alice.iq("get", jid, `<query xmlns='${NS_INFO}'/>`)).getChild("query", NS_INFO);
    if (!query?.getChildren("feature").some((feature) => feature.attrs.var === NS_UPLOAD)) continue;
    const fields = query.getChildren("x", NS_DATA).flatMap((form) => form.getChildren("field"));
    const limit = fields.find((field) => field.attrs.var === "max-file-size")?.getChildText("value");
    detail(
      `${jid} is "${query.getChild("identity")?.attrs.name}" and accepts files of up to ${limit} bytes.`,
    );
    return jid;
  }
  throw new Error(`no service of ${domain} has the feature ${NS_UPLOAD}`);
}

async function upload(alice: XmppClient, service: string): Promise<string> {
  step(`alice requests a slot from ${service} for "${file.name}", ${file.bytes.length} bytes (XEP-0363) ...`);
  const request = `<request xmlns='${NS_UPLOAD}' filename='${file.name}' size='${file.bytes.length}' content-type='${file.type}'/>`;
  const slot = (await alice.iq("get", service, request)).getChild("slot", NS_UPLOAD);
  const putUrl = slot?.getChild("put")?.attrs.url ?? "";
  const getUrl = slot?.getChild("get")?.attrs.url ?? "";
  detail(`PUT URL: ${putUrl}`);
  detail(`GET URL: ${getUrl}`);

  step("alice uploads the file to the PUT URL ...");
  const put = await fetch(putUrl, {
    method: "PUT",
    body: file.bytes,
    headers: { "content-type": file.type },
  });
  detail(`${put.status} ${put.statusText}`);
  if (put.status !== 201) throw new Error(`the upload failed: ${await put.text()}`);
  return getUrl;
}

async function download(getUrl: string): Promise<void> {
  step("Anyone who has the GET URL can download the file ...");
  const get = await fetch(getUrl);
  const bytes = Buffer.from(await get.arrayBuffer());
  detail(`${get.status} ${get.statusText}, ${get.headers.get("content-type")}, ${bytes.length} bytes`);
  if (!bytes.equals(file.bytes)) throw new Error("the downloaded bytes differ from the uploaded bytes");
  detail("The downloaded bytes are the same.");
}

function invite({ c2sPort, c2sTlsPort, ca }: XmppServer): void {
  console.log(`
It stays up. Connect a client of your own; the passwords are pw-alice and pw-bob.

  go-sendxmpp (it wants TLS, so it is told whom to trust):
    SSL_CERT_FILE=${ca} \\
      go-sendxmpp -t -u alice@${domain} -p pw-alice -j 127.0.0.1:${c2sTlsPort} -h FILE bob@${domain}

  profanity:
    /connect alice@${domain} server 127.0.0.1 port ${c2sPort} tls disable
    /msg bob@${domain}
    /sendfile FILE

  Gajim and Dino refuse plain http, which this demo uses; a service behind TLS has them too.

Ctrl-C ends it and removes everything it has made.`);
}

async function main(): Promise<void> {
  const missing = await ensurePackages(packagesOf.prosody);
  if (missing !== undefined) throw new Error(`it needs Prosody. ${missing}`);
  const { prosody } = await startServers();
  const alice = await xmppClient({ port: prosody.c2sPort, domain, user: "alice", password: "pw-alice" });
  stops.push(() => alice.close());
  await download(await upload(alice, await discover(alice)));
  await alice.close();
  if (process.argv.includes("--once")) {
    console.log("\nEverything worked.");
    return;
  }
  invite(prosody);
  await new Promise<void>((resolve) => {
    process.once("SIGINT", resolve);
    process.once("SIGTERM", resolve);
  });
  console.log("\nStopping ...");
}

try {
  await main();
} catch (error) {
  console.error(`\nThe demo failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  await stopAll();
}
process.exit();
