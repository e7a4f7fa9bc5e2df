import type { Config } from "../config/config.ts";
import type { Watchers } from "../ops/events.ts";
import type { SlotDeps } from "../slots.ts";

/** Something with a lifetime. */
export interface Stoppable {
  /** Ends it. Must not throw. */
  stop(): Promise<void>;
}

/** What parts are made with, the same as long as slotd runs. */
export interface PartDeps extends SlotDeps {
  readonly watchers: Watchers;
  /** What runs at the time of asking. */
  readonly running: Running;
  /** 0 to below 1. */
  readonly random: () => number;
}

export interface Running {
  /** The configuration in force; undefined before the first is. */
  readonly config: Config | undefined;
  of<Item extends Stoppable>(part: Part<Item>): readonly Item[];
}

/** What there is for a part when it is prepared. */
export interface Around {
  readonly config: Config;
  readonly deps: PartDeps;
  /** What will run of a part that stands earlier in the list, by its keys. */
  of<Item extends Stoppable>(part: Part<Item>): ReadonlyMap<string, Item>;
}

/** One kind of thing with a lifetime: what of it a configuration wants, how it is made, changed and ended. */
export interface PartDefinition<Item extends Stoppable, Settings> {
  /**
   * What is wanted: each thing under a key of everything that cannot change while it runs, with all that it goes by.
   * A reload that wants the same key keeps the thing. May throw: then a reload changes nothing.
   */
  wanted(around: Around): ReadonlyMap<string, Settings> | Promise<ReadonlyMap<string, Settings>>;
  /** Makes one that does not run yet. What it throws ends the reload, which changes nothing. */
  make(settings: Settings, around: Around): Item | Promise<Item>;
  /** Reads what may have changed of one that runs, and throws when it cannot be used: then a reload changes nothing. */
  refresh?(item: Item): Promise<void>;
  /** Puts other settings in force, at once and without fail; for a new thing the settings that it was made with. */
  use?(item: Item, settings: Settings): void;
  /** Begins the work of a new thing: after `use`, and after those that are not wanted any more have ended. */
  begin?(item: Item): void;
  /** Called once when slotd starts: lets the metrics ask what runs. */
  observe?(deps: PartDeps): void;
  /** Earlier parts that it uses while it runs: they end after it. */
  readonly needs?: readonly Part<Stoppable>[];
  /** It takes its time to end, and a reload does not wait for it. */
  readonly lingers?: boolean;
  /** It shows what the others do, and ends last when slotd stops. */
  readonly isObserver?: boolean;
}

/** A part of slotd as the list of them has it; by it what runs is found. */
export interface Part<Item extends Stoppable> {
  readonly needs: readonly Part<Stoppable>[];
  readonly lingers: boolean;
  readonly isObserver: boolean;
  /** Keeps what runs of it, in one slotd. */
  open(deps: PartDeps): Kept<Item>;
}

/** What runs of a part. */
export interface Kept<Item extends Stoppable> {
  readonly running: readonly Item[];
  /**
   * Makes what is wanted and not there. One of `commit` and `cancel` must follow before the next call.
   *
   * @throws what the part throws; what was made before is ended again.
   */
  prepare(around: Around): Promise<Prepared<Item>>;
  /** Ends everything that runs of it. */
  stop(): Promise<void>;
}

/** What a reload would use: kept and new things together, nothing yet changed for those that run. */
export interface Prepared<Item extends Stoppable> {
  readonly items: ReadonlyMap<string, Item>;
  /** Puts it in force, at once. */
  commit(): void;
  /** Ends those that are not wanted any more; to be called after `commit`. */
  end(): Promise<void>;
  /** Begins the work of those that are new. */
  begin(): void;
  /** Ends those that were made: everything is as before. */
  cancel(): Promise<void>;
}

/** Makes a part of what it says of itself. */
export function part<Item extends Stoppable, Settings>(
  definition: PartDefinition<Item, Settings>,
): Part<Item> {
  const { needs = [], lingers = false, isObserver = false } = definition;
  const open = (deps: PartDeps): Kept<Item> => {
    definition.observe?.(deps);
    return new KeptItems(definition);
  };
  return { needs, lingers, isObserver, open };
}

class KeptItems<Item extends Stoppable, Settings> implements Kept<Item> {
  readonly #definition: PartDefinition<Item, Settings>;
  #items: ReadonlyMap<string, Item> = new Map();

  constructor(definition: PartDefinition<Item, Settings>) {
    this.#definition = definition;
  }

  get running(): readonly Item[] {
    return [...this.#items.values()];
  }

  async prepare(around: Around): Promise<Prepared<Item>> {
    const { use, begin } = this.#definition;
    const wanted = await this.#definition.wanted(around);
    const made: Item[] = [];
    const cancel = () => stopAll(made);
    try {
      const items = await this.#itemsFor(wanted, around, made);
      const unwanted = [...this.#items].filter(([key]) => !items.has(key)).map(([, item]) => item);
      const commit = (): void => {
        this.#items = items;
        for (const [key, settings] of wanted) {
          const item = items.get(key);
          if (item !== undefined) use?.(item, settings);
        }
      };
      return {
        ...{ items, commit, cancel },
        end: () => stopAll(unwanted),
        begin() {
          for (const item of made) begin?.(item);
        },
      };
    } catch (error) {
      await cancel();
      throw error;
    }
  }

  async stop(): Promise<void> {
    const all = this.running;
    this.#items = new Map();
    await stopAll(all);
  }

  /** Those that run already, refreshed, and new ones, which are added to `made`. */
  async #itemsFor(
    wanted: ReadonlyMap<string, Settings>,
    around: Around,
    made: Item[],
  ): Promise<ReadonlyMap<string, Item>> {
    const { make, refresh } = this.#definition;
    const items = new Map<string, Item>();
    for (const [key, settings] of wanted) {
      const present = this.#items.get(key);
      const item = present ?? (await make(settings, around));
      if (present === undefined) made.push(item);
      else await refresh?.(present);
      items.set(key, item);
    }
    return items;
  }
}

async function stopAll(items: readonly Stoppable[]): Promise<void> {
  await Promise.all(items.map((item) => item.stop()));
}
