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

/** Says of each item in which place it is; those that are in none are left out. */
export async function* placed<Item extends { readonly token: string }>(
  items: AsyncIterable<Item>,
  placeOf: (item: Item) => number | undefined,
): AsyncGenerator<Placed<Item>> {
  for await (const item of items) {
    const place = placeOf(item);
    if (place !== undefined) yield { token: item.token, place, item };
  }
}

/**
 * Brings files and objects of the same token and place together. Each side must be ordered by token, and then by place;
 * neither is held in memory. What is out of order comes as two pairs, one for each side.
 */
export async function* pairsOf(
  files: AsyncIterable<Placed<LedgerFile>>,
  objects: AsyncIterable<Placed<StoredObject>>,
): AsyncGenerator<Pair> {
  const [left, right] = [new Head(files), new Head(objects)];
  await Promise.all([left.advance(), right.advance()]);
  for (;;) {
    const [file, object] = [left.item, right.item];
    const first = file === undefined || (object !== undefined && isBefore(object, file)) ? object : file;
    if (first === undefined) return;
    const { token, place } = first;
    const isOfPair = (each: Ordered | undefined) => each?.token === token && each.place === place;
    const [hasFile, hasObject] = [isOfPair(file), isOfPair(object)];
    if (hasFile) await left.advance();
    if (hasObject) await right.advance();
    yield {
      ...{ token, place },
      file: hasFile ? file?.item : undefined,
      object: hasObject ? object?.item : undefined,
    };
  }
}

/**
 * Merges streams that are each ordered by token and place into one that is. An item of one of n streams costs log n
 * comparisons.
 */
export function mergeByToken<Item>(
  streams: readonly AsyncIterable<Placed<Item>>[],
): AsyncIterable<Placed<Item>> {
  const [first, ...others] = streams;
  // Each layer that an item goes through costs as much as to compare it.
  return first !== undefined && others.length === 0 ? first : mergeAll(streams);
}

async function* mergeAll<Item>(
  streams: readonly AsyncIterable<Placed<Item>>[],
): AsyncGenerator<Placed<Item>> {
  const heads = streams.map((stream) => new Head(stream));
  await Promise.all(heads.map((head) => head.advance()));
  const heap = heads.filter(({ item }) => item !== undefined).sort((a, b) => (comesBefore(a, b) ? -1 : 1));
  for (let first = heap[0]; first?.item !== undefined; first = heap[0]) {
    yield first.item;
    await first.advance();
    if (first.item === undefined) {
      const last = heap.pop();
      if (last !== undefined && last !== first) heap[0] = last;
    }
    sink(heap);
  }
}

/** Lets the first of a heap go down to its place. */
function sink(heap: Head<Ordered>[]): void {
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

function comesBefore({ item: a }: Head<Ordered>, { item: b }: Head<Ordered>): boolean {
  return a !== undefined && (b === undefined || isBefore(a, b));
}

/** A stream and its next item. */
class Head<Item> {
  readonly #iterator: AsyncIterator<Item>;
  /** undefined before the first `advance`, and after the last item. */
  item: Item | undefined;

  constructor(stream: AsyncIterable<Item>) {
    this.#iterator = stream[Symbol.asyncIterator]();
  }

  async advance(): Promise<void> {
    const { done, value } = await this.#iterator.next();
    this.item = done === true ? undefined : value;
  }
}
