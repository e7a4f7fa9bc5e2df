// Writes docs/metrics.md from the list of metrics: bun scripts/metrics-doc.ts
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { metricsReference } from "../src/ops/metric-list.ts";

writeFileSync(fileURLToPath(new URL("../docs/metrics.md", import.meta.url)), metricsReference());
