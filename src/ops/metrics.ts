import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { type LabelsOf, type MetricEntry, type MetricKey, type MetricOf, metricList } from "./metric-list.ts";

/** What was counted for one series since the last scrape. */
interface Pending {
  readonly counter: Counter;
  readonly labels: Readonly<Record<string, string>>;
  by: number;
}

/** The metrics of one slotd, by the keys of `metricList`. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #counters = new Map<MetricKey, Counter>();
  readonly #gauges = new Map<MetricKey, Gauge>();
  readonly #histograms = new Map<MetricKey, Histogram>();
  /** By key and label values: prom-client takes ten times as long to find a series. */
  readonly #pending = new Map<string, Pending>();
  readonly #beforeScrape: (() => void)[] = [];

  constructor() {
    for (const [key, entry] of Object.entries(metricList) as [MetricKey, MetricEntry][]) {
      const { name, help, labels, buckets = [] } = entry;
      const options = { name, help, labelNames: [...labels], registers: [this.#registry] };
      if (entry.type === "counter") this.#counters.set(key, new Counter(options));
      else if (entry.type === "gauge") this.#gauges.set(key, new Gauge(options));
      else this.#histograms.set(key, new Histogram({ ...options, buckets: [...buckets] }));
    }
  }

  /** What a scrape answers with: the text and its media type. */
  async text(): Promise<{ readonly text: string; readonly contentType: string }> {
    for (const update of this.#beforeScrape) update();
    for (const pending of this.#pending.values()) {
      pending.counter.inc(pending.labels, pending.by);
      pending.by = 0;
    }
    return { text: await this.#registry.metrics(), contentType: this.#registry.contentType };
  }

  /** Calls `update` before each scrape, to set what is cheaper to look up than to follow. */
  beforeScrape(update: () => void): void {
    this.#beforeScrape.push(update);
  }

  /** Counts; by 0 to have the series there before anything happens. `by` is not negative. */
  count<Key extends MetricOf<"counter">>(key: Key, labels: LabelsOf<Key>, by = 1): void {
    const series = seriesOf(key, labels);
    const pending = this.#pending.get(series);
    if (pending !== undefined) pending.by += by;
    else this.#begin(series, key, labels, by);
  }

  #begin(series: string, key: MetricKey, labels: Readonly<Record<string, string>>, by: number): void {
    const counter = this.#counters.get(key);
    if (counter !== undefined) this.#pending.set(series, { counter, labels, by });
  }

  set<Key extends MetricOf<"gauge">>(key: Key, labels: LabelsOf<Key>, value: number): void {
    this.#gauges.get(key)?.set(labels, value);
  }

  /** Forgets a metric's series: those that are still right are set again. */
  forget(key: MetricOf<"gauge"> | MetricOf<"counter">): void {
    (this.#gauges.get(key) ?? this.#counters.get(key))?.reset();
    for (const series of this.#pending.keys()) {
      if (series.startsWith(`${key}\n`)) this.#pending.delete(series);
    }
  }

  /** Adds an observation in the metric's unit. */
  observe<Key extends MetricOf<"histogram">>(key: Key, labels: LabelsOf<Key>, value: number): void {
    this.#histograms.get(key)?.observe(labels, value);
  }
}

function seriesOf(key: MetricKey, labels: Readonly<Record<string, string>>): string {
  let series = `${key}\n`;
  for (const name in labels) series += `${labels[name]}\n`;
  return series;
}
