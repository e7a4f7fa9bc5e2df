import { makeFolder, removeFolder } from "../test/peers/process.ts";
import { startEjabberd } from "../test/peers/servers/ejabberd.ts";
import { startProsody } from "../test/peers/servers/prosody.ts";
import type { XmppServer } from "../test/peers/servers/xmpp-server.ts";
import { startSlotd } from "../test/peers/slotd.ts";
import type { Bench, Case, OpenBench } from "./bench.ts";
import { secret, startComponent } from "./contenders/components.ts";
import { s3Config } from "./contenders/slotd-config.ts";
import { onServerCore } from "./cores.ts";
import { type C2sClient, connectC2s } from "./load/c2s-client.ts";

const DOMAIN = "example.test";
const SLOTD = `upload.${DOMAIN}`;
const ECHO = `echo.${DOMAIN}`;
const OWN = `share.${DOMAIN}`;
const IN_FLIGHT = 50;
const SECONDS = 2;

const components = { [SLOTD]: secret, [ECHO]: secret };

/** Prosody with its own upload module as one more component. */
function prosodyWithOwn(): Promise<XmppServer> {
  return startProsody({
    domains: [DOMAIN],
    components,
    // Else its storage takes no more after 10,000 slots.
    extra: ["http_ports = { }", "https_ports = { }", "storage_archive_item_limit = 100000000"],
    hosts: [
      `Component "${OWN}" "http_file_share"`,
      "  http_file_share_size_limit = 100*1024*1024",
      `  http_file_share_access = { "${DOMAIN}" }`,
      `  http_external_url = "https://${OWN}/"`,
      // Else it refuses after some thousand slots: that is no use to a measurement, and it counts all the same.
      "  http_file_share_daily_quota = math.huge",
    ],
  });
}

/** ejabberd with its own upload module. */
function ejabberdWithOwn(): Promise<XmppServer> {
  const folder = makeFolder("ejabberd-uploads");
  return startEjabberd({
    domains: [DOMAIN],
    components,
    extra: [
      "append_host_config:",
      `  "${DOMAIN}":`,
      "    modules:",
      "      mod_http_upload:",
      `        hosts: [ "${OWN}" ]`,
      `        docroot: "${folder}"`,
      `        put_url: "https://${OWN}/upload"`,
      "        access: all",
      "        max_size: infinity",
    ],
  }).finally(() => process.once("exit", () => removeFolder(folder)));
}

/** Seconds. */
const WARM_UP = 4;

async function openSlots(own: string, start: () => Promise<XmppServer>, ratio: number): Promise<OpenBench> {
  const server = await onServerCore(start);
  // They run beside the load: a component takes work off the server's core, which is what it is for.
  const slotd = await startSlotd({ config: s3Config(server.componentPort, DOMAIN) });
  const echo = await startComponent("echo", server.componentPort, ECHO);
  const account = server.accounts.find(({ domain }) => domain === DOMAIN);
  const client: C2sClient = await connectC2s({
    port: server.c2sPort,
    domain: DOMAIN,
    user: account?.user ?? "",
    password: account?.password ?? "",
  });
  const targets = { slotd: SLOTD, [own]: OWN, "bare component": ECHO };
  // A component in service has long been compiled.
  for (const to of Object.values(targets)) await client.request(to, IN_FLIGHT, WARM_UP);
  const contenders = (run: (to: string) => Promise<number>): Case["contenders"] =>
    Object.fromEntries(Object.entries(targets).map(([name, to]) => [name, () => run(to)]));
  const percentile = (share: number) => async (to: string) => {
    const { latencies } = await client.request(to, 1, SECONDS / 2);
    return latencies[Math.floor(latencies.length * share)] ?? Number.NaN;
  };
  return {
    cases: [
      {
        name: `${IN_FLIGHT} in flight`,
        unit: "slots/s",
        better: "more",
        contenders: contenders(async (to) => (await client.request(to, IN_FLIGHT, SECONDS)).rate),
        goals: [
          { against: own, ratio },
          { against: "bare component", ratio: 0.95 },
        ],
      },
      ...(
        [
          ["p50", 0.5],
          ["p99", 0.99],
        ] as const
      ).map(
        ([name, share]): Case => ({
          name: `one at a time, ${name}`,
          unit: "ms",
          better: "less",
          contenders: contenders(percentile(share)),
          goals: [{ against: "bare component", ratio: 1.1 }],
        }),
      ),
    ],
    async close() {
      client.close();
      await slotd.stop();
      await echo.stop();
      await server.stop();
    },
  };
}

const how =
  "A raw client requests slots through the server, 50 at a time, and then one at a time to measure the " +
  "latency. It requests them from slotd, from the server's own module, and from a bare component that " +
  "responds to every request with the same text, as long as a slot of slotd. The server has one core; the " +
  "components and the client share the other. The bare component is also the ceiling of the server and the " +
  "load generator together.";

/** Slots through a real Prosody. */
export const prosodySlots: Bench = {
  name: "prosody-slots",
  description: how,
  needs: ["prosody"],
  open: () => openSlots("mod_http_file_share", prosodyWithOwn, 2),
};

/** Slots through a real ejabberd. */
export const ejabberdSlots: Bench = {
  name: "ejabberd-slots",
  description: "As prosody-slots.",
  needs: ["ejabberd"],
  open: () => openSlots("mod_http_upload", ejabberdWithOwn, 1.2),
};
