import { domainToUnicode } from "node:url";

/** The parts of a JID that slotd tells apart, prepared: two JIDs of one account have the same. */
export interface Jid {
  readonly local: string | undefined;
  readonly domain: string;
  readonly resource: string | undefined;
}

/** Three parts of 1,023 bytes each, and what separates them. Source: RFC 7622 §3.1. */
const MAX_LENGTH = 3_071;

/**
 * Splits and prepares a JID; undefined when it is too long, has no domain, an empty part, or a part that holds what
 * separates them.
 *
 * Servers prepare the JIDs of their own users, but need not do so with what other servers and components state.
 * Source: RFC 7622 §3.
 */
export function parseJid(text: string): Jid | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const slash = text.indexOf("/");
  const bare = slash < 0 ? text : text.slice(0, slash);
  const at = bare.indexOf("@");
  const local = at < 0 ? undefined : prepareLocal(bare.slice(0, at));
  const domain = prepareDomain(bare.slice(at + 1));
  const resource = slash < 0 ? undefined : text.slice(slash + 1);
  if (domain === "" || local === "" || resource === "" || domain.includes("@")) return undefined;
  // A full-width "@" or "/" becomes one only now.
  return local !== undefined && /[@/]/.test(local) ? undefined : { local, domain, resource };
}

/** A JID without its resource. */
export function bareJid(jid: Jid): string {
  return jid.local === undefined ? jid.domain : `${jid.local}@${jid.domain}`;
}

/** ASCII without uppercase letters: it is its own prepared form, unless a domain says "xn--" or ends with a dot. */
const plain = /^[!-@[-~]*$/;

/** What nodeprep takes away, but for the joiners, which PRECIS tells apart in some scripts. Source: RFC 3454 §B.1. */
const invisible = /\u034f|[\u180b-\u180d]|[\ufe00-\ufe0f]|[\xad\u1806\u200b\u2060\ufeff]/g;

/**
 * Prepares a local part, whether its server prepared it by nodeprep or by PRECIS, or not at all: in lowercase, and
 * with compatibility characters as those that they stand for. It tells apart what either of them tells apart: "ß" and
 * "ss" are two names to PRECIS.
 *
 * Source: RFC 7622 §3.3, RFC 8265 §3.3 (UsernameCaseMapped); RFC 6122 §A.
 */
export function prepareLocal(text: string): string {
  if (plain.test(text)) return text;
  const once = (part: string): string => part.normalize("NFKC").replace(invisible, "").toLowerCase();
  // Lowercase letters may compose, and what composed may have a lowercase of its own.
  return once(once(text)).normalize("NFKC");
}

/**
 * Prepares a domain part: in lowercase, in Unicode where it is written in punycode, and without a dot at its end.
 * What is no domain name keeps its letters, in lowercase.
 *
 * Source: RFC 7622 §3.2; RFC 5891; Unicode Technical Standard #46.
 */
export function prepareDomain(text: string): string {
  const isPlain = plain.test(text) && !text.includes("xn--");
  const domain = isPlain ? text : internationalDomain(text.normalize("NFKC").toLowerCase());
  return domain.endsWith(".") ? domain.replace(/\.+$/, "") : domain;
}

function internationalDomain(lowercase: string): string {
  // What is plain ASCII by now is none of IDNA's: it would read "1.2" as an IPv4 address.
  const isPlain = plain.test(lowercase) && !lowercase.includes("xn--");
  if (isPlain || /[/\\?#@:[\]\s%]/.test(lowercase)) return lowercase;
  return domainToUnicode(lowercase) || lowercase;
}
