import { type XmppClient, xmppClient } from "../../peers/clients/xmpp-client.ts";
import { freePorts } from "../../peers/ports.ts";
import { startEjabberd } from "../../peers/servers/ejabberd.ts";
import { startProsody } from "../../peers/servers/prosody.ts";
import type { XmppServer, XmppServerOptions } from "../../peers/servers/xmpp-server.ts";
import { startSlotd } from "../../peers/slotd.ts";
import type { Attack, AttackOptions, Measure } from "../attack.ts";
import { busyTime } from "../own-time.ts";
import { forgetPeak, HOST, slotdConfig } from "./stream-target.ts";
import { hostileShapes, knownShapes, type Shape } from "./xml-shapes.ts";

const MiB = 1024 * 1024;
const DOMAIN = "example.test";
/** What ejabberd's own default lets a client send at once, less what is around it. */
const LENGTH = 59 * 1024;
/** A server may take seconds to read what is sent here; milliseconds. */
const patience = 60_000;
const request =
  "<request xmlns='urn:xmpp:http:upload:0' filename='a.jpg' size='5' content-type='image/jpeg'/>";

/** What a user of a server may do to the others. */
class Users {
  readonly #server: XmppServer;
  readonly #alice: XmppClient;
  #mallory: XmppClient | undefined;

  constructor(server: XmppServer, alice: XmppClient) {
    this.#server = server;
    this.#alice = alice;
  }

  /** Alice has a slot, however long the server takes to read what others send. */
  async slot(): Promise<void> {
    const answer = await this.#alice.iq("get", HOST, request, patience);
    if (answer.attrs.type !== "result") throw new Error(`expected a slot, got ${answer}`);
  }

  /** Sends ten such IQs at once as another user, while alice asks for a slot. Gives how many errors came. */
  async attack(content: string): Promise<number> {
    this.#mallory ??= await login(this.#server, "bob");
    const mallory = this.#mallory;
    const asked = Array.from({ length: 10 }, () =>
      mallory.iq("get", HOST, content, patience).then(
        ({ attrs }) => attrs.type === "error",
        // A server that does not pass a shape on ends the client's stream for it.
        () => false,
      ),
    );
    await this.slot();
    const answers = await Promise.all(asked);
    if (answers.includes(false)) this.#mallory = undefined;
    return answers.filter(Boolean).length;
  }

  async close(): Promise<void> {
    await this.#mallory?.close();
    await this.#alice.close();
  }
}

function login(server: XmppServer, user: string): Promise<XmppClient> {
  return xmppClient({ port: server.c2sPort, domain: DOMAIN, user, password: `pw-${user}` });
}

/**
 * COMPAT(ejabberd 23.01): its own reader of XML ends the whole server at some thousands of elements within each other, and
 * passes nothing on.
 */
const passesEjabberd = (xml: string): boolean => depthOf(xml) <= 2_500;

/**
 * COMPAT(Prosody 0.12): it keeps the namespace of each attribute with a prefix, and is busy for minutes, or out of memory,
 * with what is long and many.
 */
function passesProsody(xml: string): boolean {
  const prefixed = xml.match(/ (?!xmlns)[^\s:='"<>]+:[^\s:='"<>]+=/g)?.length ?? 0;
  const namespaces = xml.matchAll(/ xmlns(?::[^\s=]+)?=(?:'([^']*)'|"([^"]*)")/g);
  const longest = Math.max(0, ...namespaces.map(([, single, double = ""]) => (single ?? double).length));
  return prefixed * longest <= 1_000_000;
}

function depthOf(xml: string): number {
  let [depth, deepest] = [0, 0];
  for (const [tag] of xml.matchAll(/<\/?[^!>][^>]*>/g)) {
    if (tag.endsWith("/>")) continue;
    depth += tag.startsWith("</") ? -1 : 1;
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}

async function throughServer(
  start: (options: XmppServerOptions) => Promise<XmppServer>,
  { isShort, random }: AttackOptions,
  passes: (xml: string) => boolean,
): Promise<Measure[]> {
  const server = await start({ components: { [HOST]: "s3cret" } });
  const [opsPort = 0] = await freePorts(1);
  const slotd = await startSlotd({
    config: slotdConfig(server.componentPort, opsPort),
    env: { SLOTD_OPS_SOCKET: "slotd.sock" },
  });
  const users = new Users(server, await login(server, "alice"));
  try {
    const usable = (shapes: readonly Shape[]) =>
      shapes
        .map(({ name, make }) => ({ name, content: make(LENGTH) }))
        .filter(({ content }) => passes(content));
    const known = usable(isShort ? knownShapes.slice(0, 6) : knownShapes);
    const shapes = [...known, ...usable(hostileShapes(random, isShort ? 4 : 60))];
    for (let time = 0; time < 100; time += 1) await users.slot();
    for (const { content } of known) await users.attack(content);
    let [above, work, errors] = [0, 0, 0];
    for (const { content } of shapes) {
      forgetPeak(slotd.process.pid);
      const rest = slotd.process.memory().now;
      const before = busyTime(slotd.process.pid);
      errors += await users.attack(content);
      above = Math.max(above, slotd.process.memory().peak - rest);
      work = Math.max(work, busyTime(slotd.process.pid) - before);
    }
    return [
      { what: "memory above rest, ten IQs of 59 KiB", measured: above / MiB, unit: "MiB", atMost: 16 },
      // Another user waits for the server to read them, too; this is how long for slotd.
      { what: "time that others wait for slotd", measured: work, unit: "ms", atMost: 100 },
      {
        what: "IQs that were passed on and refused",
        measured: errors,
        unit: "answers",
        atLeast: 10 * known.length,
      },
      { what: "logins", measured: slotd.timesOnline(), unit: "answers", atMost: 1 },
    ];
  } finally {
    await users.close();
    await slotd.stop();
    await server.stop();
  }
}

/** The same shapes as any user of a real server may send them. */
export const throughServers: readonly Attack[] = [
  {
    name: "xml-through-ejabberd",
    promise: "ten hostile IQs of any user cost at most 16 MiB, and others have their slots",
    needs: ["ejabberd"],
    run: (options) => throughServer(startEjabberd, options, passesEjabberd),
  },
  {
    name: "xml-through-prosody",
    promise: "ten hostile IQs of any user cost at most 16 MiB, and others have their slots",
    needs: ["prosody"],
    run: (options) => throughServer(startProsody, options, passesProsody),
  },
];
