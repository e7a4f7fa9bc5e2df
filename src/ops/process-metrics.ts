import { readdirSync, readFileSync } from "node:fs";
import type { Metrics } from "./metrics.ts";

/** Follows the process itself. What the system does not tell (no /proc) has no series. */
export function followProcess(metrics: Metrics): void {
  metrics.set("startTime", {}, Date.now() / 1000 - process.uptime());
  const maxFds = maxOpenFiles();
  if (maxFds !== undefined) metrics.set("maxFds", {}, maxFds);
  let counted = 0;
  metrics.beforeScrape(() => {
    const { user, system } = process.cpuUsage();
    const seconds = (user + system) / 1e6;
    metrics.count("cpuSeconds", {}, Math.max(0, seconds - counted));
    counted = Math.max(counted, seconds);
    metrics.set("memory", {}, process.memoryUsage.rss());
    const open = openFiles();
    if (open !== undefined) metrics.set("openFds", {}, open);
  });
}

function openFiles(): number | undefined {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch {
    return undefined;
  }
}

function maxOpenFiles(): number | undefined {
  try {
    const limit = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
    return limit === undefined ? undefined : Number(limit);
  } catch {
    return undefined;
  }
}
