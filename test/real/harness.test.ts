import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { connect as connectTls } from "node:tls";
import { goSendxmppUpload, slixmppUpload } from "../peers/clients/clients.ts";
import { xmppClient } from "../peers/clients/xmpp-client.ts";
import { freePorts, isPortOpen } from "../peers/ports.ts";
import { isRunning, makeFolder, removeFolder, runToEnd, startProcess, waitUntil } from "../peers/process.ts";
import { startEjabberd } from "../peers/servers/ejabberd.ts";
import { startJabberd2 } from "../peers/servers/jabberd2.ts";
import { startProsody } from "../peers/servers/prosody.ts";
import { type Rgw, startRgw } from "../peers/servers/rgw.ts";
import type { S3Store } from "../peers/servers/s3-store.ts";
import { startSwift } from "../peers/servers/swift.ts";
import type { XmppServer } from "../peers/servers/xmpp-server.ts";

setDefaultTimeout(60_000);

const ping = '<ping xmlns="urn:xmpp:ping"/>';
const components = { "upload.example.test": 's3crèt"\\' };

/** The first bytes that a server sends after these. */
function firstAnswer(socket: ReturnType<typeof connect>, opening: string): Promise<string> {
  return new Promise((resolve, reject) => {
    socket.once("data", (bytes) => {
      socket.destroy();
      resolve(bytes.toString());
    });
    socket.once("error", reject);
    socket.write(opening);
  });
}

const componentHeader =
  "<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' to='upload.example.test'>";

async function pingAs(server: XmppServer, jid: string): Promise<string | undefined> {
  const account = server.accounts.find((each) => each.jid === jid)!;
  const client = await xmppClient({ ...account, port: server.c2sPort });
  try {
    return (await client.iq("get", account.domain, ping)).attrs.type;
  } finally {
    await client.close();
  }
}

describe("a managed process", () => {
  let folder: string;
  beforeAll(() => {
    folder = makeFolder("managed");
  });
  afterAll(() => removeFolder(folder));

  test("that ends before it is ready fails the start, with the end of its log", async () => {
    const start = startProcess({
      name: "doomed",
      command: ["sh", "-c", "echo no such luck; exit 3"],
      folder,
      isReady: () => false,
    });
    await expect(start).rejects.toThrow(/doomed ended with 3.*\nno such luck/);
  });

  test("that is never ready is ended when its time is up", async () => {
    const command = ["sh", "-c", "echo $$ > pid; exec sleep 60"] as const;
    const start = startProcess({ name: "slow", command, folder, isReady: () => false, readyWithin: 200 });
    await expect(start).rejects.toThrow("waited 0.2 s for slow to be ready");
    expect(isRunning(Number(readFileSync(join(folder, "pid"), "utf8")))).toBe(false);
  });

  test("that ignores SIGTERM is killed after the bound, with the children it has", async () => {
    const script = 'trap "" TERM; sleep 60 & echo $! > child; while :; do sleep 1; done';
    const stubborn = await startProcess({
      ...{ name: "stubborn", command: ["sh", "-c", script], folder },
      isReady: () => existsSync(join(folder, "child")),
    });
    expect(stubborn.memory().now).toBeGreaterThan(0);
    expect(stubborn.memory().peak).toBeGreaterThanOrEqual(stubborn.memory().now);
    await stubborn.stop(100);
    expect(stubborn.result).toBe("SIGKILL");
    const child = Number(readFileSync(join(folder, "child"), "utf8"));
    await waitUntil("the child to end", () => !isRunning(child), 5000);
  });

  test.each(["SIGINT", "SIGTERM", "SIGKILL"] as const)(
    "and its folder do not outlive the test that gets %s",
    async (signal) => {
      const script = `
      import { makeFolder, startProcess } from ${JSON.stringify(join(import.meta.dirname, "../peers/process.ts"))};
      const folder = makeFolder("orphan");
      const { pid } = await startProcess({ name: "sleep", command: ["sleep", "60"], folder });
      console.log(JSON.stringify({ pid, folder }));
      setInterval(() => {}, 1000);`;
      const parent = await startProcess({
        name: `parent-${signal}`,
        command: [process.execPath, "-e", script],
        folder,
      });
      await waitUntil("the child", () => parent.log().includes("}"));
      const child = JSON.parse(parent.log()) as { pid: number; folder: string };
      expect(isRunning(child.pid)).toBe(true);
      process.kill(parent.pid, signal);
      await parent.ended;
      await waitUntil("the child to end", () => !isRunning(child.pid), 5000);
      // Nobody can clean up after SIGKILL.
      expect(existsSync(child.folder)).toBe(signal === "SIGKILL");
      removeFolder(child.folder);
    },
  );

  test("that runs to its end is ended when its time is up", async () => {
    const { ok, output } = await runToEnd({ name: "endless", command: ["sleep", "60"] }, 100);
    expect(ok).toBe(false);
    expect(output).toContain("endless was ended after 0.1 s");
  });
});

test("free ports differ and are free", async () => {
  const ports = await freePorts(20);
  expect(new Set(ports).size).toBe(20);
  expect(await Promise.all(ports.map(isPortOpen))).not.toContain(true);
});

describe.each([
  ["Prosody", startProsody],
  ["ejabberd", startEjabberd],
  ["jabberd2", startJabberd2],
] as const)("%s", (_name, start) => {
  let server: XmppServer;
  beforeAll(async () => {
    server = await start({ components });
  });
  afterAll(() => server?.stop());

  test("lets alice and bob of every domain in and answers a ping", async () => {
    expect(server.accounts.map((account) => account.jid)).toEqual(
      ["example.test", "example2.test"].flatMap((domain) => [`alice@${domain}`, `bob@${domain}`]),
    );
    for (const { jid } of server.accounts) expect(await pingAs(server, jid)).toBe("result");
  });

  test("shows a client the error reply as it is", async () => {
    const client = await xmppClient({ ...server.accounts[0]!, port: server.c2sPort });
    const reply = await client.iq("get", "nobody@example.test", "<query xmlns='jabber:iq:version'/>");
    expect(reply.attrs.type).toBe("error");
    expect(reply.getChild("error")?.getChildElements()[0]?.getNS()).toBe(
      "urn:ietf:params:xml:ns:xmpp-stanzas",
    );
    await client.close();
  });

  test("brings a client the messages of another", async () => {
    const [alice, bob] = await Promise.all(
      ["alice", "bob"].map((user) =>
        xmppClient({ port: server.c2sPort, domain: "example.test", user, password: `pw-${user}` }),
      ),
    );
    await alice!.send(`<message to="${bob!.jid}" type="chat"><body>good day</body></message>`);
    await waitUntil("the message", () => bob!.messages.length > 0);
    expect(bob!.messages[0]?.getChildText("body")).toBe("good day");
    await Promise.all([alice!.close(), bob!.close()]);
  });

  test("refuses a wrong password", async () => {
    const client = xmppClient({ ...server.accounts[0]!, password: "wrong", port: server.c2sPort });
    await expect(client).rejects.toThrow("not-authorized");
  });

  test("answers the header of a component", async () => {
    const answer = await firstAnswer(connect(server.componentPort, "127.0.0.1"), componentHeader);
    expect(answer).toContain("jabber:component:accept");
  });

  test("neither answers nor drops a connection while frozen", async () => {
    const client = await xmppClient({ ...server.accounts[0]!, port: server.c2sPort });
    server.freeze();
    await expect(client.iq("get", "example.test", ping, 300)).rejects.toThrow("no reply");
    server.thaw();
    expect((await client.iq("get", "example.test", ping)).attrs.type).toBe("result");
    await client.close();
  });

  test("is back on the same ports with the same accounts after SIGKILL and after a shutdown", async () => {
    const ports = [server.c2sPort, server.c2sTlsPort, server.componentPort];
    for (const end of [() => server.kill9(), async () => {}]) {
      const before = server.pid;
      await end();
      await server.restart();
      expect(server.pid).not.toBe(before);
      expect(await Promise.all(ports.map(isPortOpen))).toEqual([true, true, true]);
      expect(await pingAs(server, "alice@example2.test")).toBe("result");
    }
  });

  test("leaves no process, no port and no file behind", async () => {
    const { pid, ca, c2sPort, c2sTlsPort, componentPort } = server;
    await server.stop();
    await server.stop();
    expect(isRunning(pid)).toBe(false);
    expect(await Promise.all([c2sPort, c2sTlsPort, componentPort].map(isPortOpen))).not.toContain(true);
    expect(existsSync(dirname(ca))).toBe(false);
  });
});

test("ejabberd speaks TLS on the component port when told to", async () => {
  const server = await startEjabberd({ components, componentTls: true });
  try {
    const { componentPort: port, ca } = server;
    const socket = connectTls({ port, host: "127.0.0.1", servername: "example.test", ca: readFileSync(ca) });
    expect(await firstAnswer(socket, componentHeader)).toContain("jabber:component:accept");
  } finally {
    await server.stop();
  }
});

describe("a real client", () => {
  let server: XmppServer;
  let folder: string;
  beforeAll(async () => {
    const [http] = await freePorts(1);
    server = await startProsody({
      components: {},
      extra: [`http_ports = { ${http} }`, "https_ports = {}", 'http_interfaces = { "127.0.0.1" }'],
      hosts: [
        'Component "upload.example.test" "http_file_share"',
        `  http_external_url = "http://127.0.0.1:${http}/"`,
        '  http_host = "127.0.0.1"',
      ],
    });
    folder = makeFolder("files");
    mkdirSync(join(folder, "sub"));
    writeFileSync(join(folder, "très cool.txt"), "good day");
  });
  afterAll(async () => {
    removeFolder(folder);
    await server?.stop();
  });

  const uploads = {
    "go-sendxmpp over TLS": (to: string) =>
      goSendxmppUpload({ ...upload(to), port: server.c2sTlsPort, ca: server.ca }),
    slixmpp: (to: string) => slixmppUpload({ ...upload(to), port: server.c2sPort }),
    "slixmpp over TLS": (to: string) =>
      slixmppUpload({ ...upload(to), port: server.c2sTlsPort, ca: server.ca }),
  };
  const upload = (to: string) => ({
    ...{ jid: "alice@example.test", password: "pw-alice", to },
    file: join(folder, "très cool.txt"),
  });

  test.each(Object.entries(uploads))(
    "%s uploads and tells the recipient the GET URL",
    async (_name, send) => {
      const bob = await xmppClient({
        port: server.c2sPort,
        domain: "example.test",
        user: "bob",
        password: "pw-bob",
      });
      const { ok, getUrl = "", output } = await send("bob@example.test");
      expect(output).not.toContain("Error");
      expect(ok).toBe(true);
      expect(await (await fetch(getUrl)).text()).toBe("good day");
      await waitUntil("the message", () => bob.messages.length > 0);
      expect(bob.messages[0]?.getChildText("body")).toBe(getUrl);
      await bob.close();
    },
  );

  test("says what went wrong when it has no service to upload to", async () => {
    const account = { jid: "alice@example2.test", to: "bob@example2.test" };
    const slixmpp = await slixmppUpload({ ...upload(""), ...account, port: server.c2sPort });
    expect(slixmpp).toMatchObject({ ok: false, getUrl: undefined });
    expect(slixmpp.output).toContain("no item of example2.test has the feature");
    const go = await goSendxmppUpload({ ...upload(""), ...account, port: server.c2sTlsPort, ca: server.ca });
    expect(go).toMatchObject({ ok: false, getUrl: undefined });
  });
});

describe.each([
  ["Ceph RGW", startRgw],
  ["Swift", startSwift],
] as const)("%s", (_name, start) => {
  let store: S3Store;
  beforeAll(async () => {
    store = await start();
  });
  afterAll(() => store?.stop());

  const key = "0a/très cool + ' ( ) ~ % %20 # ? & = ; : @ , $ * ! [ ] { } | ^ \" \\ < > 😀.txt";

  test("is empty, then gives back what was put, whatever the key", async () => {
    expect(await store.listKeys()).toEqual([]);
    await store.putObject(key, "good day", "text/plain");
    expect(await store.listKeys()).toEqual([key]);
    const { status, body, contentType } = await store.fetchObject(key);
    expect(status).toBe(200);
    expect(new TextDecoder().decode(body)).toBe("good day");
    expect(contentType).toBe("text/plain");
    expect((await store.fetchObject("0a/other")).status).toBe(404);
  });

  test("lets anyone read a public bucket without a signature", async () => {
    if ("makeBucketPublic" in store) {
      expect((await fetch(store.anonymousUrl(key))).status).toBe(403);
      await (store as Rgw).makeBucketPublic();
    }
    const response = await fetch(store.anonymousUrl(key));
    expect(response.status).toBe(200);
    expect(await response.text()).toBe("good day");
  });

  test("refuses another key pair", async () => {
    const response = await fetch(`${store.bucketUrl}/0a/x`, {
      headers: { authorization: "AWS4-HMAC-SHA256 Credential=nobody/20260101/us-east-1/s3/aws4_request" },
    });
    expect(response.status).toBeGreaterThanOrEqual(400);
  });

  test("leaves no process and no port behind", async () => {
    const port = Number(new URL(store.endpoint).port);
    await store.stop();
    await store.stop();
    expect(store.pids.filter(isRunning)).toEqual([]);
    expect(await isPortOpen(port)).toBe(false);
  });
});
