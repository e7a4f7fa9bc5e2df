/** Something with a lifetime. */
export interface Stoppable {
  /** Ends it. Must not throw. */
  stop(): Promise<void>;
}

/** What a reload would use: kept and added things together, nothing yet changed for those that run. */
export interface Prepared<Item> {
  readonly items: ReadonlyMap<string, Item>;
  /** Those that were not there before. */
  readonly added: readonly Item[];
  /**
   * Ends those that are not wanted any more: at once, or when `until` resolves, if nobody wants them again by then.
   * Resolves when they have ended, or are wanted again.
   */
  commit(until?: Promise<unknown>): Promise<void>;
  /** Ends those that were added: everything is as before. */
  cancel(): Promise<void>;
}

/** Something that nobody wants any more, and that something else still uses. */
interface Leaving<Item> {
  readonly item: Item;
  /** Whether the time has come at which it ends. */
  isDue: boolean;
}

/**
 * The running things of one kind, each under a key made of everything that cannot be changed while it runs. So a
 * reload that wants the same key keeps the thing, and what only differs in the rest is given to it afterwards.
 */
export class Keep<Item extends Stoppable> {
  #items: ReadonlyMap<string, Item> = new Map();
  readonly #leaving = new Map<string, Leaving<Item>>();

  /** Those that run now. */
  get running(): readonly Item[] {
    return [...this.#items.values()];
  }

  /**
   * Makes what is wanted and not there. One of `commit` and `cancel` must follow before the next call.
   *
   * @throws what a maker throws; those that were made before it are ended again.
   */
  async prepare(wanted: ReadonlyMap<string, () => Item | Promise<Item>>): Promise<Prepared<Item>> {
    const items = new Map<string, Item>();
    const added: Item[] = [];
    const back = new Map<string, Leaving<Item>>();
    const cancel = () => Promise.all([stopAll(added), this.#letLeave(back)]).then(() => undefined);
    try {
      for (const [key, make] of wanted) {
        const leaving = this.#leaving.get(key);
        if (leaving !== undefined) back.set(key, leaving);
        this.#leaving.delete(key);
        const present = this.#items.get(key) ?? leaving?.item;
        const item = present ?? (await make());
        if (present === undefined) added.push(item);
        items.set(key, item);
      }
    } catch (error) {
      await cancel();
      throw error;
    }
    const commit = (until?: Promise<unknown>): Promise<void> => {
      const unwanted = [...this.#items].filter(([key]) => !items.has(key));
      this.#items = items;
      return this.#end(new Map(unwanted), until);
    };
    return { items, added, commit, cancel };
  }

  /** Ends them all. */
  async stop(): Promise<void> {
    const all = [...this.running, ...[...this.#leaving.values()].map(({ item }) => item)];
    this.#items = new Map();
    this.#leaving.clear();
    await stopAll(all);
  }

  async #end(unwanted: ReadonlyMap<string, Item>, until: Promise<unknown> | undefined): Promise<void> {
    if (until === undefined) return stopAll([...unwanted.values()]);
    const leaving = new Map([...unwanted].map(([key, item]) => [key, { item, isDue: false }]));
    for (const [key, each] of leaving) this.#leaving.set(key, each);
    await until;
    for (const each of leaving.values()) each.isDue = true;
    await this.#letLeave(new Map([...leaving].filter(([key, each]) => this.#leaving.get(key) === each)));
  }

  /** Ends those whose time has come; the others wait for it. */
  async #letLeave(some: ReadonlyMap<string, Leaving<Item>>): Promise<void> {
    for (const [key, each] of some) {
      if (each.isDue) this.#leaving.delete(key);
      else this.#leaving.set(key, each);
    }
    await stopAll([...some.values()].flatMap(({ item, isDue }) => (isDue ? [item] : [])));
  }
}

async function stopAll(items: readonly Stoppable[]): Promise<void> {
  await Promise.all(items.map((item) => item.stop()));
}
