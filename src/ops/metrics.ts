import Counter from "prom-client/lib/counter.js";
import Gauge from "prom-client/lib/gauge.js";
import Histogram from "prom-client/lib/histogram.js";
import Registry from "prom-client/lib/registry.js";
import type { MetricEntry } from "./metric-entry.ts";
import { type LabelsOf, type MetricKey, type MetricOf, metricList } from "./metric-list.ts";

/** One series of a counter. */
export interface Series {
  /** Counts; `by` is not negative. */
  add(by?: number): void;
}

/** What was counted for one series since the last scrape: prom-client takes a microsecond to find it each time. */
class Pending implements Series {
  readonly #counter: Counter | undefined;
  readonly #labels: Readonly<Record<string, string>>;
  #by = 0;

  constructor(counter: Counter | undefined, labels: Readonly<Record<string, string>>) {
    this.#counter = counter;
    this.#labels = labels;
  }

  add(by = 1): void {
    this.#by += by;
  }

  /** Hands on what was counted; 0 too, so that the series is there. */
  settle(): void {
    this.#counter?.inc(this.#labels, this.#by);
    this.#by = 0;
  }
}

/** One series of a gauge, and its value. */
export interface Sample<Key extends MetricKey> {
  readonly labels: LabelsOf<Key>;
  readonly value: number;
}

/** So many series are set in one go: a millisecond or two. */
const sliceSize = 200;

/** The metrics of one slotd, by the keys of `metricList`. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #counters = new Map<MetricKey, Counter>();
  readonly #gauges = new Map<MetricKey, Gauge>();
  readonly #histograms = new Map<MetricKey, Histogram>();
  /** By key and label values. */
  readonly #pending = new Map<string, Pending>();
  /** The labels of the series that `replace` has set, by key and label values. */
  readonly #replaced = new Map<MetricKey, ReadonlyMap<string, Readonly<Record<string, string>>>>();
  #replacing: Promise<void> = Promise.resolve();
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
    for (const pending of this.#pending.values()) pending.settle();
    return { text: await this.#registry.metrics(), contentType: this.#registry.contentType };
  }

  /** Calls `update` before each scrape, to set what is cheaper to look up than to follow. */
  beforeScrape(update: () => void): void {
    this.#beforeScrape.push(update);
  }

  /** Counts; by 0 to have the series there before anything happens. `by` is not negative. */
  count<Key extends MetricOf<"counter">>(key: Key, labels: LabelsOf<Key>, by = 1): void {
    this.series(key, labels).add(by);
  }

  /** The series of a counter, for those who count in it often. */
  series<Key extends MetricOf<"counter">>(key: Key, labels: LabelsOf<Key>): Series {
    const name = seriesName(key, labels);
    let pending = this.#pending.get(name);
    if (pending === undefined) {
      pending = new Pending(this.#counters.get(key), labels);
      this.#pending.set(name, pending);
    }
    return pending;
  }

  set<Key extends MetricOf<"gauge">>(key: Key, labels: LabelsOf<Key>, value: number): void {
    this.#gauges.get(key)?.set(labels, value);
  }

  /** Forgets a metric's series: those that are still right are set again. */
  forget(key: MetricOf<"gauge">): void {
    this.#gauges.get(key)?.reset();
  }

  /**
   * Sets a gauge's series and forgets those that it set before and that are not among them. However many there are, the
   * event loop is free meanwhile, and no scrape misses one. Calls are carried out one after the other.
   */
  replace<Key extends MetricOf<"gauge">>(key: Key, samples: readonly Sample<Key>[]): Promise<void> {
    const replaced = this.#replacing.then(() => this.#replaceNow(key, samples));
    this.#replacing = replaced;
    return replaced;
  }

  async #replaceNow<Key extends MetricOf<"gauge">>(key: Key, samples: readonly Sample<Key>[]): Promise<void> {
    const gauge = this.#gauges.get(key);
    const before = this.#replaced.get(key) ?? new Map();
    const now = new Map<string, Readonly<Record<string, string>>>();
    for (const [index, { labels, value }] of samples.entries()) {
      if (index % sliceSize === sliceSize - 1) await new Promise((resolve) => setImmediate(resolve));
      gauge?.set(labels, value);
      now.set(seriesName(key, labels), labels);
    }
    for (const [name, labels] of before) if (!now.has(name)) gauge?.remove(labels);
    this.#replaced.set(key, now);
  }

  /** Adds an observation in the metric's unit. */
  observe<Key extends MetricOf<"histogram">>(key: Key, labels: LabelsOf<Key>, value: number): void {
    this.#histograms.get(key)?.observe(labels, value);
  }
}

function seriesName(key: MetricKey, labels: Readonly<Record<string, string>>): string {
  let name = `${key}\n`;
  for (const label in labels) name += `${labels[label]}\n`;
  return name;
}
