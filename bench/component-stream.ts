import { startSlotd } from "../test/peers/slotd.ts";
import type { Bench, OpenBench } from "./bench.ts";
import { type ComponentProcess, startComponent } from "./contenders/components.ts";
import { s3Config } from "./contenders/slotd-config.ts";
import { onServerCore } from "./cores.ts";
import { type ComponentPeer, startComponentPeer } from "./load/component-peer.ts";

const DOMAIN = "upload.example.net";
const SECONDS = 2;

/** A component with the peer that floods it. */
interface Flooded {
  readonly component: ComponentProcess | { stop(): Promise<void> };
  readonly peer: ComponentPeer;
}

async function flooded(start: (port: number) => Promise<Flooded["component"]>): Promise<Flooded> {
  const peer = await startComponentPeer(DOMAIN);
  const component = await onServerCore(() => start(peer.port));
  await peer.connected();
  return { component, peer };
}

const slotd = (more: string) => (port: number) => startSlotd({ config: s3Config(port, "example.net", more) });

async function openStreams(
  starts: Readonly<Record<string, (port: number) => Promise<Flooded["component"]>>>,
  goals: OpenBench["cases"][number]["goals"],
): Promise<OpenBench> {
  const streams = new Map<string, Flooded>();
  for (const [name, start] of Object.entries(starts)) streams.set(name, await flooded(start));
  const contenders = Object.fromEntries(
    [...streams].map(([name, { peer }]) => [name, () => peer.flood(SECONDS)]),
  );
  return {
    cases: [{ name: "slots", unit: "slots/s", better: "more", contenders, goals }],
    async close() {
      for (const { component, peer } of streams.values()) {
        await component.stop();
        peer.stop();
      }
    },
  };
}

/** Slots a second on the component stream. */
export const componentStream: Bench = {
  name: "component-stream",
  description:
    "A loopback peer on one core sends pipelined slot requests of 97 users with eight file names to a " +
    "component on the other core, with at most 2,000 in progress. slotd runs as in production (bucket on S3, " +
    "log level info): it reads and checks each request, applies the policy, makes a token, signs and " +
    "responds. It is compared with a minimal handler on @xmpp/component, on the same Bun, which makes a " +
    "random URL and signs nothing. The ceiling of the load generator is a component that only finds id and " +
    "sender in the text.",
  needs: [],
  open: () =>
    openStreams(
      {
        slotd: slotd(""),
        "@xmpp/component": (port) => startComponent("xmppjs", port, DOMAIN),
        "ceiling: echo": (port) => startComponent("echo", port, DOMAIN),
      },
      [{ against: "@xmpp/component", ratio: 1.2 }],
    ),
};

/** The same with the SQLite ledger. */
export const ledgerStream: Bench = {
  name: "ledger",
  description:
    "As component-stream. In addition, slotd reserves each slot in the SQLite ledger before it responds: it " +
    "checks quotas and rates, and the transaction is on disk. The limits are so high that no request reaches " +
    "them.",
  needs: [],
  open: () =>
    openStreams({ slotd: slotd(`[ledger]\nurl = "sqlite:slotd.db"\n`), "slotd without": slotd("") }, [
      { against: "slotd without", ratio: 0.25 },
      { limit: 20_000 },
    ]),
};
