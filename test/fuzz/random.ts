/** Random choices that a seed repeats. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number from 0 to below `end`. Mulberry32: fast, and good enough to choose inputs. */
  below(end: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * end);
  }

  of<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)] as Item;
  }
}

/**
 * Changes a text in one to four places: cuts, doubles, swaps, or puts in one of `pieces` or a part of another of
 * `corpus`.
 */
export function mutate(
  text: string,
  random: Random,
  corpus: readonly string[],
  pieces: readonly string[],
): string {
  let changed = text;
  for (let changes = 1 + random.below(4); changes > 0; changes--) {
    const at = random.below(changed.length + 1);
    const end = Math.min(changed.length, at + random.below(12));
    const [before, part, after] = [changed.slice(0, at), changed.slice(at, end), changed.slice(end)];
    const other = random.of(corpus);
    const from = random.below(other.length);
    changed = random.of([
      () => before + after,
      () => before + part + part + after,
      () => before + random.of(pieces) + after,
      () => before + random.of(pieces) + part + after,
      () => before + other.slice(from, from + random.below(40)) + after,
      () => before + String.fromCharCode(random.below(0x180)) + after,
      () => after + before,
    ])();
  }
  return changed;
}
