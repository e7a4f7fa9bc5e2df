import type { Session } from "./database.ts";
import { type Ends, endsOfAll, endsOfDomain, endsOfUser, reservedEnds } from "./ends.ts";
import type { Pool, Scope } from "./scopes.ts";

/** A scope that is full, as a transaction has left it. */
export interface FullScope {
  readonly scope: Scope;
  readonly pools: readonly Pool[];
  /** Purposes whose complete files are not in the way, and so their end makes no room. */
  readonly evictable: readonly string[];
  /** Where it is the user's day that is full: its beginning, in milliseconds since 1970. Only what was reserved since makes room. */
  readonly day: number | undefined;
}

/** How long is remembered when the files of a scope end; milliseconds. */
const rememberedFor = 1_000;

/** Of how many scopes; 64 files each are about 3 MiB. */
const mostRemembered = 1_000;

interface Remembered {
  readonly sums: string;
  readonly at: number;
  readonly ends: Ends;
}

/**
 * When the files of full scopes end, remembered for a second while their sums are the same: whoever is refused again and
 * again, and all who are refused by a full domain, cost no look at its files.
 */
export class FullScopes {
  readonly #remembered = new Map<string, Remembered>();

  /** When the files of a scope end. `reader` sees the ledger as it was committed. */
  async endsIn(reader: Session, full: FullScope, now: Date): Promise<Ends> {
    const known = this.#known(full, now);
    if (known !== undefined) return known;
    const ends = await readEnds(reader, full);
    if (this.#remembered.size >= mostRemembered) this.#remembered.clear();
    this.#remembered.set(keyOf(full), { sums: sumsOf(full), at: now.getTime(), ends });
    return ends;
  }

  /** Whether some file of a scope has ended by now, as far as is remembered; undefined: nothing is. */
  hasEnded(full: FullScope, now: Date): boolean | undefined {
    const ends = this.#known(full, now);
    if (ends === undefined) return undefined;
    const first = ends.ends[0]?.at ?? ends.until;
    return first !== undefined && first <= now.getTime();
  }

  #known(full: FullScope, now: Date): Ends | undefined {
    const remembered = this.#remembered.get(keyOf(full));
    if (remembered === undefined || remembered.sums !== sumsOf(full)) return undefined;
    const age = now.getTime() - remembered.at;
    return age >= 0 && age < rememberedFor ? remembered.ends : undefined;
  }
}

function readEnds(reader: Session, { scope, pools, evictable, day }: FullScope): Promise<Ends> {
  if (day !== undefined) return reservedEnds(reader, pools, day);
  if (scope.name === "total") return endsOfAll(reader, evictable);
  if (scope.name === "domain") return endsOfDomain(reader, pools, evictable);
  return endsOfUser(reader, pools, evictable);
}

function keyOf({ scope: { name, where }, evictable, day }: FullScope): string {
  return JSON.stringify([name, where.values, evictable, day]);
}

function sumsOf({ pools }: FullScope): string {
  return pools
    .map(({ account, bytes, complete, reserved }) => `${account} ${bytes} ${complete} ${reserved}`)
    .join();
}
