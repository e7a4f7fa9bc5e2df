/**
 * npm run test:rolling [-- ROUNDS [PAUSE]]: two slotd share one JID on ejabberd, and one after the other is replaced
 * while 50 users ask for slots, each PAUSE milliseconds (500 when left out) after its last answer. Fails when a
 * request gets no answer, or an error for one.
 *
 * What bounds it: from the moment at which ejabberd has read the end of a component's stream until it has taken its
 * route away (about 0.25 ms here) it passes stanzas to a process that is ending, and they are lost inside ejabberd.
 * A pause of 0 shows that.
 */
import { ensurePackages, packagesOf } from "../../scripts/debian.ts";
import { type XmppClient, xmppClient } from "../peers/clients/xmpp-client.ts";
import { freePorts } from "../peers/ports.ts";
import { sleep } from "../peers/process.ts";
import { startEjabberd } from "../peers/servers/ejabberd.ts";
import type { XmppServer } from "../peers/servers/xmpp-server.ts";
import { type Slotd, startSlotd } from "../peers/slotd.ts";

const NS_UPLOAD = "urn:xmpp:http:upload:0";
const CONNECTIONS = 5;
const USERS_EACH = 10;

/** What became of the requests. */
export interface RollingResult {
  readonly answered: number;
  /** The conditions of error answers, each as often as it came. */
  readonly errors: readonly string[];
  readonly unanswered: number;
  /** How often a slotd was replaced. */
  readonly restarts: number;
}

/** A slotd that keeps nothing: slots for a bucket need no request and no record. */
function startStateless(server: XmppServer, httpPort: number): Promise<Slotd> {
  return startSlotd({
    config: `
domains = ["example.test"]
[xmpp]
address = "127.0.0.1:${server.componentPort}"
secret = "s3cret"
[http]
listen = "127.0.0.1:${httpPort}"
[s3]
bucket_url = "https://bucket.s3.example.com"
region = "us-east-1"
access_key_id = "TESTACCESSKEY0000001"
secret_access_key = "test"
`,
  });
}

/** Replaces both slotd in turn, `rounds` times, under load. `pause`: milliseconds between a user's requests. */
export async function rollingRestart(rounds: number, pause: number): Promise<RollingResult> {
  const server = await startEjabberd({ components: { "upload.example.test": "s3cret" } });
  const [one = 0, two = 0] = await freePorts(2);
  const ports = [one, two];
  const running = await Promise.all(ports.map((port) => startStateless(server, port)));
  try {
    const load = startRequests(server, pause);
    for (let turn = 0; turn < 2 * rounds; turn += 1) {
      await sleep(1_000);
      const index = turn % 2;
      await running[index]?.stop();
      await sleep(300);
      running[index] = await startStateless(server, ports[index] ?? 0);
    }
    await sleep(1_000);
    return { ...(await load.stop()), restarts: 2 * rounds };
  } finally {
    for (const slotd of running) await slotd.stop();
    await server.stop();
  }
}

function startRequests(
  server: XmppServer,
  pause: number,
): { stop(): Promise<Omit<RollingResult, "restarts">> } {
  const result = { answered: 0, errors: [] as string[], unanswered: 0 };
  let isStopping = false;
  const keepAsking = async (client: XmppClient): Promise<void> => {
    const request = `<request xmlns='${NS_UPLOAD}' filename='très cool.jpg' size='23456' content-type='image/jpeg'/>`;
    while (!isStopping) {
      try {
        const reply = await client.iq("get", "upload.example.test", request, 10_000);
        if (reply.attrs.type === "result") result.answered += 1;
        else result.errors.push(reply.getChild("error")?.getChildElements()[0]?.name ?? "?");
      } catch {
        result.unanswered += 1;
      }
      await sleep(pause * 2 * Math.random());
    }
  };
  const connection = async (): Promise<void> => {
    const login = { port: server.c2sPort, domain: "example.test", user: "alice", password: "pw-alice" };
    const client = await xmppClient(login);
    await Promise.all(Array.from({ length: USERS_EACH }, () => keepAsking(client)));
    await client.close();
  };
  const connections = Promise.all(Array.from({ length: CONNECTIONS }, connection));
  return {
    async stop() {
      isStopping = true;
      await connections;
      return result;
    },
  };
}

if (import.meta.main) {
  const missing = await ensurePackages(packagesOf.ejabberd);
  if (missing !== undefined) {
    console.error(missing);
    process.exit(1);
  }
  const { answered, errors, unanswered, restarts } = await rollingRestart(
    Number(process.argv[2] ?? 5),
    Number(process.argv[3] ?? 500),
  );
  console.log(
    `${restarts} restarts: ${answered} requests answered, ${errors.length} with an error, ${unanswered} not at all`,
  );
  for (const condition of new Set(errors)) console.log(`  ${condition}`);
  process.exit(errors.length + unanswered > 0 ? 1 : 0);
}
