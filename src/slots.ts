import { LedgerAwayError } from "./ledger/errors.ts";
import type { Ledger, LedgerFile, Limits } from "./ledger/ledger.ts";
import { limitRefusal } from "./ledger/quota/limit-refusal.ts";
import { expiryOf, type Policy, type Requester, refuse } from "./slot/policy.ts";
import type { Purpose } from "./slot/purpose.ts";
import type { Refusal } from "./slot/refusal.ts";
import type { Seconds, Slot, SlotRequest } from "./slot/slot.ts";
import type { Bucket, NewObject } from "./store/bucket.ts";
import { datedToken } from "./store/object-token.ts";

/** What slots are made with for one served domain. */
export interface SlotMaker {
  readonly policy: Policy;
  readonly bucket: Bucket;
  /** 1 to 604800. */
  readonly expirationTime: Seconds;
  readonly tokenBytes: number;
  /** Whether the token of an object that expires carries the time: where its store keeps nothing else with it. */
  readonly datesTokens: boolean;
  /** Where slots are written down; undefined: nowhere, and there are no quotas and rates. */
  readonly record: SlotRecord | undefined;
}

/** Where and how the slots of one served domain are written down. */
export interface SlotRecord {
  readonly ledger: Pick<Ledger, "reserve" | "release">;
  /** The served domain. */
  readonly domain: string;
  limits(requester: Requester, purpose: Purpose): Limits;
  /** Is told which expired files were evicted for a slot: they are not to be served any more. Must not throw. */
  evicted(files: readonly LedgerFile[]): void;
  /** Is told of each slot that was given. Must not throw. */
  given?(object: Pick<NewObject, "token" | "filename" | "size">): void;
}

export interface SlotDeps {
  readonly now: () => Date;
  /** Gives this many bytes from a cryptographic source. */
  readonly randomBytes: (length: number) => Buffer;
}

/** When to try again while the ledger is away: it reconnects by itself. */
const retryWhenAway: Seconds = 15;

/**
 * The way of a slot request: policy, token, reservation where slots are written down, signature. Without a record it
 * makes no request of its own and keeps nothing. A reservation whose slot cannot be signed is taken back.
 */
export function requestSlot(
  request: SlotRequest,
  requester: Requester,
  maker: SlotMaker,
  deps: SlotDeps,
): Slot | Refusal | Promise<Slot | Refusal> {
  const now = deps.now();
  const refusal = refuse(request, requester, maker.policy, now) ?? maker.bucket.unavailable?.(now);
  if (refusal !== undefined) return refusal;
  if (maker.record === undefined) return makeSlot(request, maker, deps);
  return reserveSlot(request, requester, maker, maker.record, deps);
}

/** Makes a slot without asking the policy, and without a record: for the operator's own hands. */
export function makeSlot(request: SlotRequest, maker: SlotMaker, deps: SlotDeps): Slot {
  return sign(draftSlot(request, maker, deps), maker);
}

async function reserveSlot(
  request: SlotRequest,
  requester: Requester,
  maker: SlotMaker,
  record: SlotRecord,
  deps: SlotDeps,
): Promise<Slot | Refusal> {
  const draft = draftSlot(request, maker, deps);
  const { token, filename, size, expiry } = draft.object;
  const { purpose } = request;
  const reservation = {
    ...{ token, filename, size, purpose, domain: record.domain, jid: requester.bareJid },
    putUntil: new Date(draft.at.getTime() + draft.expiresIn * 1000),
    expires: expiry,
  };
  try {
    const outcome = await record.ledger.reserve(reservation, record.limits(requester, purpose));
    if ("over" in outcome) return limitRefusal(outcome, purpose, draft.at);
    if (outcome.evicted.length > 0) record.evicted(outcome.evicted);
  } catch (error) {
    if (error instanceof LedgerAwayError) return awayRefusal(deps.now());
    throw error;
  }
  try {
    const slot = sign(draft, maker);
    record.given?.(draft.object);
    return slot;
  } catch (error) {
    // Were the ledger away by now, the reservation would end by itself: nothing will be uploaded for it.
    await record.ledger.release(token).catch(() => undefined);
    throw error;
  }
}

/** A slot in everything but its signature. */
interface Draft {
  readonly object: NewObject;
  readonly expiresIn: Seconds;
  readonly at: Date;
}

function draftSlot(request: SlotRequest, maker: SlotMaker, { now, randomBytes }: SlotDeps): Draft {
  const { filename, size, contentType } = request;
  const at = now();
  const expiry = expiryOf(request, maker.policy, at);
  const random = randomBytes(maker.tokenBytes).toString("hex");
  const token = maker.datesTokens && expiry !== undefined ? datedToken(random, expiry) : random;
  const expiresIn = Math.min(maker.expirationTime, secondsUntil(expiry, at));
  const isReserved = maker.record !== undefined;
  return { object: { token, filename, size, contentType, expiry, isReserved }, expiresIn, at };
}

function sign({ object, expiresIn, at }: Draft, { bucket }: SlotMaker): Slot {
  return bucket.slot(object, expiresIn, at);
}

/** A file that is gone cannot be uploaded any more. At least 1, the least that a PUT URL can be valid. */
function secondsUntil(expiry: Date | undefined, now: Date): Seconds {
  if (expiry === undefined) return Number.POSITIVE_INFINITY;
  return Math.max(1, Math.floor((expiry.getTime() - now.getTime()) / 1000));
}

function awayRefusal(now: Date): Refusal {
  return {
    kind: "ledger-away",
    text: "The service issues no slots at present, because it cannot check quotas. Try again a little later.",
    retryAt: new Date(Math.ceil(now.getTime() / 1000 + retryWhenAway) * 1000),
  };
}
