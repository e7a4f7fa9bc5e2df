import type { Random } from "./random.ts";

/** Something that strangers feed, and what must hold whatever they feed it. */
export interface FuzzTarget {
  readonly name: string;
  /** How many inputs `npm run test:fuzz` gives it. */
  readonly inputs: number;
  /** Makes one input. */
  make(random: Random): string;
  /** Feeds it. @throws when a promise is broken. */
  check(input: string, random: Random): void;
}

/** A promise that an input broke. */
export class FuzzFailure extends Error {
  readonly code = "fuzz";
  constructor(target: string, seed: number, index: number, input: string, cause: unknown) {
    const reason = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
    super(`${target}, seed ${seed}, input ${index}: ${JSON.stringify(input)}\n${reason}`, { cause });
    this.name = "FuzzFailure";
  }
}
