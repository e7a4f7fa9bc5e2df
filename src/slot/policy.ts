import { formatDateTime } from "./date-time.ts";
import { type MediaTypeRules, refuseMediaType } from "./media-type-rules.ts";
import { sizesInWords } from "./plain-words.ts";
import { printable } from "./printable.ts";
import { type Purpose, purposes } from "./purpose.ts";
import type { Refusal } from "./refusal.ts";
import { type Bytes, MAX_FILE_SIZE, type Seconds, type SlotRequest } from "./slot.ts";

/** Who asks for a slot. Both parts are prepared, as jid.ts does it. */
export interface Requester {
  /** `local@domain`, or the domain alone for a server or a component. */
  readonly bareJid: string;
  readonly domain: string;
}

/** What one purpose is allowed. */
export interface PurposeRules {
  readonly enabled: boolean;
  /** How long its files are kept; undefined: for ever. */
  readonly retention: Seconds | undefined;
  /** undefined: no limit but MAX_FILE_SIZE. */
  readonly maxFileSize: Bytes | undefined;
  /** How much one bare JID may have of it; undefined: no limit of its own. The ledger counts it. */
  readonly quota: Bytes | undefined;
}

/** What one served domain allows. */
export interface Policy {
  /**
   * Who may have slots, each prepared: bare JIDs, domains (and so hosts: servers and components), `*.domain`; "*" is
   * everyone.
   */
  readonly access: readonly string[];
  /** In the same form: who may have none, even when `access` names them. */
  readonly deny: readonly string[];
  readonly types: MediaTypeRules;
  readonly purposes: Readonly<Record<Purpose, PurposeRules>>;
}

/**
 * Decides on a slot request as far as that needs no ledger: requester, purpose, expiry, type and size, in this
 * order. Gives the refusal, or undefined when the slot may be made.
 */
export function refuse(
  request: SlotRequest,
  requester: Requester,
  policy: Policy,
  now: Date,
): Refusal | undefined {
  return (
    refuseRequester(requester, policy) ??
    refusePurpose(request, policy, now) ??
    refuseMediaType(request.contentType, policy.types) ??
    refuseSize(request, policy.purposes[request.purpose].maxFileSize)
  );
}

/**
 * Whether the service is announced to a requester: to whom `refuse` gives no slot for who they are, it is not, so that
 * their client goes on to one that does. One of `own` (prepared domains: the served domain's server and the component)
 * is told what at least one user of the served domain `own[0]` may.
 */
export function isOffered(
  requester: Requester,
  policy: Policy,
  own: readonly [string, ...string[]],
): boolean {
  if (refuseRequester(requester, policy) === undefined) return true;
  if (!own.includes(requester.bareJid)) return false;
  const [domain] = own;
  const users = [domain, ...policy.access.filter((entry) => entry.endsWith(`@${domain}`))];
  return users.some((bareJid) => refuseRequester({ bareJid, domain }, policy) === undefined);
}

/**
 * When the file of a request stops being available: after its purpose's retention, and never after its
 * expire-before. A whole second, not before `now` once `refuse` has let the request pass; undefined: never.
 */
export function expiryOf(request: SlotRequest, policy: Policy, now: Date): Date | undefined {
  const { retention } = policy.purposes[request.purpose];
  if (retention === undefined && request.expireBefore === undefined) return undefined;
  const limits = [
    ...(retention === undefined ? [] : [Math.floor(now.getTime() / 1000) + retention]),
    ...(request.expireBefore === undefined ? [] : [Math.floor(request.expireBefore.getTime() / 1000)]),
  ];
  return new Date(Math.min(...limits) * 1000);
}

/** The purposes that are on, in the order of the XEP. */
export function purposesOn(policy: Policy): Purpose[] {
  return purposes.filter((purpose) => policy.purposes[purpose].enabled);
}

function refuseRequester(requester: Requester, { access, deny }: Policy): Refusal | undefined {
  if (isListed(requester, deny)) {
    return { kind: "forbidden", text: `${printable(requester.bareJid)} may not upload here.` };
  }
  if (isListed(requester, access)) return undefined;
  return {
    kind: "forbidden",
    text: `This service accepts no uploads from ${printable(requester.bareJid)}.`,
  };
}

function isListed({ bareJid, domain }: Requester, list: readonly string[]): boolean {
  return list.some(
    (entry) =>
      entry === "*" ||
      entry === domain ||
      entry === bareJid ||
      (entry.startsWith("*.") && domain.endsWith(entry.slice(1))),
  );
}

function refusePurpose(
  { purpose, expireBefore }: SlotRequest,
  policy: Policy,
  now: Date,
): Refusal | undefined {
  if (!policy.purposes[purpose].enabled) {
    const on = purposesOn(policy);
    const others =
      on.length === 0 ? "it accepts no other purpose either" : `expected one of ${on.join(", ")}`;
    return {
      kind: "purpose-off",
      text: `The service does not accept files for the purpose "${purpose}"; ${others}.`,
    };
  }
  if (expireBefore === undefined || expireBefore.getTime() > now.getTime()) return undefined;
  return {
    kind: "bad-request",
    text: `The file would expire before it can be uploaded: expire-before is ${formatDateTime(expireBefore)}, and it is ${formatDateTime(now)} now.`,
  };
}

function refuseSize({ size, purpose }: SlotRequest, limit: Bytes | undefined): Refusal | undefined {
  const maxFileSize = Math.min(limit ?? MAX_FILE_SIZE, MAX_FILE_SIZE);
  if (size <= maxFileSize) return undefined;
  const ofPurpose = purpose === "message" ? "" : ` for the purpose "${purpose}"`;
  const [has, limitText] = sizesInWords(size, maxFileSize);
  return {
    kind: "too-large",
    maxFileSize,
    text: `File too large: it has ${has}, and the limit${ofPurpose} is ${limitText}.`,
  };
}
