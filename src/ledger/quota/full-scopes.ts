import type { Session } from "../database/database.ts";
import type { Holding } from "../ledger.ts";
import { type Ends, endOf, endsOfAll, endsOfDomain, endsOfUser, reservedEnds } from "./ends.ts";
import type { Pool, Scope } from "./scopes.ts";

/** A scope that is full, as a transaction has left it. */
export interface FullScope {
  readonly scope: Pick<Scope, "name" | "column" | "where">;
  readonly pools: readonly Pool[];
  /** Purposes whose complete files are not in the way, and so their end makes no room. */
  readonly evictable: readonly string[];
  /**
   * Where it is the user's day that is full: its beginning, in milliseconds since 1970. Only what was reserved since
   * makes room.
   */
  readonly day: number | undefined;
  /** Tells it from others. */
  readonly key: string;
  /** Changes when its files do. */
  readonly sums: string;
}

export function fullScope(full: Omit<FullScope, "key" | "sums">): FullScope {
  const { scope, pools, evictable, day } = full;
  const key = [scope.name, ...scope.where.values, day, ...evictable].join("\n");
  const sums = pools.map((pool) => `${pool.account} ${pool.bytes} ${pool.complete} ${pool.reserved}`).join();
  return { ...full, key, sums };
}

/** How long is remembered when the files of a scope end; milliseconds. */
const rememberedFor = 1_000;

/** Of how many files at most; about 10 MiB. */
const mostFiles = 100_000;

interface Remembered {
  readonly sums: string;
  readonly at: number;
  readonly reading: Promise<Ends>;
  /** What `reading` came to. */
  ends: Ends | undefined;
}

/**
 * When the files of full scopes end, remembered for a second: whoever is refused again and again, and all who are
 * refused by a full domain, cost no look at its files.
 *
 * Whether there is room is never decided by it, for sums decide that; only whether it is worth looking for expired
 * files. One that has expired less than a second after it was entered may be passed over for that second.
 */
export class FullScopes {
  readonly #remembered = new Map<string, Remembered>();
  #files = 0;

  /**
   * When the files of a scope end, where something has changed up to a second ago, if that tells when so much has ended
   * as is in excess. `reader` sees the ledger as it was committed.
   */
  async endsIn(reader: Session, full: FullScope, excess: Holding, now: Date): Promise<Ends> {
    const known = this.#known(full, now);
    if (known !== undefined) {
      const ends = await known.reading;
      if (known.sums === full.sums || isStillAnAnswer(ends, excess, now)) return ends;
    }
    return this.#read(reader, full, now);
  }

  /** Whether a complete file of a scope has expired by now, as far as is remembered; undefined: nothing is. */
  hasExpired(full: FullScope, now: Date): boolean | undefined {
    const ends = this.#known(full, now)?.ends;
    if (ends === undefined) return undefined;
    return ends.expires !== undefined && ends.expires <= now.getTime();
  }

  async #read(reader: Session, full: FullScope, now: Date): Promise<Ends> {
    const reading = readEnds(reader, full, now);
    const { key, sums } = full;
    const remembered: Remembered = { sums, at: now.getTime(), reading, ends: undefined };
    this.#remembered.set(key, remembered);
    try {
      remembered.ends = await reading;
      this.#makeRoom(remembered.ends.ends.length + 1);
      return remembered.ends;
    } catch (error) {
      if (this.#remembered.get(key) === remembered) this.#remembered.delete(key);
      throw error;
    }
  }

  #known(full: FullScope, now: Date): Remembered | undefined {
    const remembered = this.#remembered.get(full.key);
    if (remembered === undefined) return undefined;
    const age = now.getTime() - remembered.at;
    return age >= 0 && age < rememberedFor ? remembered : undefined;
  }

  /** What was remembered before goes when it is too much together; who needs it still reads it again. */
  #makeRoom(files: number): void {
    this.#files += files;
    if (this.#files <= mostFiles) return;
    this.#remembered.clear();
    this.#files = 0;
  }
}

/** What has ended since may be gone, and what was entered since is not among them. */
function isStillAnAnswer(ends: Ends, excess: Holding, now: Date): boolean {
  const [first] = ends.ends;
  const isToldWhen = ends.until !== undefined || endOf(excess, ends) !== undefined;
  return first !== undefined && first.at > now.getTime() && isToldWhen;
}

function readEnds(reader: Session, { scope, pools, evictable, day }: FullScope, now: Date): Promise<Ends> {
  if (day !== undefined) return reservedEnds(reader, pools, day);
  if (scope.name === "total") return endsOfAll(reader, evictable);
  if (scope.name === "domain") return endsOfDomain(reader, pools, evictable);
  return endsOfUser(reader, pools, evictable, now);
}
