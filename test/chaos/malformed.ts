import { type XmppClient, xmppClient } from "../peers/clients/xmpp-client.ts";
import { sleep } from "../peers/process.ts";
import type { XmppServer } from "../peers/servers/xmpp-server.ts";

const NS = "urn:xmpp:http:upload:0";

/** Requests that are well-formed XML and wrong in every other way: what a stranger can make a server pass on. */
const shapes: readonly ((n: number) => string)[] = [
  () => `<request xmlns='${NS}'/>`,
  (n) => `<request xmlns='${NS}' filename='${"x".repeat(n % 600)}' size='1'/>`,
  (n) => `<request xmlns='${NS}' filename='a' size='-${n}'/>`,
  (n) => `<request xmlns='${NS}' filename='a' size='${n}e9'/>`,
  () => `<request xmlns='${NS}' filename='../../etc/passwd' size='1'/>`,
  () => `<request xmlns='${NS}' filename='a&#10;b' size='1' content-type='a/b&#13;&#10;X: y'/>`,
  (n) => `<request xmlns='urn:xmpp:http:upload'><size>${n}</size><filename><b/></filename></request>`,
  (n) => `${"<a>".repeat(n % 60)}${"</a>".repeat(n % 60) || "<a/>"}`,
  (n) => `<q xmlns='urn:x:${n}'>${"&#x1F408;".repeat(n % 50)}</q>`,
  () => "<query xmlns='http://jabber.org/protocol/disco#info' node='&lt;&apos;'/>",
  // Over what slotd reads of one stanza, and under what the server passes on.
  (n) => `<request xmlns='${NS}'>${"<x/>".repeat(n % 100 === 0 ? 20_000 : 10)}</request>`,
];

/** Sends so many requests of these shapes to a component and waits for an answer to each. */
export async function sendMalformed(server: XmppServer, domain: string, count: number): Promise<void> {
  let client: XmppClient | undefined;
  const inFlight = 50;
  for (let sent = 0; sent < count; sent += inFlight) {
    client ??= await xmppClient({ port: server.c2sPort, domain, user: "bob", password: "pw-bob" });
    const connected = client;
    const asked = Array.from({ length: inFlight }, (_, index) => {
      const n = sent + index;
      const shape = shapes[n % shapes.length];
      return connected.iq(n % 7 === 0 ? "set" : "get", `upload.${domain}`, shape?.(n) ?? "", 20_000);
    });
    const answers = await Promise.all(asked);
    const granted = answers.filter((answer) => answer.attrs.type !== "error" && !answer.getChild("slot"));
    if (granted.some((answer) => answer.getChild("query") === undefined)) {
      throw new Error(`a malformed request was answered with ${granted[0]}`);
    }
    await sleep(1);
  }
  await client?.close();
}
