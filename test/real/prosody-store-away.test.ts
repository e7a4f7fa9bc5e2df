import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { takeSqliteLock } from "../../src/lock/sqlite-lock.ts";
import { type XmppClient, xmppClient } from "../peers/clients/xmpp-client.ts";
import { freePorts } from "../peers/ports.ts";
import {
  type ManagedProcess,
  makeFolder,
  removeFolder,
  runToEnd,
  startProcess,
  waitUntil,
} from "../peers/process.ts";
import { startProsody } from "../peers/servers/prosody.ts";
import type { XmppServer } from "../peers/servers/xmpp-server.ts";
import { type Slotd, slotdUnderTest, startSlotd } from "../peers/slotd.ts";

const NS_UPLOAD = "urn:xmpp:http:upload:0";

let prosody: XmppServer;
let alice: XmppClient;
let slotd: Slotd;
let opsPort: number;
let ledgers: string;
let started = 0;
/** Started beside the first, or after it. */
let again: ManagedProcess | undefined;

beforeAll(async () => {
  ledgers = makeFolder("ledgers");
  prosody = await startProsody({ components: { "upload.example.test": "secret" } });
}, 30_000);
afterAll(async () => {
  await prosody.stop();
  removeFolder(ledgers);
});
beforeEach(async () => {
  const login = { port: prosody.c2sPort, domain: "example.test", user: "alice", password: "pw-alice" };
  alice = await xmppClient(login);
});
afterEach(async () => {
  await alice.close();
  await again?.stop();
  again = undefined;
  await slotd.stop();
});

/** `ledger`: a URL; a relative path in it is in the volume. */
async function start(more = "", ledger = `sqlite:${join(ledgers, `${++started}.db`)}`): Promise<void> {
  const [http = 0, ops = 0] = await freePorts(2);
  opsPort = ops;
  slotd = await startSlotd({
    config: `
domains = ["example.test"]
backend = "disk"
disk.path = "volume"
ledger.url = "${ledger}"
${more}
[xmpp]
address = "127.0.0.1:${prosody.componentPort}"
secret = "secret"
[http]
listen = "127.0.0.1:${http}"
[ops]
listen = "127.0.0.1:${ops}"
socket = "slotd.sock"
`,
  });
}

interface Slot {
  readonly put: string;
  readonly get: string;
}

async function askFor(size: number): Promise<Slot | string> {
  const request = `<request xmlns='${NS_UPLOAD}' filename='a.txt' size='${size}'/>`;
  const reply = await alice.iq("get", "upload.example.test", request);
  const slot = reply.getChild("slot", NS_UPLOAD);
  const { put = "", get = "" } = {
    put: slot?.getChild("put")?.attrs.url,
    get: slot?.getChild("get")?.attrs.url,
  };
  if (slot) return { put, get };
  return reply.getChild("error")?.getChildText("text") ?? "nothing";
}

async function slot(size: number): Promise<Slot> {
  const asked = await askFor(size);
  if (typeof asked === "string") throw new Error(asked);
  return asked;
}

const put = async (url: string, text: string) => (await fetch(url, { method: "PUT", body: text })).status;
const get = async (url: string) => (await fetch(url)).status;

async function upload(text: string): Promise<string> {
  const { put: putUrl, get: getUrl } = await slot(text.length);
  expect(await put(putUrl, text)).toBe(201);
  return getUrl;
}

const command = (...words: string[]) =>
  runToEnd({
    name: words[0] ?? "slotd",
    command: [slotdUnderTest(), ...words, "--config", join(slotd.folder, "slotd.toml")],
  });

async function files(): Promise<{ state: string; jid: string }[]> {
  const { output } = await command("files", "--jid", "alice@example.test", "--json");
  return JSON.parse(output).files;
}

const ready = async () => {
  const response = await fetch(`http://127.0.0.1:${opsPort}/readyz`);
  return { status: response.status, text: await response.text() };
};

const volume = () => join(slotd.folder, "volume");

/** As an unmounted volume looks: the folder is there, and empty. */
function unmount(): void {
  renameSync(volume(), `${volume()}-away`);
  mkdirSync(volume());
}

function mount(): void {
  rmSync(volume(), { recursive: true });
  renameSync(`${volume()}-away`, volume());
}

const isAway = () => waitUntil("slotd to miss the volume", async () => (await ready()).status === 503);
const isBack = () => waitUntil("slotd to have the volume back", async () => (await ready()).status === 200);

describe("a volume that is not mounted", () => {
  test("while slotd runs: nothing is taken and nothing forgotten; back, all is served as before", async () => {
    // It would be swept while the volume is away.
    await start('purpose.message.retention = "6s"');
    const early = await upload("the first file");
    const expiresAt = Date.now() + 6_000;
    unmount();
    await isAway();
    const { text } = await ready();
    expect(text).toContain("The ledger has files of example.test. slotd looked for");
    expect(await askFor(5)).toStartWith("The storage of the service is unavailable at present.");
    expect(await get(early)).toBe(503);
    await waitUntil("the first file to expire", () => Date.now() > expiresAt + 7_000);
    expect(await files()).toHaveLength(1);
    expect(readdirSync(volume())).toEqual([]);
    mount();
    await isBack();
    // Its time was over while the volume was away: only now it is removed, from the volume as from the ledger.
    const objects = () =>
      readdirSync(join(volume(), "objects"), { recursive: true, withFileTypes: true }).filter((entry) =>
        entry.isFile(),
      );
    await waitUntil("the sweep", () => objects().length === 0);
    expect((await files()).map(({ state }) => state)).toEqual(["pending-deletion"]);
    expect(await get(await upload("later"))).toBe(200);
    expect(slotd.process.log().match(/matches the ledger again/g)).toHaveLength(1);
  }, 60_000);

  test("with the ledger in it, while slotd runs", async () => {
    await start("", "sqlite:slotd.db");
    const file = await upload("a file");
    unmount();
    await isAway();
    expect(await askFor(5)).toStartWith("The storage of the service is unavailable");
    mount();
    await isBack();
    expect(await get(file)).toBe(200);
    expect(await get(await upload("another"))).toBe(200);
  }, 60_000);

  test("at the start: the commands refuse too, and owners are kept", async () => {
    await start();
    const urls = await Promise.all(["one", "two", "three"].map((text) => upload(text)));
    const { put: putLater, get: getLater } = await slot(5);
    await slotd.process.stop();
    unmount();
    await restart();
    await isAway();
    expect(await askFor(5)).toStartWith("The storage of the service is unavailable at present.");
    // The keys lie in the volume: whether the signature is right cannot be told.
    expect(await put(putLater, "later")).toBe(503);
    for (const words of [
      ["reconcile", "--fix"],
      ["reconcile"],
      ["sweep"],
      ["purge", "--jid", "alice@example.test"],
    ]) {
      const { ok, output } = await command(...words);
      expect([words, ok, output]).toEqual([
        words,
        false,
        expect.stringContaining("Nothing was done. Mount its volume"),
      ]);
    }
    const check = await command("check");
    expect(check.output).toContain("of them in this store and found none");
    expect(await files()).toHaveLength(4);
    mount();
    await isBack();
    for (const url of urls) expect(await get(url)).toBe(200);
    expect(await put(putLater, "later")).toBe(201);
    expect(await get(getLater)).toBe(200);
    expect((await files()).map(({ jid }) => jid)).toEqual(Array(4).fill("alice@example.test"));
    expect((await command("reconcile")).output).toContain("ledger and store agree");
  }, 60_000);

  test("for good: told so twice the ledger forgets, and slotd goes on with the new one", async () => {
    await start();
    const url = await upload("lost");
    unmount();
    await isAway();
    const { ok, output } = await command("reconcile", "--fix", "--forget-many");
    expect([ok, output]).toEqual([true, expect.stringContaining("1 difference, 1 repaired.")]);
    await isBack();
    expect(await get(url)).toBe(404);
    expect(await get(await upload("the first of the new volume"))).toBe(200);
    // The old one is another one now.
    rmSync(volume(), { recursive: true });
    renameSync(`${volume()}-away`, volume());
    await isAway();
    expect((await ready()).text).toContain("another identity");
  }, 60_000);
});

/** The same slotd once more, on the same folder. */
async function restart(env: Readonly<Record<string, string>> = {}): Promise<void> {
  const before = slotd.timesOnline();
  again = await startProcess({
    name: "slotd",
    command: [slotdUnderTest(), "serve", "--config", join(slotd.folder, "slotd.toml")],
    folder: slotd.folder,
    env: { SLOTD_LOG_FORMAT: "json", ...env },
  });
  await waitUntil("slotd to be connected", () => slotd.timesOnline() > before);
}

/** A PUT of ten bytes whose second half comes when it is told to; resolves when it is under way. */
async function slowPut(url: string) {
  const sent = Promise.withResolvers<void>();
  const body = new ReadableStream({
    async start(controller) {
      controller.enqueue(Buffer.from("12345"));
      await sent.promise;
      controller.enqueue(Buffer.from("67890"));
      controller.close();
    },
  });
  const uploaded = fetch(url, { method: "PUT", body, headers: { "content-length": "10" } });
  await waitUntil("the upload to begin", () => readdirSync(join(volume(), "incoming")).length === 1);
  return { uploaded, finish: sent.resolve };
}

describe("two slotd on one folder", () => {
  const serve = () =>
    runToEnd({
      name: "second",
      command: [slotdUnderTest(), "serve", "--config", join(slotd.folder, "slotd.toml")],
      env: {
        SLOTD_HTTP_LISTEN: "127.0.0.1:0",
        SLOTD_OPS_LISTEN: "127.0.0.1:0",
        SLOTD_OPS_SOCKET: "second.sock",
      },
    });

  test("the second one does not start, and says why; commands need no lock; a killed one leaves none", async () => {
    await start();
    const { ok, output } = await serve();
    expect([ok, output]).toEqual([false, expect.stringContaining("Another slotd uses")]);
    expect((await command("rotate-key")).ok).toBe(true);
    expect((await command("reconcile")).ok).toBe(true);
    await slotd.process.kill9();
    expect(existsSync(join(volume(), "slotd.lock"))).toBe(true);
    await restart();
    expect(await get(await upload("a file"))).toBe(200);
  }, 60_000);

  test("a successor starts while its predecessor lets an upload finish", async () => {
    await start("shutdown_grace = 20");
    const { put: url, get: getUrl } = await slot(10);
    const { uploaded, finish } = await slowPut(url);
    slotd.process.signal("SIGTERM");
    // Its metrics are there until the end.
    await restart({ SLOTD_OPS_LISTEN: "127.0.0.1:0" });
    expect(slotd.process.result).toBeUndefined();
    finish();
    expect((await uploaded).status).toBe(201);
    expect(await slotd.process.ended).toBe(0);
    expect(await get(getUrl)).toBe(200);
  }, 60_000);

  test("a reload takes a folder's lock first, gives it up last, and may change its mind", async () => {
    // Without a ledger: in one, a domain whose files stay behind in the other folder would be refused.
    await start("shutdown_grace = 20", "none");
    const file = join(slotd.folder, "slotd.toml");
    const config = readFileSync(file, "utf8");
    const [port = 0] = await freePorts(1);
    const other = config
      .replace('disk.path = "volume"', 'disk.path = "other"')
      .replace(/(\[http\]\nlisten = ).*/, `$1"127.0.0.1:${port}"`);
    const lockOf = (folder: string) => takeSqliteLock(join(slotd.folder, folder, "slotd.lock"));
    const isHeld = (folder: string) => expect(lockOf(folder)).rejects.toMatchObject({ code: "locked" });
    const reload = (text: string) => {
      writeFileSync(file, text);
      return runToEnd({
        name: "reload",
        command: [slotdUnderTest(), "reload", "--config", file],
        env: { SLOTD_OPS_SOCKET: join(slotd.folder, "slotd.sock") },
      });
    };

    mkdirSync(join(slotd.folder, "other"));
    const theirs = await lockOf("other");
    const refused = await reload(other);
    expect([refused.ok, refused.output]).toEqual([false, expect.stringContaining("Another slotd uses")]);
    expect(await get(await upload("still here"))).toBe(200);
    await theirs.release();

    const { uploaded, finish } = await slowPut((await slot(10)).put);
    expect(await reload(other)).toMatchObject({ ok: true });
    await Promise.all([isHeld("volume"), isHeld("other")]);
    // The upload is still under way: the folder is slotd's own, and can be had back.
    expect(await reload(config)).toMatchObject({ ok: true });
    expect(await get(await upload("here again"))).toBe(200);
    expect(await reload(other)).toMatchObject({ ok: true });
    finish();
    expect((await uploaded).status).toBe(201);
    await waitUntil("the first folder to be given up", async () => {
      const lock = await lockOf("volume").catch(() => undefined);
      await lock?.release();
      return lock !== undefined;
    });
    await isHeld("other");
    expect(await get(await upload("in the other one"))).toBe(200);
  }, 60_000);
});
