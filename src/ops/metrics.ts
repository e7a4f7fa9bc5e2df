import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { type LabelsOf, type MetricEntry, type MetricKey, type MetricOf, metricList } from "./metric-list.ts";

/** The metrics of one slotd, by the keys of `metricList`. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #counters = new Map<MetricKey, Counter>();
  readonly #gauges = new Map<MetricKey, Gauge>();
  readonly #histograms = new Map<MetricKey, Histogram>();
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
    return { text: await this.#registry.metrics(), contentType: this.#registry.contentType };
  }

  /** Calls `update` before each scrape, to set what is cheaper to look up than to follow. */
  beforeScrape(update: () => void): void {
    this.#beforeScrape.push(update);
  }

  /** Counts; by 0 to have the series there before anything happens. `by` is not negative. */
  count<Key extends MetricOf<"counter">>(key: Key, labels: LabelsOf<Key>, by = 1): void {
    this.#counters.get(key)?.inc(labels, by);
  }

  set<Key extends MetricOf<"gauge">>(key: Key, labels: LabelsOf<Key>, value: number): void {
    this.#gauges.get(key)?.set(labels, value);
  }

  /** Forgets a metric's series: those that are still right are set again. */
  forget(key: MetricOf<"gauge"> | MetricOf<"counter">): void {
    (this.#gauges.get(key) ?? this.#counters.get(key))?.reset();
  }

  /** Adds an observation in the metric's unit. */
  observe<Key extends MetricOf<"histogram">>(key: Key, labels: LabelsOf<Key>, value: number): void {
    this.#histograms.get(key)?.observe(labels, value);
  }
}
