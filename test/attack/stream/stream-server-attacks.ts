import { type XmppClient, xmppClient } from "../../peers/clients/xmpp-client.ts";
import { freePorts } from "../../peers/ports.ts";
import { startEjabberd } from "../../peers/servers/ejabberd.ts";
import { startProsody } from "../../peers/servers/prosody.ts";
import type { XmppServer, XmppServerOptions } from "../../peers/servers/xmpp-server.ts";
import { startSlotd } from "../../peers/slotd.ts";
import type { Attack, AttackOptions, Measure } from "../attack.ts";
import { forgetPeak, HOST, slotdConfig } from "./stream-target.ts";
import { hostileShapes, knownShapes, type Shape } from "./xml-shapes.ts";

const MiB = 1024 * 1024;
const DOMAIN = "example.test";
/** What ejabberd's own default lets a client send at once, less what is around it. */
const LENGTH = 59 * 1024;
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

  /** How long alice waits for a slot, in milliseconds. */
  async slot(): Promise<number> {
    const begun = performance.now();
    const answer = await this.#alice.iq("get", HOST, request);
    if (answer.attrs.type !== "result") throw new Error(`expected a slot, got ${answer}`);
    return performance.now() - begun;
  }

  /** Sends ten such IQs at once as another user. Gives how many errors came, and how long alice waited meanwhile. */
  async attack(content: string): Promise<{ errors: number; slot: number }> {
    this.#mallory ??= await login(this.#server, "bob");
    const mallory = this.#mallory;
    const asked = Array.from({ length: 10 }, () =>
      mallory.iq("get", HOST, content).then(
        ({ attrs }) => attrs.type === "error",
        // A server that does not pass a shape on ends the client's stream for it.
        () => false,
      ),
    );
    const slot = await this.slot();
    const answers = await Promise.all(asked);
    if (answers.includes(false)) this.#mallory = undefined;
    return { errors: answers.filter(Boolean).length, slot };
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
const deepestOfEjabberd = 2_500;

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
  deepest = Number.POSITIVE_INFINITY,
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
        .filter(({ content }) => depthOf(content) <= deepest);
    const known = usable(isShort ? knownShapes.slice(0, 6) : knownShapes);
    const shapes = [...known, ...usable(hostileShapes(random, isShort ? 4 : 60))];
    for (let time = 0; time < 100; time += 1) await users.slot();
    for (const { content } of known) await users.attack(content);
    let [above, slot, errors] = [0, 0, 0];
    for (const { content } of shapes) {
      forgetPeak(slotd.process.pid);
      const rest = slotd.process.memory().now;
      const outcome = await users.attack(content);
      above = Math.max(above, slotd.process.memory().peak - rest);
      slot = Math.max(slot, outcome.slot);
      errors += outcome.errors;
    }
    return [
      { what: "memory above rest, ten IQs of 59 KiB", measured: above / MiB, unit: "MiB", atMost: 16 },
      // The server reads them, too: it is most of this.
      { what: "another user's slot meanwhile", measured: slot, unit: "ms", atMost: 500 },
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
    run: (options) => throughServer(startEjabberd, options, deepestOfEjabberd),
  },
  {
    name: "xml-through-prosody",
    promise: "ten hostile IQs of any user cost at most 16 MiB, and others have their slots",
    needs: ["prosody"],
    run: (options) => throughServer(startProsody, options),
  },
];
