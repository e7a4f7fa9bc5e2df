import type { DomainConfig } from "../../config/config.ts";
import { type Finding, ok, skipped, warn, wrong } from "../finding.ts";
import type { Check } from "../run-checks.ts";
import type { Discovery } from "./discovery.ts";
import type { OwnRequests } from "./own-requests.ts";
import type { SeenThroughServer } from "./through-server.ts";

export interface SeenContext {
  readonly domain: DomainConfig;
  /** The components of the whole configuration. */
  readonly hosts: readonly string[];
  readonly seen?: SeenThroughServer;
}

/** What is to be said of what was seen through the server. */
export const seenChecks: readonly Check<SeenContext>[] = [
  { name: "requests", needs: ["handshake"], run: async (context) => ifSeen(context, checkRequests) },
  { name: "round-trip", needs: ["handshake"], run: async (context) => ifSeen(context, checkRoundTrip) },
  { name: "discovery", needs: ["handshake"], run: async (context) => ifSeen(context, checkDiscovery) },
];

function ifSeen(
  context: SeenContext,
  look: (seen: SeenThroughServer, context: SeenContext) => Finding,
): Finding {
  const { seen } = context;
  return seen === undefined ? skipped("Not looked at: the check has no connection.") : look(seen, context);
}

function checkRequests({ requests }: SeenThroughServer, { domain: { host } }: SeenContext): Finding {
  const { sent, arrived, others, heldTo } = requests;
  const missing = sent - arrived;
  if (sent === 0) return skipped("Nothing was sent.");
  if (missing === 0) return ok(`All of ${sent} requests to ${host} came here through the server.`);
  const some = `${missing} of ${sent} requests to ${host} did not come here`;
  const foreign = others.filter((name) => name !== "slotd");
  if (foreign.length > 0) {
    return wrong(
      `${some}: something else answers by this name (${foreign.join("; ")}). Clients get its URLs, or errors.`,
      `Take what has this name out of the XMPP server's configuration, such as mod_http_upload with host: "${host}", and restart the server; or stop the other component.`,
    );
  }
  if (others.length > 0) {
    return ok(
      `${some}, but to another slotd of the same name. That is fine when both have the same configuration.`,
    );
  }
  return lost(some, arrived, heldTo);
}

function lost(some: string, arrived: number, heldTo: OwnRequests["heldTo"]): Finding {
  if (heldTo !== undefined) return skipped(`${some} in time: the server holds the component back.`);
  const advice =
    "See whether another component or module has this name, such as mod_http_upload; and the log of the XMPP server.";
  return arrived === 0
    ? warn(
        `${some}. Either something else takes them, or this server does not pass on what a component sends to itself.`,
        advice,
      )
    : wrong(`${some}, and nobody answered them.`, advice);
}

function checkRoundTrip({ requests }: SeenThroughServer): Finding {
  const { roundTrip, heldTo } = requests;
  if (roundTrip === undefined) return skipped("No request came back.");
  const text = `A request and its answer take ${milliseconds(roundTrip)} through the server.`;
  if (heldTo === undefined) return ok(text);
  return warn(
    `The XMPP server holds this component back to ${Math.round(heldTo / 1000)} kB a second, which is about ${Math.max(1, Math.round(heldTo / bytesPerSlot))} slots a second.`,
    'Take the shaper off the listener of the component: on MongooseIM shaper = "none" in its [[listen.component]] (or [[listen.service]]), on ejabberd the line "shaper" of the ejabberd_service listener.',
  );
}

/** What slotd sends for a slot. */
const bytesPerSlot = 870;

function milliseconds(time: number): string {
  return time < 10 ? `${time.toFixed(1)} ms` : `${Math.round(time)} ms`;
}

function checkDiscovery({ discovery }: SeenThroughServer, context: SeenContext): Finding {
  const { domain, host } = context.domain;
  if (discovery === undefined) return skipped("Not looked at: some answers go to what else has this name.");
  const { isListed, reason, notAsked, silent } = discovery;
  if (isListed === undefined) {
    return skipped(
      `Whether clients find ${host} cannot be seen: ${domain} does not tell a component its services (${reason ?? "no answer"}).`,
    );
  }
  if (!isListed) {
    return wrong(
      `${domain} does not list ${host} among its services: clients do not find it.`,
      `Take a name below ${domain}, such as upload.${domain}, or have the XMPP server list it: in Prosody disco_items = {{ "${host}" }} below the VirtualHost, in ejabberd extra_domains of mod_disco.`,
    );
  }
  const others = discovery.others.filter((jid) => !context.hosts.includes(jid));
  if (others.length > 0) return otherServices(others, context);
  const rest = [
    ...(notAsked > 0 ? [` ${notAsked} more of its services were not asked.`] : []),
    ...(silent.length > 0 ? [` No answer came from ${silent.slice(0, 5).join(", ")}.`] : []),
  ].join("");
  return ok(
    `${domain} lists ${host}, and no other upload service that a component can see (a server may show users more).${rest}`,
  );
}

function otherServices(others: Discovery["others"], { domain: { domain, host } }: SeenContext): Finding {
  return warn(
    `${domain} lists other upload services beside ${host}: ${others.join(", ")}. Clients take the first that they find.`,
    `Take them out of the XMPP server's configuration: in Prosody the http_file_share component, in ejabberd and MongooseIM mod_http_upload. A service that is meant for other domains should tell these users of no uploads.`,
  );
}
