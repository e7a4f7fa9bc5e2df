import { expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { goSendxmppUpload, slixmppUploads } from "../peers/clients/clients.ts";
import { xmppClient } from "../peers/clients/xmpp-client.ts";
import { writeHardFiles } from "../peers/hard-files.ts";
import type { XmppServer } from "../peers/servers/xmpp-server.ts";

const NS_UPLOAD = "urn:xmpp:http:upload:0";

/** A server's own module that makes the slots, and slotd behind it that takes the files. */
export interface SlotMakerUnderTest {
  readonly server: XmppServer;
  /** Whose users it makes slots for; the service is `upload.` and this. */
  readonly domain: string;
  /** A folder for files; removed afterwards. */
  readonly folder: string;
  /** Whether the name in the path is signed; where it is not, it is decoration. */
  readonly signsName: boolean;
  /** The status for a file that is not as long as the slot says. */
  readonly wrongLength: number;
  /** The public base under which slotd serves the files. */
  readonly base: string;
}

/** One slot, as the server's module makes it. */
async function slotOf({ server, domain }: SlotMakerUnderTest, filename: string, size: number) {
  const alice = await xmppClient({ port: server.c2sPort, domain, user: "alice", password: "pw-alice" });
  try {
    const request = `<request xmlns='${NS_UPLOAD}' filename='${filename}' size='${size}' content-type='text/plain'/>`;
    const slot = (await alice.iq("get", `upload.${domain}`, request)).getChild("slot", NS_UPLOAD);
    const put = slot?.getChild("put");
    const headers = (put?.getChildElements() ?? []).map((header) => [
      String(header.attrs.name),
      String(header.text()),
    ]);
    return { putUrl: put?.attrs.url ?? "", getUrl: slot?.getChild("get")?.attrs.url ?? "", headers };
  } finally {
    await alice.close();
  }
}

/** What holds behind every module: real clients upload, and what comes back is what they sent. */
export function slotMakerContract(name: string, under: () => SlotMakerUnderTest): void {
  test(`${name}: slixmpp uploads files with special characters in their names, and each comes back the same`, async () => {
    const { server, domain, folder, base } = under();
    const files = writeHardFiles(join(folder, domain));
    const [alice, bob] = [`alice@${domain}`, `bob@${domain}`];
    const { ok, output, getUrls } = await slixmppUploads({
      ...{ port: server.c2sTlsPort, ca: server.ca, jid: alice, password: "pw-alice", to: bob },
      file: join(folder, domain),
    });
    expect(ok, output).toBe(true);
    expect(getUrls).toHaveLength(files.length);
    for (const [at, { name: filename, content, type }] of files.entries()) {
      const response = await fetch(getUrls[at] ?? "");
      const came = Buffer.from(await response.arrayBuffer());
      const essence = response.headers.get("content-type")?.split(";")[0];
      expect(getUrls[at]).toStartWith(base);
      expect([filename, response.status, came.equals(content), essence]).toEqual([
        ...[filename, 200, true],
        type ?? expect.any(String),
      ]);
    }
  }, 60_000);

  test(`${name}: go-sendxmpp uploads`, async () => {
    const { server, domain, folder } = under();
    const content = Buffer.concat([Buffer.from("ffd8ffe000104a46494600", "hex"), randomBytes(100_000)]);
    const file = join(folder, `été ${domain}.jpg`);
    writeFileSync(file, content);
    const { ok, output, getUrl } = await goSendxmppUpload({
      ...{ port: server.c2sTlsPort, ca: server.ca, file },
      ...{ jid: `alice@${domain}`, password: "pw-alice", to: `bob@${domain}` },
    });
    expect(ok, output).toBe(true);
    const response = await fetch(getUrl ?? "");
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "image/jpeg"]);
    expect(Buffer.from(await response.arrayBuffer()).equals(content)).toBe(true);
  }, 60_000);

  test(`${name}: a slot takes its own file once, and no other`, async () => {
    const { signsName, wrongLength } = under();
    const { putUrl, getUrl, headers } = await slotOf(under(), "a.txt", 5);
    const put = (body: string, url = putUrl) =>
      fetch(url, {
        method: "PUT",
        body,
        headers: [...headers, ["Content-Type", "text/plain"]] as [string, string][],
      }).then(({ status }) => status);
    expect(await put("hello!")).toBe(wrongLength);
    if (signsName) expect(await put("hello", putUrl.replace("a.txt", "b.txt"))).toBe(403);
    expect(await put("hello")).toBe(201);
    expect(await put("hello")).toBe(409);
    expect(await (await fetch(getUrl)).text()).toBe("hello");
  });
}
