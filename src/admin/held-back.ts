/** So many are few, whatever they are a part of. */
const few = 10;

/** More than this part of all is not a small one. */
const smallShare = 0.01;

/** So many are held at most, which bounds the memory: some 10 MiB. */
const mostHeld = 20_000;

/** What would be done to more than a small share, and so was not done. */
export interface TooMany {
  readonly count: number;
  /** Of so many. */
  readonly all: number;
}

/**
 * Things to do that are held back until it is known how many they are of how many. A few, or a small share, are done;
 * more than that is more likely a wrong store or ledger than so many accidents, and is left alone.
 */
export class HeldBack<Item> {
  #items: Item[] = [];
  #count = 0;
  #all = 0;

  /** Counts one of those that it is a share of. */
  countOne(): void {
    this.#all += 1;
  }

  /** Holds a thing back. @returns those that are left alone for sure by now. */
  hold(item: Item): readonly Item[] {
    this.#count += 1;
    this.#items.push(item);
    if (this.#count <= mostHeld) return [];
    return this.#takeAll();
  }

  /** What is to be done, or that it is too many. @returns those that are left alone then as `items`. */
  release(): { readonly items: readonly Item[]; readonly tooMany: TooMany | undefined } {
    const [count, all] = [this.#count, this.#all];
    const isSmall = count <= mostHeld && count <= Math.max(few, all * smallShare);
    return { items: this.#takeAll(), tooMany: isSmall ? undefined : { count, all } };
  }

  #takeAll(): readonly Item[] {
    const items = this.#items;
    this.#items = [];
    return items;
  }
}
