import { xmppClient } from "../peers/clients/xmpp-client.ts";
import { freePorts } from "../peers/ports.ts";
import type { XmppServer } from "../peers/servers/xmpp-server.ts";
import { type Slotd, startSlotd } from "../peers/slotd.ts";

/** The one component of these tests. */
export const host = "upload.example.test";
export const secret = "s3cret";

export interface ComponentTestOptions {
  readonly secret?: string;
  readonly host?: string;
  /** More lines under [xmpp]. */
  readonly xmpp?: string;
  /** Left out: 1. With 0 it is not waited for. */
  readonly components?: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts slotd for example.test, on disk, on a component port. */
export async function startComponent(
  componentPort: number,
  options: ComponentTestOptions = {},
): Promise<Slotd> {
  const [httpPort] = await freePorts(1);
  const config = `
domains = ["example.test"]
host = "${options.host ?? host}"
backend = "disk"

[xmpp]
address = "127.0.0.1:${componentPort}"
secret = "${options.secret ?? secret}"
${options.xmpp ?? ""}
[http]
listen = "127.0.0.1:${httpPort}"
`;
  return startSlotd({ config, components: options.components ?? 1, env: options.env ?? {} });
}

/** The GET URL of a slot that alice is given; undefined when the answer is an error. */
export async function askForSlot(server: XmppServer): Promise<string | undefined> {
  return withSlots(server, (ask) => ask());
}

/** The same over one login, as often as it is asked. */
export async function withSlots<T>(
  server: XmppServer,
  work: (ask: () => Promise<string | undefined>) => Promise<T>,
): Promise<T> {
  const alice = await xmppClient({
    port: server.c2sPort,
    domain: "example.test",
    user: "alice",
    password: "pw-alice",
  });
  try {
    return await work(async () => {
      const request = "<request xmlns='urn:xmpp:http:upload:0' filename='a.txt' size='5'/>";
      const reply = await alice.iq("get", host, request, 5_000);
      return reply.getChild("slot", "urn:xmpp:http:upload:0")?.getChild("get")?.attrs.url;
    });
  } finally {
    await alice.close();
  }
}

/** A line of the log about a problem. */
export interface ProblemLine {
  readonly level: string;
  readonly problem: string | undefined;
  readonly msg: string;
  readonly server_text?: string;
}

/** What slotd has logged at warn level or above, or about a problem of its stream. */
export function problems(slotd: Slotd): ProblemLine[] {
  const lines = slotd.process
    .log()
    .split("\n")
    .filter((line) => line.startsWith("{"));
  return lines
    .map((line) => JSON.parse(line))
    .filter((entry) => entry.problem !== undefined || entry.level === "warn");
}
