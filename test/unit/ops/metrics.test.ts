import { expect, test } from "bun:test";
import { Metrics } from "../../../src/ops/metrics.ts";

const samples = (from: number, to: number, value: number) =>
  Array.from({ length: to - from }, (_, i) => ({ labels: { check: `check ${from + i}` }, value }));

async function shown(metrics: Metrics): Promise<ReadonlyMap<string, number>> {
  const { text } = await metrics.text();
  return new Map(
    [...text.matchAll(/^slotd_ready_check_up\{check="(.*)"\} (.*)$/gm)].map(([, name = "", value]) => [
      name,
      Number(value),
    ]),
  );
}

test("replacing many series lets others have their turn, and no scrape in between misses one that stays", async () => {
  const metrics = new Metrics();
  await metrics.replace("checkUp", samples(0, 1000, 1));
  expect((await shown(metrics)).size).toBe(1000);
  let isOver = false;
  const replaced = metrics.replace("checkUp", samples(100, 1100, 2)).then(() => {
    isOver = true;
  });
  let scrapes = 0;
  while (!isOver) {
    const series = await shown(metrics);
    for (let i = 100; i < 1000; i += 1) expect([1, 2]).toContain(series.get(`check ${i}`) ?? 0);
    scrapes += 1;
    await new Promise((resolve) => setImmediate(resolve));
  }
  await replaced;
  expect(scrapes).toBeGreaterThan(2);
  expect(await shown(metrics)).toEqual(
    new Map(samples(100, 1100, 2).map(({ labels, value }) => [labels.check, value])),
  );
});
