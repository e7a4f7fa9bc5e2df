import type { Bytes } from "./slot.ts";

/**
 * A "no" that is expected: a value, never thrown. `text` is one plain English sentence for the person who
 * gets it: what was expected, what came and what to do.
 */
export type Refusal = { readonly text: string } & (
  | { readonly kind: PlainKind }
  /** `maxFileSize` is what the requester may upload at most. */
  | { readonly kind: "too-large"; readonly maxFileSize: Bytes }
  /** `retryAt`: the earliest time at which the same request can succeed; undefined where waiting can't help. */
  | { readonly kind: WaitKind; readonly retryAt: Date | undefined }
);

/** Over a quota; more requests than the rate allows; the ledger cannot be asked at present. */
type WaitKind = "over-quota" | "too-fast" | "ledger-away";

type PlainKind =
  | "bad-request"
  | "bad-filename"
  | "bad-size"
  | "bad-content-type"
  | "type-not-allowed"
  | "purpose-off"
  | "not-allowed"
  | "forbidden"
  | "unauthorized"
  | "bad-signature"
  | "expired"
  | "length-required"
  | "wrong-length"
  | "wrong-type"
  | "exists"
  | "full"
  | "bad-gateway"
  | "unavailable";

/** The type of a stanza error: what the requester can do about it. Source: RFC 6120 §8.3.2. */
export type StanzaErrorType = "auth" | "cancel" | "modify" | "wait";

/** The conditions of RFC 6120 §8.3.3 that slotd sends. */
export type StanzaErrorCondition =
  | "bad-request"
  | "conflict"
  | "feature-not-implemented"
  | "forbidden"
  | "gone"
  | "internal-server-error"
  | "item-not-found"
  | "not-acceptable"
  | "not-allowed"
  | "policy-violation"
  | "resource-constraint"
  | "service-unavailable";

/** How one kind of refusal is said over XMPP and over HTTP. */
export interface RefusalCode {
  readonly type: StanzaErrorType;
  readonly condition: StanzaErrorCondition;
  /** Source: RFC 9110 §15; 507 is RFC 4918 §11.5. */
  readonly status: number;
}

/** The one table that maps every refusal to its stanza error and its HTTP status. */
export const refusalCodes = {
  "bad-request": { type: "modify", condition: "bad-request", status: 400 },
  "bad-filename": { type: "modify", condition: "bad-request", status: 400 },
  "bad-size": { type: "modify", condition: "bad-request", status: 400 },
  "bad-content-type": { type: "modify", condition: "bad-request", status: 400 },
  "type-not-allowed": { type: "modify", condition: "not-acceptable", status: 415 },
  // Another purpose may be tried: hence modify, which RFC 6120 §8.3.3.3 allows beside cancel.
  "purpose-off": { type: "modify", condition: "feature-not-implemented", status: 501 },
  "not-allowed": { type: "cancel", condition: "not-allowed", status: 405 },
  forbidden: { type: "auth", condition: "forbidden", status: 403 },
  "too-large": { type: "modify", condition: "not-acceptable", status: 413 },
  // Only over HTTP, where the proof of a slot is in a header.
  unauthorized: { type: "auth", condition: "forbidden", status: 401 },
  "bad-signature": { type: "auth", condition: "forbidden", status: 403 },
  expired: { type: "cancel", condition: "gone", status: 410 },
  "length-required": { type: "modify", condition: "bad-request", status: 411 },
  "wrong-length": { type: "modify", condition: "bad-request", status: 400 },
  "wrong-type": { type: "modify", condition: "not-acceptable", status: 415 },
  exists: { type: "cancel", condition: "conflict", status: 409 },
  full: { type: "wait", condition: "resource-constraint", status: 507 },
  "bad-gateway": { type: "wait", condition: "internal-server-error", status: 502 },
  unavailable: { type: "wait", condition: "resource-constraint", status: 503 },
  "over-quota": { type: "wait", condition: "resource-constraint", status: 507 },
  "too-fast": { type: "wait", condition: "resource-constraint", status: 429 },
  "ledger-away": { type: "wait", condition: "resource-constraint", status: 503 },
} as const satisfies Record<Refusal["kind"], RefusalCode>;
