/**
 * Does `work` for each item, at most `most` at the same time, in their order.
 *
 * @returns the results, in the order of the items.
 * @throws what `work` throws first; no further item is begun then.
 */
export async function sideBySide<Item, Result>(
  items: readonly Item[],
  most: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) {
      const item = items[index];
      if (item !== undefined) results[index] = await work(item);
    }
  };
  const workers = Array.from({ length: Math.min(most, items.length) }, worker);
  await Promise.all(workers).finally(() => {
    next = items.length;
  });
  return results;
}
