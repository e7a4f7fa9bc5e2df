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
  use?(item: Item, settings: Settings, around: Around): void;
  /** Begins the work of a new thing: after `use`, and after those that are not wanted any more have ended. */
  begin?(item: Item): void;
  /** Called once when slotd starts: lets the metrics ask what runs. */
  observe?(deps: PartDeps): void;
  /** Earlier parts that it uses while it runs: they end after it. */
  readonly needs?: readonly Part<Stoppable>[];
  /** It takes its time to end, and a reload does not wait for it. */
  readonly lingers?: boolean;
  /** When slotd stops it ends at once, whoever needs it: another slotd may go on with what it holds. */
  readonly yields?: boolean;
  /** It shows what the others do, and ends last when slotd stops. */
  readonly isObserver?: boolean;
}

/** A part of slotd as the list of them has it; by it what runs is found. */
export interface Part<Item extends Stoppable> {
  readonly needs: readonly Part<Stoppable>[];
  readonly lingers: boolean;
  readonly yields: boolean;
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
  /** Puts it in force, at once. What is not wanted any more goes on until `end`. */
  commit(): void;
  /** Ends those that were not wanted any more, but for those that somebody wants again by now. */
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
  const { needs = [], lingers = false, yields = false, isObserver = false } = definition;
  const open = (deps: PartDeps): Kept<Item> => {
    definition.observe?.(deps);
    return new KeptItems(definition);
  };
  return { needs, lingers, yields, isObserver, open };
}

/** Something that nobody wants any more, and that something else still uses. */
interface Leaving<Item> {
  readonly item: Item;
  /** Whether the time has come at which it ends. */
  isDue: boolean;
}

/** What a preparation has found and made. */
interface Drawn<Item> {
  readonly items: Map<string, Item>;
  readonly made: Item[];
  /** Those that were leaving, and are wanted again. */
  readonly back: Map<string, Leaving<Item>>;
}

class KeptItems<Item extends Stoppable, Settings> implements Kept<Item> {
  readonly #definition: PartDefinition<Item, Settings>;
  readonly #leaving = new Map<string, Leaving<Item>>();
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
    const drawn: Drawn<Item> = { items: new Map(), made: [], back: new Map() };
    const { items, made, back } = drawn;
    const cancel = async (): Promise<void> => {
      await Promise.all([stopAll(made), this.#letLeave(back)]);
    };
    try {
      for (const [key, settings] of wanted) await this.#draw(key, settings, around, drawn);
    } catch (error) {
      await cancel();
      throw error;
    }
    let unwanted: ReadonlyMap<string, Leaving<Item>> = new Map();
    return {
      ...{ items, cancel },
      commit: () => {
        unwanted = this.#replace(items);
        for (const [key, settings] of wanted) {
          const item = items.get(key);
          if (item !== undefined) use?.(item, settings, around);
        }
      },
      end: () => this.#end(unwanted),
      begin() {
        for (const item of made) begin?.(item);
      },
    };
  }

  async stop(): Promise<void> {
    const all = [...this.running, ...[...this.#leaving.values()].map(({ item }) => item)];
    this.#items = new Map();
    this.#leaving.clear();
    await stopAll(all);
  }

  /** Finds one that runs, or that is leaving, and makes it when there is none. */
  async #draw(key: string, settings: Settings, around: Around, drawn: Drawn<Item>): Promise<void> {
    const { make, refresh } = this.#definition;
    const leaving = this.#leaving.get(key);
    if (leaving !== undefined) drawn.back.set(key, leaving);
    this.#leaving.delete(key);
    const present = this.#items.get(key) ?? leaving?.item;
    const item = present ?? (await make(settings, around));
    if (present === undefined) drawn.made.push(item);
    else await refresh?.(present);
    drawn.items.set(key, item);
  }

  /** @returns those that are not wanted any more. */
  #replace(items: ReadonlyMap<string, Item>): ReadonlyMap<string, Leaving<Item>> {
    const unwanted = [...this.#items].filter(([key]) => !items.has(key));
    this.#items = items;
    const leaving = new Map(unwanted.map(([key, item]) => [key, { item, isDue: false }]));
    for (const [key, each] of leaving) this.#leaving.set(key, each);
    return leaving;
  }

  async #end(unwanted: ReadonlyMap<string, Leaving<Item>>): Promise<void> {
    for (const each of unwanted.values()) each.isDue = true;
    await this.#letLeave(new Map([...unwanted].filter(([key, each]) => this.#leaving.get(key) === each)));
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
