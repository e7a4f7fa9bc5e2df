import type { LedgerFile } from "../ledger/ledger.ts";
import type { StoredObject } from "../store/inventory.ts";
import type { Pair } from "./agree.ts";

/** A file or an object of one of several places, which are numbered. */
export interface Placed<Item> {
  readonly token: string;
  readonly place: number;
  readonly item: Item;
}

type Ordered = Pick<Placed<unknown>, "token" | "place">;

function isBefore(a: Ordered, b: Ordered): boolean {
  return a.token < b.token || (a.token === b.token && a.place < b.place);
}

/**
 * A stream that comes in pages, ordered by token and then by place. Pages, because to wait for each of a million items
 * costs more than all that is done with it.
 */
export type Pages<Item> = AsyncIterable<readonly Placed<Item>[]>;

/** How many items, or pairs, are in a page at most that is made here; they bound the memory. */
const pageSize = 500;

/** Says of each item in which place it is; those that are in none are left out. */
export async function* placed<Item extends { readonly token: string }>(
  pages: AsyncIterable<readonly Item[]>,
  placeOf: (item: Item) => number | undefined,
): AsyncGenerator<readonly Placed<Item>[]> {
  for await (const page of pages) {
    yield page.flatMap((item) => {
      const place = placeOf(item);
      return place === undefined ? [] : { token: item.token, place, item };
    });
  }
}

/** Makes pages of single items. */
export async function* inPages<Item>(items: AsyncIterable<Item>): AsyncGenerator<readonly Item[]> {
  let page: Item[] = [];
  for await (const item of items) {
    page.push(item);
    if (page.length < pageSize) continue;
    yield page;
    page = [];
  }
  yield page;
}

/**
 * Brings files and objects of the same token and place together, in pages of pairs. Neither side is held in memory. What
 * is out of order comes as two pairs, one for each side.
 */
export async function* pairsOf(
  files: Pages<LedgerFile>,
  objects: Pages<StoredObject>,
): AsyncGenerator<readonly Pair[]> {
  const [left, right] = [new Head(files), new Head(objects)];
  await Promise.all([left.advance(), right.advance()]);
  let page: Pair[] = [];
  for (;;) {
    const [file, object] = [left.item, right.item];
    const first = file === undefined || (object !== undefined && isBefore(object, file)) ? object : file;
    if (first === undefined) break;
    const { token, place } = first;
    const isOfPair = (each: Ordered | undefined) => each?.token === token && each.place === place;
    const [hasFile, hasObject] = [isOfPair(file), isOfPair(object)];
    page.push({
      ...{ token, place },
      file: hasFile ? file?.item : undefined,
      object: hasObject ? object?.item : undefined,
    });
    if (page.length === pageSize) {
      yield page;
      page = [];
    }
    // Both are asked, and waited for only at the end of a page.
    const waits = [hasFile ? left.advance() : undefined, hasObject ? right.advance() : undefined];
    if (waits[0] !== undefined || waits[1] !== undefined) await Promise.all(waits);
  }
  yield page;
}

/**
 * Merges streams that are each ordered by token and place into one that is. An item of one of n streams costs log n
 * comparisons.
 */
export function mergeByToken<Item>(streams: readonly Pages<Item>[]): Pages<Item> {
  const [first, ...others] = streams;
  return first !== undefined && others.length === 0 ? first : mergeAll(streams);
}

async function* mergeAll<Item>(streams: readonly Pages<Item>[]): AsyncGenerator<readonly Placed<Item>[]> {
  const heads = streams.map((stream) => new Head(stream));
  await Promise.all(heads.map((head) => head.advance()));
  const heap = heads.filter(({ item }) => item !== undefined).sort((a, b) => (comesBefore(a, b) ? -1 : 1));
  let page: Placed<Item>[] = [];
  for (let first = heap[0]; first?.item !== undefined; first = heap[0]) {
    page.push(first.item);
    if (page.length === pageSize) {
      yield page;
      page = [];
    }
    const wait = first.advance();
    if (wait !== undefined) await wait;
    if (first.item === undefined) {
      const last = heap.pop();
      if (last !== undefined && last !== first) heap[0] = last;
    }
    sink(heap);
  }
  yield page;
}

/** Lets the first of a heap go down to its place. */
function sink(heap: Head<unknown>[]): void {
  for (let i = 0; ; ) {
    const [parent, left, right] = [heap[i], heap[2 * i + 1], heap[2 * i + 2]];
    if (parent === undefined || left === undefined) return;
    const isRight = right !== undefined && comesBefore(right, left);
    const child = isRight ? right : left;
    if (!comesBefore(child, parent)) return;
    const place = isRight ? 2 * i + 2 : 2 * i + 1;
    heap[i] = child;
    heap[place] = parent;
    i = place;
  }
}

function comesBefore({ item: a }: Head<unknown>, { item: b }: Head<unknown>): boolean {
  return a !== undefined && (b === undefined || isBefore(a, b));
}

/** A stream and its next item. */
class Head<Item> {
  readonly #pages: AsyncIterator<readonly Placed<Item>[]>;
  #page: readonly Placed<Item>[] = [];
  #next = 0;
  /** undefined before the first `advance`, and after the last item. */
  item: Placed<Item> | undefined;

  constructor(stream: Pages<Item>) {
    this.#pages = stream[Symbol.asyncIterator]();
  }

  /** Goes on to the next item; where that is of another page, when the promise resolves. */
  advance(): Promise<void> | undefined {
    this.item = this.#page[this.#next];
    this.#next += 1;
    return this.item === undefined ? this.#turn() : undefined;
  }

  async #turn(): Promise<void> {
    for (;;) {
      const { done, value } = await this.#pages.next();
      if (done === true) return;
      if (value.length === 0) continue;
      [this.#page, this.#next, this.item] = [value, 1, value[0]];
      return;
    }
  }
}
