/** One metric: its name, labels and units are part of slotd's interface. */
export interface MetricEntry {
  /** With the unit as suffix, as Prometheus has it. */
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly labels: readonly string[];
  /** The upper bounds of a histogram, in its unit. */
  readonly buckets?: readonly number[];
}
