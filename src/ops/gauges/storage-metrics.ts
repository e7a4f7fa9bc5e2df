import type { MetricEntry } from "../metric-entry.ts";

const noLimit = "No series where there is no limit.";
const same = "Several slotd on one PostgreSQL give the same values: take the maximum of them, not the sum.";

/** How much is stored and how much may be, and what runs out with time. */
export const storageMetrics = {
  storedBytes: {
    name: "slotd_stored_bytes",
    type: "gauge",
    help: `The sizes of the files that are stored, by the ledger; at most 15 s old. ${same}`,
    labels: ["domain", "purpose"],
  },
  storedFiles: {
    name: "slotd_stored_files",
    type: "gauge",
    help: "How many files are stored, by the ledger.",
    labels: ["domain", "purpose"],
  },
  reservedBytes: {
    name: "slotd_reserved_bytes",
    type: "gauge",
    help: "The declared sizes of the files that slots were given for and that have not been uploaded yet. They count towards quotas.",
    labels: ["domain", "purpose"],
  },
  reservedFiles: {
    name: "slotd_reserved_files",
    type: "gauge",
    help: "How many files slots were given for that have not been uploaded yet.",
    labels: ["domain", "purpose"],
  },
  quotaBytes: {
    name: "slotd_quota_bytes",
    type: "gauge",
    help: `What quota.domain (scope "domain") and quota.total (scope "total") allow; when_full is quota.when_full. ${noLimit}`,
    labels: ["domain", "scope", "when_full"],
  },
  quotaFiles: {
    name: "slotd_quota_files",
    type: "gauge",
    help: `What quota.domain_files and quota.total_files allow, in the same way. ${noLimit}`,
    labels: ["domain", "scope", "when_full"],
  },
  quotaUsedBytes: {
    name: "slotd_quota_used_bytes",
    type: "gauge",
    help: `What of slotd_quota_bytes is used: stored and reserved files of the domain, or of all domains in its ledger. ${noLimit}`,
    labels: ["domain", "scope"],
  },
  quotaUsedFiles: {
    name: "slotd_quota_used_files",
    type: "gauge",
    help: `What of slotd_quota_files is used, in the same way. ${noLimit}`,
    labels: ["domain", "scope"],
  },
  diskFree: {
    name: "slotd_disk_free_bytes",
    type: "gauge",
    help: "What uploads may still fill of the file system of a disk.path: what is free there without disk.reserve; at most 15 s old.",
    labels: ["path"],
  },
  diskSize: {
    name: "slotd_disk_size_bytes",
    type: "gauge",
    help: "The size of the file system of a disk.path.",
    labels: ["path"],
  },
  certificateExpiry: {
    name: "slotd_certificate_expiry_timestamp_seconds",
    type: "gauge",
    help: "When the certificate ends that slotd's HTTP server uses (http.tls.cert), in Unix time. No series without TLS.",
    labels: ["path"],
  },
} as const satisfies Record<string, MetricEntry>;
