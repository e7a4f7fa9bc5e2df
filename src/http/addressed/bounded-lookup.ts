import type { AddressedObject, AddressedObjects } from "../../store/addressed-objects.ts";
import { RateLimit } from "./rate-limit.ts";
import { Turns } from "./turns.ts";

/** How often a bucket is asked for strangers. */
export interface LookupLimits {
  /** Requests at once, of all clients and of one; others wait for their turn. */
  readonly atOnce: { readonly total: number; readonly perClient: number };
  /** Requests in a row, and how many a second come back to that. */
  readonly total: { readonly burst: number; readonly perSecond: number };
  /** The same for one client, of requests that find nothing. */
  readonly perClient: { readonly burst: number; readonly perSecond: number };
}

export const lookupLimits: LookupLimits = {
  atOnce: { total: 32, perClient: 8 },
  total: { burst: 500, perSecond: 50 },
  perClient: { burst: 60, perSecond: 1 },
};

/** Milliseconds for which an answer is remembered. */
const rememberedFor = { object: 30_000, none: 5_000, failed: 1_000 } as const;
/** Answers; one takes some 2 KiB at most. */
const rememberedAnswers = 2_000;
/** Clients whose limits are counted; of more than these those who came last. */
const countedClients = 10_000;

type Known = { readonly until: number; readonly outcome: Promise<AddressedObject | undefined> };

/**
 * Asks a bucket for the objects of addresses, for whoever asks: each question is one HEAD, and no more are asked than
 * the limits say. By default these are 500 in a row and 50 a second after that, 32 at the same time. One client has 60
 * in a row that find nothing, and one a second after that, 8 at the same time. What was found is remembered for 30 s,
 * what was not for 5 s, a failure for 1 s, 2,000 answers at most, and who asks for what somebody asks for already gets
 * the same answer: neither costs a question.
 */
export class BoundedLookup {
  readonly #objects: AddressedObjects;
  readonly #monotonic: () => number;
  readonly #turns: Turns;
  readonly #total: RateLimit;
  readonly #perClient: RateLimit;
  readonly #known = new Map<string, Known>();

  /** @param monotonic milliseconds of a clock that never goes back. */
  constructor(objects: AddressedObjects, monotonic: () => number, limits: LookupLimits = lookupLimits) {
    this.#objects = objects;
    this.#monotonic = monotonic;
    this.#turns = new Turns(limits.atOnce);
    this.#total = new RateLimit({ ...limits.total, keys: 1 }, monotonic);
    this.#perClient = new RateLimit({ ...limits.perClient, keys: countedClients }, monotonic);
  }

  /**
   * @param client as `clientKey` gives it.
   * @returns undefined when there is no such object; "busy" and "too-many" when nothing was asked: the limit of all
   *   clients, or that of this one, is reached.
   * @throws {LookupError} when the bucket does not say.
   */
  find(token: string, client: string): Promise<AddressedObject | undefined> | "busy" | "too-many" {
    const known = this.#known.get(token);
    if (known !== undefined && this.#monotonic() < known.until) return known.outcome;
    if (!this.#perClient.take(client)) return "too-many";
    if (!this.#total.take("")) {
      this.#perClient.giveBack(client);
      return "busy";
    }
    const outcome = this.#ask(token, client);
    this.#remember(token, outcome, Number.POSITIVE_INFINITY);
    return outcome;
  }

  /** Whatever was known of an object is to be asked for again: it was stored or removed. */
  forget(token: string): void {
    this.#known.delete(token);
  }

  async #ask(token: string, client: string): Promise<AddressedObject | undefined> {
    await this.#turns.take(client);
    let kind: keyof typeof rememberedFor = "failed";
    const outcome = this.#objects.look(token);
    try {
      const object = await outcome;
      kind = object === undefined ? "none" : "object";
      if (object !== undefined) this.#perClient.giveBack(client);
      return object;
    } finally {
      this.#turns.give(client);
      if (this.#known.has(token)) this.#remember(token, outcome, this.#monotonic() + rememberedFor[kind]);
    }
  }

  #remember(token: string, outcome: Known["outcome"], until: number): void {
    // The last one that was remembered is the last to be forgotten.
    this.#known.delete(token);
    this.#known.set(token, { until, outcome });
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= rememberedAnswers) break;
      this.#known.delete(oldest);
    }
  }
}
