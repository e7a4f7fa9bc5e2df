import { bareJid, parseJid } from "../slot/jid.ts";
import type { Refusal } from "../slot/refusal.ts";
import type { ReceiverSettings } from "./receiver.ts";

/** Who an uploader is: the account by which quotas count. */
export interface KnownOwner {
  readonly owner: string | undefined;
}

const nobody: KnownOwner = { owner: undefined };

/** The uploader that a JWT names; refused when it is no user of the receiver's hosts. */
export function ownerOfSubject(
  subject: string | undefined,
  hosts: ReceiverSettings["hosts"],
): KnownOwner | Refusal {
  if (subject === undefined) return hosts.length === 0 ? nobody : noSubject;
  const jid = parseJid(subject);
  if (jid === undefined) return badSubject;
  return hosts.length > 0 && !hosts.includes(jid.domain) ? otherHost : { owner: bareJid(jid) };
}

/**
 * The uploader in the path of an ejabberd slot, `USER/RANDOM/NAME`: USER is the SHA-1 of the bare JID, or the user name
 * with odd characters replaced. The JID itself is not in it, so that the account is `USER@host`, with the first of the
 * receiver's hosts.
 *
 * Source: ejabberd 23.01, mod_http_upload, `jid_in_url`.
 */
export function ownerInPath(
  path: string,
  { jidInUrl, hosts: [host] }: Pick<ReceiverSettings, "jidInUrl" | "hosts">,
): KnownOwner | Refusal {
  if (jidInUrl === undefined || host === undefined) return nobody;
  const segments = path.split("/");
  const [user = ""] = segments;
  if (segments.length !== 3 || (jidInUrl === "sha1" && !/^[0-9a-f]{40}$/.test(user))) return otherPath;
  const jid = parseJid(`${user}@${host}`);
  return jid?.local === undefined || jid.resource !== undefined ? otherPath : { owner: bareJid(jid) };
}

const noSubject: Refusal = {
  kind: "forbidden",
  text: "The token does not say whose slot it is (sub). Request a new slot.",
};

const badSubject: Refusal = {
  kind: "bad-request",
  text: "The token does not name a user: sub must be a JID such as user@example.org. Request a new slot.",
};

const otherHost: Refusal = {
  kind: "forbidden",
  text: "The slot belongs to a user of a domain whose files are not taken here.",
};

const otherPath: Refusal = {
  kind: "bad-request",
  text: "The path is not that of a slot; expected <user>/<random>/<filename>. Use the URL exactly as it was given.",
};
