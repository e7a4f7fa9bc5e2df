import { Random } from "./random.ts";
import { FuzzFailure, type FuzzTarget } from "./target.ts";

/**
 * Feeds a target. The same seed gives the same inputs.
 *
 * @throws {FuzzFailure} at the first input that breaks a promise.
 */
export function fuzz(target: FuzzTarget, seed: number, inputs: number): void {
  const random = new Random(seed);
  for (let index = 0; index < inputs; index++) {
    const input = target.make(random);
    try {
      target.check(input, random);
    } catch (cause) {
      throw new FuzzFailure(target.name, seed, index, input, cause);
    }
  }
}
