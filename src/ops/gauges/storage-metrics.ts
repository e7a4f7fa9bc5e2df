import type { MetricEntry } from "../metric-entry.ts";

const noLimit = "No series if there is no limit.";
const same =
  "Several slotd processes on one PostgreSQL report the same values: use their maximum, not their sum.";

/** How much is stored and how much may be, and what runs out with time. */
export const storageMetrics = {
  storedBytes: {
    name: "slotd_stored_bytes",
    type: "gauge",
    help: `Total size of the stored files, from the ledger; at most 15 s old. ${same}`,
    labels: ["domain", "purpose"],
  },
  storedFiles: {
    name: "slotd_stored_files",
    type: "gauge",
    help: "Number of stored files, from the ledger.",
    labels: ["domain", "purpose"],
  },
  reservedBytes: {
    name: "slotd_reserved_bytes",
    type: "gauge",
    help: "Total declared size of the files that have a slot and are not uploaded yet. They count towards quotas.",
    labels: ["domain", "purpose"],
  },
  reservedFiles: {
    name: "slotd_reserved_files",
    type: "gauge",
    help: "Number of files that have a slot and are not uploaded yet.",
    labels: ["domain", "purpose"],
  },
  quotaBytes: {
    name: "slotd_quota_bytes",
    type: "gauge",
    help: `quota.domain (scope "domain") and quota.total (scope "total"); when_full is quota.when_full. ${noLimit}`,
    labels: ["domain", "scope", "when_full"],
  },
  quotaFiles: {
    name: "slotd_quota_files",
    type: "gauge",
    help: `quota.domain_files and quota.total_files, with the same labels. ${noLimit}`,
    labels: ["domain", "scope", "when_full"],
  },
  quotaUsedBytes: {
    name: "slotd_quota_used_bytes",
    type: "gauge",
    help: `Used part of slotd_quota_bytes: stored and reserved files of the domain, or of all domains in its ledger. ${noLimit}`,
    labels: ["domain", "scope"],
  },
  quotaUsedFiles: {
    name: "slotd_quota_used_files",
    type: "gauge",
    help: `Used part of slotd_quota_files, counted in the same way. ${noLimit}`,
    labels: ["domain", "scope"],
  },
  diskFree: {
    name: "slotd_disk_free_bytes",
    type: "gauge",
    help: "Free space for uploads on the file system of a disk.path, without disk.reserve; at most 15 s old.",
    labels: ["path"],
  },
  diskSize: {
    name: "slotd_disk_size_bytes",
    type: "gauge",
    help: "Size of the file system of a disk.path.",
    labels: ["path"],
  },
  certificateExpiry: {
    name: "slotd_certificate_expiry_timestamp_seconds",
    type: "gauge",
    help: "Expiry of the certificate of slotd's HTTP server (http.tls.cert), in Unix time. No series without TLS.",
    labels: ["path"],
  },
} as const satisfies Record<string, MetricEntry>;
