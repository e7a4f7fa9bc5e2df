import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import type { MetricEntry } from "../../../src/ops/metric-entry.ts";
import { metricList, metricsReference } from "../../../src/ops/metric-list.ts";

const page = (name: string) => readFileSync(new URL(`../../../docs/${name}`, import.meta.url), "utf8");
const entries: MetricEntry[] = Object.values(metricList);
const names = new Set(
  entries.flatMap(({ name, type }) =>
    type === "histogram" ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  ),
);

test("docs/metrics.md is what the list of metrics gives (bun scripts/metrics-doc.ts writes it)", () => {
  expect(page("metrics.md")).toBe(metricsReference());
});

test("a metric's name ends as its type and unit want it", () => {
  for (const { name, type } of entries) {
    expect(name).toMatch(/^(slotd|process)_[a-z_]+$/);
    expect([name, name.endsWith("_total")]).toEqual([name, type === "counter"]);
    if (type === "histogram") expect(name).toEndWith("_seconds");
  }
  expect(new Set(entries.map(({ name }) => name)).size).toBe(entries.length);
});

test.each(["grafana-dashboard.json", "alert-rules.yml"])("docs/%s uses metrics that there are", (file) => {
  const used = page(file).match(/\b(?:slotd|process)_[a-z_]+\b/g) ?? [];
  expect(used.length).toBeGreaterThan(5);
  for (const name of used) expect([name, names.has(name)]).toEqual([name, true]);
});
