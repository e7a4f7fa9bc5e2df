import { expect, test } from "bun:test";
import { statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DiskGauges } from "../../../../src/ops/gauges/disk-gauges.ts";
import { Metrics } from "../../../../src/ops/metrics.ts";

async function series(metrics: Metrics): Promise<string[]> {
  return (await metrics.text()).text.split("\n").filter((line) => line.startsWith("slotd_disk_"));
}

test("tells what uploads may fill, which is what is free without the reserve", async () => {
  const metrics = new Metrics();
  const spaces = { "/a": { free: 700, size: 1000 }, "/b": { free: 50, size: 2000 } };
  const gauges = new DiskGauges(async (path) => spaces[path as keyof typeof spaces]);
  const disks = [
    { path: "/a", reserve: 100 },
    { path: "/b", reserve: 100 },
  ];
  await gauges.look(disks, metrics);
  expect(await series(metrics)).toEqual([
    'slotd_disk_free_bytes{path="/a"} 600',
    'slotd_disk_free_bytes{path="/b"} 0',
    'slotd_disk_size_bytes{path="/a"} 1000',
    'slotd_disk_size_bytes{path="/b"} 2000',
  ]);
  await gauges.look(disks.slice(0, 1), metrics);
  expect(await series(metrics)).toEqual([
    'slotd_disk_free_bytes{path="/a"} 600',
    'slotd_disk_size_bytes{path="/a"} 1000',
  ]);
});

test("a file system that hangs is asked once, has no series, and keeps no other one waiting for long", async () => {
  const metrics = new Metrics();
  let asked = 0;
  let answer: (space: { free: number; size: number }) => void = () => undefined;
  const gauges = new DiskGauges((path) => {
    if (path === "/well") return Promise.resolve({ free: 5, size: 10 });
    asked += 1;
    return new Promise((resolve) => {
      answer = resolve;
    });
  }, 20);
  const disks = ["/hangs", "/well"].map((path) => ({ path, reserve: 0 }));
  await Promise.all([gauges.look(disks, metrics), gauges.look(disks, metrics)]);
  expect(asked).toBe(1);
  const well = ['slotd_disk_free_bytes{path="/well"} 5', 'slotd_disk_size_bytes{path="/well"} 10'];
  expect(await series(metrics)).toEqual(well);
  const looked = gauges.look(disks, metrics);
  answer({ free: 1, size: 2 });
  await looked;
  expect(asked).toBe(1);
  expect(await series(metrics)).toContain('slotd_disk_free_bytes{path="/hangs"} 1');
});

test("asks the system, and has no series for a folder that is not there", async () => {
  const metrics = new Metrics();
  const path = tmpdir();
  const disks = [path, join(path, "slotd-not-there")].map((each) => ({ path: each, reserve: 0 }));
  await new DiskGauges().look(disks, metrics);
  const lines = await series(metrics);
  expect(lines).toHaveLength(2);
  const { blocks, bsize } = statfsSync(path);
  expect(lines).toContain(`slotd_disk_size_bytes{path="${path}"} ${blocks * bsize}`);
});
