import { storageMetrics } from "./gauges/storage-metrics.ts";
import type { MetricEntry } from "./metric-entry.ts";

const fast = [0.000_1, 0.000_25, 0.000_5, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1, 5];
const transfer = [0.005, 0.025, 0.1, 0.5, 1, 5, 15, 60, 300, 1800];

/** Every metric of slotd, once: docs/metrics.md, the dashboard and the alert rules go by this list. */
export const metricList = {
  info: {
    name: "slotd_build_info",
    type: "gauge",
    help: "Always 1; the labels say which slotd runs.",
    labels: ["version", "runtime"],
  },
  slots: {
    name: "slotd_slots_total",
    type: "counter",
    help: 'Slot requests that were answered. outcome is "given" or the kind of the refusal.',
    labels: ["domain", "purpose", "outcome"],
  },
  slotBytes: {
    name: "slotd_slot_bytes_total",
    type: "counter",
    help: "The declared sizes of the files that slots were given for.",
    labels: ["domain", "purpose"],
  },
  slotSeconds: {
    name: "slotd_slot_seconds",
    type: "histogram",
    help: "Time from a slot request to its answer; its count is that of all requests.",
    labels: ["domain"],
    buckets: fast,
  },
  serviceUrlRequests: {
    name: "slotd_service_url_requests_total",
    type: "counter",
    help: "Requests of ejabberd's service_url by the table [service_url.NAME] and by status: 200 for a slot. slotd_slots_total counts the slot requests among them too.",
    labels: ["table", "status"],
  },
  stanzasFailed: {
    name: "slotd_stanzas_failed_total",
    type: "counter",
    help: "Stanzas answered with internal-server-error; the log says why.",
    labels: ["domain"],
  },
  stanzasIgnored: {
    name: "slotd_stanzas_ignored_total",
    type: "counter",
    help: "Stanzas that got no answer, by the reason: message, presence, response (the result or error of an IQ), unknown (no stanza, or in no namespace of one), address, id, oversized.",
    labels: ["domain", "reason"],
  },
  storeMatches: {
    name: "slotd_store_matches",
    type: "gauge",
    help: "1 while the store is the one in which the ledger has a domain's files; 0, and no uploads, while it is another one, such as a folder whose volume is not mounted.",
    labels: ["domain"],
  },
  componentUp: {
    name: "slotd_component_up",
    type: "gauge",
    help: "1 while the component is connected to the XMPP server, else 0.",
    labels: ["domain", "host"],
  },
  componentConnects: {
    name: "slotd_component_connects_total",
    type: "counter",
    help: "How often the component came online.",
    labels: ["domain"],
  },
  componentProblems: {
    name: "slotd_component_problems_total",
    type: "counter",
    help: "How often its stream broke or could not be made, by the problem (operations.md has the list); each is followed by another attempt.",
    labels: ["domain", "problem"],
  },
  httpRequests: {
    name: "slotd_http_requests_total",
    type: "counter",
    help: 'Requests to the HTTP server by status; status is "aborted" when the client went away.',
    labels: ["method", "status"],
  },
  httpRefusals: {
    name: "slotd_http_refusals_total",
    type: "counter",
    help: "HTTP requests that were refused, by the kind of the refusal.",
    labels: ["method", "reason"],
  },
  checkRequests: {
    name: "slotd_check_requests_total",
    type: "counter",
    help: 'Requests of "slotd check" by status, as in slotd_http_requests_total; no other metric counts them.',
    labels: ["status"],
  },
  uploads: {
    name: "slotd_uploads_total",
    type: "counter",
    help: 'PUT requests by status; status is "aborted" when the upload broke off.',
    labels: ["status"],
  },
  uploadBytes: {
    name: "slotd_upload_bytes_total",
    type: "counter",
    help: "Bytes of the uploads that are complete.",
    labels: [],
  },
  receiverUploads: {
    name: "slotd_receiver_uploads_total",
    type: "counter",
    help: 'PUT requests to a receiver by status; status is "aborted" when the upload broke off.',
    labels: ["receiver", "status"],
  },
  receiverRefusals: {
    name: "slotd_receiver_refusals_total",
    type: "counter",
    help: "PUT requests to a receiver that were refused, by the kind of the refusal.",
    labels: ["receiver", "reason"],
  },
  uploadSeconds: {
    name: "slotd_upload_seconds",
    type: "histogram",
    help: "Time from the head of a PUT to its 201; slow clients make it long.",
    labels: [],
    buckets: transfer,
  },
  downloads: {
    name: "slotd_downloads_total",
    type: "counter",
    help: 'GET and HEAD requests by status; status is "aborted" when the client went away.',
    labels: ["status"],
  },
  downloadBytes: {
    name: "slotd_download_bytes_total",
    type: "counter",
    help: "Bytes of content sent.",
    labels: [],
  },
  downloadSeconds: {
    name: "slotd_download_seconds",
    type: "histogram",
    help: "Time from the head of a GET or HEAD to the end of its answer.",
    labels: [],
    buckets: transfer,
  },
  ...storageMetrics,
  checkUp: {
    name: "slotd_ready_check_up",
    type: "gauge",
    help: "1 when what /readyz looks at was well at the last look, else 0. slotd looks every 15 s, and when /readyz is asked for.",
    labels: ["check"],
  },
  ledgerSeconds: {
    name: "slotd_ledger_seconds",
    type: "histogram",
    help: 'Time that calls of the ledger took, failed ones too; operation says what for, such as "reserve" for a slot.',
    labels: ["operation"],
    buckets: fast,
  },
  ledgerErrors: {
    name: "slotd_ledger_errors_total",
    type: "counter",
    help: "Calls of the ledger that failed.",
    labels: ["operation"],
  },
  sweeps: {
    name: "slotd_sweeps_total",
    type: "counter",
    help: 'Runs of the retention sweep; outcome is "done" or "failed".',
    labels: ["outcome"],
  },
  sweepFiles: {
    name: "slotd_sweep_deleted_files_total",
    type: "counter",
    help: "Files that the sweep deleted.",
    labels: [],
  },
  sweepBytes: {
    name: "slotd_sweep_deleted_bytes_total",
    type: "counter",
    help: "Their sizes.",
    labels: [],
  },
  oversizedFiles: {
    name: "slotd_oversized_files_total",
    type: "counter",
    help: "Files that were found larger than their slots in a bucket that clients PUT to, and removed.",
    labels: [],
  },
  reloads: {
    name: "slotd_config_reloads_total",
    type: "counter",
    help: 'Reloads of the configuration; outcome is "done" or "refused".',
    labels: ["outcome"],
  },
  reloadOk: {
    name: "slotd_config_last_reload_successful",
    type: "gauge",
    help: "1 when the configuration in force is the one that was last asked for, else 0.",
    labels: [],
  },
  cpuSeconds: {
    name: "process_cpu_seconds_total",
    type: "counter",
    help: "User and system CPU time.",
    labels: [],
  },
  memory: {
    name: "process_resident_memory_bytes",
    type: "gauge",
    help: "Resident memory.",
    labels: [],
  },
  openFds: {
    name: "process_open_fds",
    type: "gauge",
    help: "Open file descriptors.",
    labels: [],
  },
  maxFds: {
    name: "process_max_fds",
    type: "gauge",
    help: "The most file descriptors that may be open.",
    labels: [],
  },
  startTime: {
    name: "process_start_time_seconds",
    type: "gauge",
    help: "When the process started, in Unix time.",
    labels: [],
  },
} as const satisfies Record<string, MetricEntry>;

/** The key of a metric in the list. */
export type MetricKey = keyof typeof metricList;

/** The keys of the metrics of one type. */
export type MetricOf<Type extends MetricEntry["type"]> = {
  [Key in MetricKey]: (typeof metricList)[Key]["type"] extends Type ? Key : never;
}[MetricKey];

/** The labels of a metric, each with a value. */
export type LabelsOf<Key extends MetricKey> = {
  readonly [Label in (typeof metricList)[Key]["labels"][number]]: string;
};

/** The list as a page for operators. */
export function metricsReference(): string {
  const rows = Object.values(metricList as Record<string, MetricEntry>).map(
    ({ name, type, labels, help }) =>
      `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(", ")} | ${help} |`,
  );
  return `# Metrics

slotd serves these at \`http://\` [\`ops.listen\`](options.md#opslisten) \`/metrics\`, for Prometheus. Names, labels and
units are part of its interface: CHANGELOG.md lists changes. [operations.md](operations.md#metrics) says how to
scrape them; [grafana-dashboard.json](grafana-dashboard.json) and [alert-rules.yml](alert-rules.yml) use them.

| metric | type | labels | meaning |
| --- | --- | --- | --- |
${rows.join("\n")}

A histogram also has \`_bucket\`, \`_sum\` and \`_count\`. The ledger's, the sweep's, and those of stored files and
quotas have series once slotd uses a ledger. This page is generated by \`bun scripts/metrics-doc.ts\`.
`;
}
