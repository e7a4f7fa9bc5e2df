/**
 * The parts of a JID that slotd tells apart. The local part and the domain are as the server prepared them.
 * Source: RFC 7622 §3.1.
 */
export interface Jid {
  readonly local: string | undefined;
  readonly domain: string;
  readonly resource: string | undefined;
}

/** Splits a JID; undefined when it has no domain or an empty part. It is not prepared: the server has done that. */
export function parseJid(text: string): Jid | undefined {
  const slash = text.indexOf("/");
  const bare = slash < 0 ? text : text.slice(0, slash);
  const at = bare.indexOf("@");
  const local = at < 0 ? undefined : bare.slice(0, at);
  const domain = bare.slice(at + 1).toLowerCase();
  const resource = slash < 0 ? undefined : text.slice(slash + 1);
  if (domain === "" || local === "" || resource === "" || domain.includes("@")) return undefined;
  return { local, domain, resource };
}

/** A JID without its resource. */
export function bareJid(jid: Jid): string {
  return jid.local === undefined ? jid.domain : `${jid.local}@${jid.domain}`;
}
