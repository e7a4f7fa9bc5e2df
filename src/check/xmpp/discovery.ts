import { randomBytes } from "node:crypto";
import { NS_DISCO_INFO, NS_DISCO_ITEMS } from "../../xmpp/disco.ts";
import { childElements, element } from "../../xmpp/xml/xml.ts";
import type { Asker } from "./own-requests.ts";

/** What clients find when they look for upload services, as far as a component sees it. */
export interface Discovery {
  /** Whether the component is among the items of its domain; undefined when the domain did not tell them. */
  readonly isListed: boolean | undefined;
  /** Why the domain did not tell them. */
  readonly reason?: string;
  /** Other items of the domain that offer uploads. */
  readonly others: readonly string[];
  /** Items that did not say what they offer. */
  readonly silent: readonly string[];
  /** How many items were not asked, because there are so many. */
  readonly notAsked: number;
}

const timeout = 4_000;
const mostItems = 32;
/** Source: XEP-0363 §4; older services have it without the number. */
const uploadFeature = /^urn:xmpp:http:upload(?::\d+)?$/;

/**
 * Asks the domain for its items, and up to 32 of them at once for what they offer; takes up to 8 s.
 * Source: XEP-0030 §4, XEP-0363 §4.
 */
export async function discover(asker: Asker): Promise<Discovery> {
  const reply = await ask(asker, asker.domain, NS_DISCO_ITEMS);
  if (reply.kind !== "result") {
    const reason = reply.kind === "error" ? reply.condition : "no answer";
    return { isListed: undefined, reason, others: [], silent: [], notAsked: 0 };
  }
  const items = reply.payload === undefined ? [] : childElements(reply.payload);
  const jids = [...new Set(items.flatMap(({ attrs }) => (attrs.node ? [] : (attrs.jid ?? []))))];
  const others = jids.filter((jid) => jid !== asker.host && jid !== asker.domain);
  const asked = others.slice(0, mostItems);
  const looks = await Promise.all(
    asked.map(async (jid) => ({ jid, offers: await offersUploads(asker, jid) })),
  );
  return {
    isListed: jids.includes(asker.host),
    others: looks.filter(({ offers }) => offers === true).map(({ jid }) => jid),
    silent: looks.filter(({ offers }) => offers === undefined).map(({ jid }) => jid),
    notAsked: others.length - asked.length,
  };
}

/** undefined: it gave no answer. */
async function offersUploads(asker: Asker, jid: string): Promise<boolean | undefined> {
  const reply = await ask(asker, jid, NS_DISCO_INFO);
  if (reply.kind === "none") return undefined;
  if (reply.kind === "error" || reply.payload === undefined) return false;
  return childElements(reply.payload).some(
    ({ name, attrs }) => name === "feature" && uploadFeature.test(attrs.var ?? ""),
  );
}

function ask(asker: Asker, to: string, ns: string) {
  const id = `check-${randomBytes(8).toString("hex")}`;
  return asker.ask({ to, id, payload: element("query", ns) }, timeout).reply;
}
