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
  /** Ends those that are not wanted any more. */
  commit(): Promise<void>;
  /** Ends those that were added: everything is as before. */
  cancel(): Promise<void>;
}

/**
 * The running things of one kind, each under a key made of everything that cannot be changed while it runs. So a
 * reload that wants the same key keeps the thing, and what only differs in the rest is given to it afterwards.
 */
export class Keep<Item extends Stoppable> {
  #items: ReadonlyMap<string, Item> = new Map();

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
    const cancel = () => stopAll(added);
    try {
      for (const [key, make] of wanted) {
        const present = this.#items.get(key);
        const item = present ?? (await make());
        if (present === undefined) added.push(item);
        items.set(key, item);
      }
    } catch (error) {
      await cancel();
      throw error;
    }
    const commit = (): Promise<void> => {
      const unwanted = [...this.#items].filter(([key]) => !items.has(key)).map(([, item]) => item);
      this.#items = items;
      return stopAll(unwanted);
    };
    return { items, added, commit, cancel };
  }

  /** Ends them all. */
  async stop(): Promise<void> {
    const all = this.running;
    this.#items = new Map();
    await stopAll(all);
  }
}

async function stopAll(items: readonly Stoppable[]): Promise<void> {
  await Promise.all(items.map((item) => item.stop()));
}
