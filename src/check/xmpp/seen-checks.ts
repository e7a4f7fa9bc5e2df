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
  return seen === undefined
    ? skipped("Not checked, because the check has no connection.")
    : look(seen, context);
}

function checkRequests({ requests }: SeenThroughServer, { domain: { host } }: SeenContext): Finding {
  const { sent, arrived, others, heldTo } = requests;
  const missing = sent - arrived;
  if (sent === 0) return skipped("Nothing was sent.");
  if (missing === 0) return ok(`All ${sent} requests to ${host} arrived here through the server.`);
  const some = `${missing} of ${sent} requests to ${host} did not arrive here`;
  const foreign = others.filter((name) => name !== "slotd");
  if (foreign.length > 0) {
    return wrong(
      `${some}: another service with this name responds (${foreign.join("; ")}). Clients receive its URLs, or errors.`,
      `Remove the service with this name from the XMPP server's configuration, such as mod_http_upload with host: "${host}", and restart the server; or stop the other component.`,
    );
  }
  if (others.length > 0) {
    return ok(
      `${some}, but at another slotd with the same name. This is no problem if both have the same configuration.`,
    );
  }
  return lost(some, arrived, heldTo);
}

function lost(some: string, arrived: number, heldTo: OwnRequests["heldTo"]): Finding {
  if (heldTo !== undefined) return skipped(`${some} in time: the server throttles the component.`);
  const advice =
    "Check whether another component or module has this name, such as mod_http_upload, and see the log of the XMPP server.";
  return arrived === 0
    ? warn(
        `${some}. Either another service receives them, or this server does not forward what a component sends to itself.`,
        advice,
      )
    : wrong(`${some}, and nothing answered them.`, advice);
}

function checkRoundTrip({ requests }: SeenThroughServer): Finding {
  const { roundTrip, heldTo } = requests;
  if (roundTrip === undefined) return skipped("No request arrived.");
  const text = `A request and its response take ${milliseconds(roundTrip)} through the server.`;
  if (heldTo === undefined) return ok(text);
  return warn(
    `The XMPP server throttles this component to ${Math.round(heldTo / 1000)} kB a second, which is about ${Math.max(1, Math.round(heldTo / bytesPerSlot))} slots a second.`,
    'Remove the shaper from the listener of the component: on MongooseIM set shaper = "none" in its [[listen.component]] (or [[listen.service]]), on ejabberd remove the line "shaper" of the ejabberd_service listener.',
  );
}

/** What slotd sends for a slot. */
const bytesPerSlot = 870;

function milliseconds(time: number): string {
  return time < 10 ? `${time.toFixed(1)} ms` : `${Math.round(time)} ms`;
}

function checkDiscovery({ discovery }: SeenThroughServer, context: SeenContext): Finding {
  const { domain, host } = context.domain;
  if (discovery === undefined)
    return skipped("Not checked, because another service with this name receives some of the responses.");
  const { isListed, reason, notAsked, silent } = discovery;
  if (isListed === undefined) {
    return skipped(
      `The check cannot determine whether clients find ${host}: ${domain} does not list its services for a component (${reason ?? "no response"}).`,
    );
  }
  if (!isListed) {
    return wrong(
      `${domain} does not list ${host} among its services, so clients do not find it.`,
      `Set host to a name below ${domain}, such as upload.${domain}, or configure the XMPP server to list it: in Prosody disco_items = {{ "${host}" }} below the VirtualHost, in ejabberd extra_domains of mod_disco.`,
    );
  }
  const others = discovery.others.filter((jid) => !context.hosts.includes(jid));
  if (others.length > 0) return otherServices(others, context);
  const rest = [
    ...(notAsked > 0 ? [` The check did not query ${notAsked} more of its services.`] : []),
    ...(silent.length > 0 ? [` No response came from ${silent.slice(0, 5).join(", ")}.`] : []),
  ].join("");
  return ok(
    `${domain} lists ${host}, and no other upload service that a component can see (a server may show users more).${rest}`,
  );
}

function otherServices(others: Discovery["others"], { domain: { domain, host } }: SeenContext): Finding {
  return warn(
    `${domain} lists other upload services besides ${host}: ${others.join(", ")}. Clients use the first that they find.`,
    `Remove them from the XMPP server's configuration: in Prosody the http_file_share component, in ejabberd and MongooseIM mod_http_upload. A service for other domains should not announce uploads to these users.`,
  );
}
