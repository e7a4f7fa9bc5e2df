import { storageMetrics } from "./gauges/storage-metrics.ts";
import type { MetricEntry } from "./metric-entry.ts";

const fast = [0.000_1, 0.000_25, 0.000_5, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1, 5];
const transfer = [0.005, 0.025, 0.1, 0.5, 1, 5, 15, 60, 300, 1800];

/** Every metric of slotd, once: docs/metrics.md is generated from this list; the dashboard and the alert rules use it. */
export const metricList = {
  info: {
    name: "slotd_build_info",
    type: "gauge",
    help: "Always 1. The labels name the versions of slotd and of its runtime.",
    labels: ["version", "runtime"],
  },
  slots: {
    name: "slotd_slots_total",
    type: "counter",
    help: 'Slot requests. outcome is "given" if slotd issued a slot, else the kind of the refusal.',
    labels: ["domain", "purpose", "outcome"],
  },
  slotBytes: {
    name: "slotd_slot_bytes_total",
    type: "counter",
    help: "Total declared size of the files for which slotd issued slots.",
    labels: ["domain", "purpose"],
  },
  slotSeconds: {
    name: "slotd_slot_seconds",
    type: "histogram",
    help: "Time from a slot request to its response. The count includes refused requests.",
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
    help: "Stanzas to which slotd responded with internal-server-error. The log has the cause of each.",
    labels: ["domain"],
  },
  stanzasIgnored: {
    name: "slotd_stanzas_ignored_total",
    type: "counter",
    help: "Stanzas that slotd did not answer, by reason: message, presence, response (the result or error of an IQ), unknown (not a stanza, or in another namespace), address, id, oversized.",
    labels: ["domain", "reason"],
  },
  storeMatches: {
    name: "slotd_store_matches",
    type: "gauge",
    help: "1 if the store is the one that the ledger knows for the domain, else 0, for example if a volume is not mounted. slotd accepts no uploads while it is 0.",
    labels: ["domain"],
  },
  componentUp: {
    name: "slotd_component_up",
    type: "gauge",
    help: "1 if the component is connected to the XMPP server, else 0.",
    labels: ["domain", "host"],
  },
  componentConnects: {
    name: "slotd_component_connects_total",
    type: "counter",
    help: "Logins of the component to the XMPP server.",
    labels: ["domain"],
  },
  componentProblems: {
    name: "slotd_component_problems_total",
    type: "counter",
    help: "Failed attempts to connect and lost connections of the component, by problem (operations.md lists them). slotd retries after each.",
    labels: ["domain", "problem"],
  },
  httpRequests: {
    name: "slotd_http_requests_total",
    type: "counter",
    help: 'Requests to the HTTP server, by status. status is "aborted" if the client disconnected.',
    labels: ["method", "status"],
  },
  httpRefusals: {
    name: "slotd_http_refusals_total",
    type: "counter",
    help: "HTTP requests that slotd refused, by the kind of the refusal.",
    labels: ["method", "reason"],
  },
  checkRequests: {
    name: "slotd_check_requests_total",
    type: "counter",
    help: 'Requests of "slotd check", by status as in slotd_http_requests_total. No other metric counts them.',
    labels: ["status"],
  },
  uploads: {
    name: "slotd_uploads_total",
    type: "counter",
    help: 'PUT requests, by status. status is "aborted" if the client disconnected.',
    labels: ["status"],
  },
  uploadBytes: {
    name: "slotd_upload_bytes_total",
    type: "counter",
    help: "Bytes of complete uploads.",
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
    help: "Time from the head of a PUT to its 201. It depends on the connections of the clients.",
    labels: [],
    buckets: transfer,
  },
  downloads: {
    name: "slotd_downloads_total",
    type: "counter",
    help: 'GET and HEAD requests, by status. status is "aborted" if the client disconnected.',
    labels: ["status"],
  },
  downloadBytes: {
    name: "slotd_download_bytes_total",
    type: "counter",
    help: "Bytes of file content that slotd sent.",
    labels: [],
  },
  downloadSeconds: {
    name: "slotd_download_seconds",
    type: "histogram",
    help: "Time from the head of a GET or HEAD to the end of its response.",
    labels: [],
    buckets: transfer,
  },
  ...storageMetrics,
  checkUp: {
    name: "slotd_ready_check_up",
    type: "gauge",
    help: "1 if a check of /readyz succeeded the last time, else 0. slotd runs the checks every 15 s and for each request to /readyz.",
    labels: ["check"],
  },
  ledgerSeconds: {
    name: "slotd_ledger_seconds",
    type: "histogram",
    help: 'Time of calls to the ledger, including failed calls. operation is the purpose of the call, such as "reserve" for a slot.',
    labels: ["operation"],
    buckets: fast,
  },
  ledgerErrors: {
    name: "slotd_ledger_errors_total",
    type: "counter",
    help: "Failed calls to the ledger.",
    labels: ["operation"],
  },
  sweeps: {
    name: "slotd_sweeps_total",
    type: "counter",
    help: 'Runs of the retention sweep. outcome is "done" or "failed".',
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
    help: "Total size of the files that the sweep deleted.",
    labels: [],
  },
  oversizedFiles: {
    name: "slotd_oversized_files_total",
    type: "counter",
    help: "Files larger than their slots that slotd found in a bucket and removed.",
    labels: [],
  },
  reloads: {
    name: "slotd_config_reloads_total",
    type: "counter",
    help: 'Reloads of the configuration. outcome is "done" or "refused".',
    labels: ["outcome"],
  },
  reloadOk: {
    name: "slotd_config_last_reload_successful",
    type: "gauge",
    help: "1 if the last reload succeeded, else 0: the previous configuration is still active.",
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
    help: "Maximum number of open file descriptors.",
    labels: [],
  },
  startTime: {
    name: "process_start_time_seconds",
    type: "gauge",
    help: "Start time of the process, in Unix time.",
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

<!-- Generated by scripts/metrics-doc.ts from src/ops/metric-list.ts. Do not edit this page. -->

slotd serves these metrics for Prometheus at \`/metrics\` of [\`ops.listen\`](options.md#opslisten), by default
\`http://127.0.0.1:5081/metrics\`. Names, labels and units are part of its interface: CHANGELOG.md lists changes.
[operations.md](operations.md#metrics) describes how to scrape the metrics. The dashboard
[grafana-dashboard.json](grafana-dashboard.json) and the alert rules [alert-rules.yml](alert-rules.yml) use them.

| metric | type | labels | meaning |
| --- | --- | --- | --- |
${rows.join("\n")}

A histogram also has \`_bucket\`, \`_sum\` and \`_count\`. The metrics of the ledger, the sweep, stored files and quotas
have series only if slotd uses a ledger.
`;
}
