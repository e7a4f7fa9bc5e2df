import type { LedgerFile } from "../ledger/ledger.ts";
import type { Bytes } from "../slot/slot.ts";
import type { StoredObject } from "../store/inventory.ts";

/** A difference between what the ledger has written down and what the store holds. */
export type Difference =
  /** Complete in the ledger, and not in the store. */
  | { readonly kind: "missing"; readonly file: LedgerFile }
  /** In the store, and the ledger does not know it. */
  | { readonly kind: "unknown"; readonly object: StoredObject }
  /** Both have it, with different sizes. */
  | { readonly kind: "other-size"; readonly file: LedgerFile; readonly size: Bytes }
  /** In the store, and the ledger still waits for it though it should have asked. */
  | { readonly kind: "not-completed"; readonly file: LedgerFile; readonly size: Bytes }
  /** In the store, and cannot be served. */
  | {
      readonly kind: "damaged";
      readonly object: StoredObject & { readonly damage: string };
      readonly file: LedgerFile | undefined;
    };

/** What one token is on both sides. */
export interface Pair {
  readonly token: string;
  readonly file: LedgerFile | undefined;
  readonly object: StoredObject | undefined;
}

/**
 * Compares what both sides have of one token; undefined: they agree, or will of themselves (a slot that was just
 * given, a file that waits for the sweep).
 */
export function differenceOf({ file, object }: Pair, now: Date): Difference | undefined {
  if (object === undefined) return file?.state === "complete" ? { kind: "missing", file } : undefined;
  const { size, damage } = object;
  if (damage !== undefined) return { kind: "damaged", object: { ...object, damage }, file };
  if (file === undefined) return { kind: "unknown", object };
  switch (file.state) {
    case "complete":
      return file.size === size ? undefined : { kind: "other-size", file, size };
    case "reserved":
    case "lapsed":
      return file.askAt === undefined || file.askAt < now ? { kind: "not-completed", file, size } : undefined;
    case "doomed":
      return undefined;
  }
}

/**
 * Brings files and objects of the same token together. Each side must be ordered by token; neither is held in
 * memory. What is out of order comes as two pairs, one for each side.
 */
export async function* pairsOf(
  files: AsyncIterable<LedgerFile>,
  objects: AsyncIterable<StoredObject>,
): AsyncGenerator<Pair> {
  const left = new Head(files);
  const right = new Head(objects);
  for (;;) {
    const [file, object] = [await left.peek(), await right.peek()];
    if (file === undefined && object === undefined) return;
    const hasFile = file !== undefined && (object === undefined || file.token <= object.token);
    const hasObject = object !== undefined && (file === undefined || object.token <= file.token);
    if (hasFile) left.take();
    if (hasObject) right.take();
    yield {
      token: (hasFile ? file.token : object?.token) ?? "",
      file: hasFile ? file : undefined,
      object: hasObject ? object : undefined,
    };
  }
}

/** Merges streams that are each ordered by token into one that is. */
export async function* mergeByToken<Item extends { readonly token: string }>(
  streams: readonly AsyncIterable<Item>[],
): AsyncGenerator<Item> {
  const heads = streams.map((stream) => new Head(stream));
  for (;;) {
    let first: { readonly head: Head<Item>; readonly item: Item } | undefined;
    for (const head of heads) {
      const item = await head.peek();
      if (item !== undefined && (first === undefined || item.token < first.item.token))
        first = { head, item };
    }
    if (first === undefined) return;
    first.head.take();
    yield first.item;
  }
}

/** A stream whose next item can be looked at. */
class Head<Item> {
  readonly #iterator: AsyncIterator<Item>;
  #next: Promise<Item | undefined> | undefined;

  constructor(stream: AsyncIterable<Item>) {
    this.#iterator = stream[Symbol.asyncIterator]();
  }

  peek(): Promise<Item | undefined> {
    this.#next ??= this.#iterator.next().then(({ done, value }) => (done === true ? undefined : value));
    return this.#next;
  }

  take(): void {
    this.#next = undefined;
  }
}
