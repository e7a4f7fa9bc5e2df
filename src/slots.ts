import { expiryOf, type Policy, type Requester, refuse } from "./slot/policy.ts";
import type { Refusal } from "./slot/refusal.ts";
import type { Seconds, Slot, SlotRequest } from "./slot/slot.ts";
import type { Bucket } from "./store/bucket.ts";

/** What slots are made with for one served domain. */
export interface SlotMaker {
  readonly policy: Policy;
  readonly bucket: Bucket;
  /** 1 to 604800. */
  readonly expirationTime: Seconds;
  readonly tokenBytes: number;
}

export interface SlotDeps {
  readonly now: () => Date;
  /** Gives this many bytes from a cryptographic source. */
  readonly randomBytes: (length: number) => Buffer;
}

/** The way of a slot request: policy, token, signature. Makes no request of its own and keeps nothing. */
export function requestSlot(
  request: SlotRequest,
  requester: Requester,
  maker: SlotMaker,
  deps: SlotDeps,
): Slot | Refusal {
  const now = deps.now();
  const refusal = refuse(request, requester, maker.policy, now) ?? maker.bucket.unavailable?.(now);
  return refusal ?? makeSlot(request, maker, deps);
}

/** Makes a slot without asking the policy: for the operator's own hands. */
export function makeSlot(request: SlotRequest, maker: SlotMaker, { now, randomBytes }: SlotDeps): Slot {
  const token = randomBytes(maker.tokenBytes).toString("hex");
  const { filename, size, contentType } = request;
  const at = now();
  const expiry = expiryOf(request, maker.policy, at);
  const expiresIn = Math.min(maker.expirationTime, secondsUntil(expiry, at));
  return maker.bucket.slot({ token, filename, size, contentType, expiry }, expiresIn, at);
}

/** A file that is gone cannot be uploaded any more. At least 1, the least that a PUT URL can be valid. */
function secondsUntil(expiry: Date | undefined, now: Date): Seconds {
  if (expiry === undefined) return Number.POSITIVE_INFINITY;
  return Math.max(1, Math.floor((expiry.getTime() - now.getTime()) / 1000));
}
