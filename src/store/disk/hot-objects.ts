import type { Stats } from "node:fs";
import type { Bytes } from "../../slot/slot.ts";
import type { OpenObject } from "../object-store.ts";
import type { ObjectTrailer } from "./object-file.ts";
import { ObjectInMemory } from "./object-in-memory.ts";

/** Milliseconds for which a look at a file counts. */
const lookCounts = 5;

/** So many tokens are remembered that were asked for once: too few for files that are all asked for in turn. */
const places = 64;

/** What an object takes beside its content, roughly: empty ones must not come in without end. */
const overhead: Bytes = 1024;

/** What tells one file from another that came into its place. */
type FileStamp = Pick<Stats, "ino" | "size" | "mtimeMs">;

interface HotObject {
  readonly object: OpenObject;
  readonly stamp: FileStamp;
  /** When its file was looked at last. */
  seen: number;
}

/**
 * Small objects that are asked for again and again, in memory: a picture that is posted to a room is fetched by all
 * who are in it, in the same moment. An object comes in when it is asked for a second time, and those that were not
 * asked for the longest go. Before one is given its file is looked at, unless that was done just now: what somebody
 * removed is gone after so many milliseconds.
 */
export class HotObjects {
  readonly #most: Bytes;
  /** In the order of the last use. */
  readonly #objects = new Map<string, HotObject>();
  readonly #askedLast: string[] = [];
  readonly #now: () => number;
  #held: Bytes = 0;

  /**
   * @param most what the objects take at most, content and all.
   * @param now milliseconds of a clock that never goes back.
   */
  constructor(most: Bytes, now: () => number = () => performance.now()) {
    this.#most = most;
    this.#now = now;
  }

  /** The object, if it is here and this is still its file, which `look` looks at. */
  get(token: string, look: () => FileStamp | undefined): OpenObject | undefined {
    const hot = this.#objects.get(token);
    if (hot === undefined) return undefined;
    const now = this.#now();
    if (now - hot.seen < lookCounts) return hot.object;
    const isThere = isSame(hot.stamp, look());
    this.#objects.delete(token);
    if (!isThere) {
      this.#held -= cost(hot.object);
      return undefined;
    }
    hot.seen = now;
    this.#objects.set(token, hot);
    return hot.object;
  }

  /** Tells of an object that was read from its file; `content` is copied if it is kept. */
  offer(token: string, about: ObjectTrailer, content: Uint8Array, stamp: FileStamp): void {
    if (!this.#isAskedAgain(token)) return;
    const { ino, size, mtimeMs } = stamp;
    const object = new ObjectInMemory(token, about, new Uint8Array(content));
    this.#objects.set(token, { object, stamp: { ino, size, mtimeMs }, seen: this.#now() });
    this.#held += cost(object);
    for (const [oldest, { object }] of this.#objects) {
      if (this.#held <= this.#most) break;
      this.#objects.delete(oldest);
      this.#held -= cost(object);
    }
  }

  /** Whether this token was the last one asked for among those that share its place; from now on it is, or is done. */
  #isAskedAgain(token: string): boolean {
    const place = Number.parseInt(token.slice(0, 2), 16) % places;
    const isAgain = this.#askedLast[place] === token;
    this.#askedLast[place] = isAgain ? "" : token;
    return isAgain;
  }
}

function cost({ size }: OpenObject): Bytes {
  return size + overhead;
}

function isSame(known: FileStamp, found: FileStamp | undefined): boolean {
  return known.ino === found?.ino && known.size === found.size && known.mtimeMs === found.mtimeMs;
}
