import type { ServiceUrlEvent } from "../http/service-url/service-url-event.ts";
import type { Watchers } from "./events.ts";

/**
 * Watches the listener of a `[service_url.NAME]` table: counts its requests by status, and logs what was no question.
 * Slot requests are logged where they are decided. No line has a path.
 */
export function watchServiceUrl({ log, metrics }: Pick<Watchers, "log" | "metrics">, table: string) {
  metrics.count("serviceUrlRequests", { table, status: "200" }, 0);
  return (event: ServiceUrlEvent): void => {
    metrics.count("serviceUrlRequests", { table, status: String(event.status) });
    if (event.kind === "unasked") {
      const { status, reason, client, reference: ref } = event;
      log.info({ table, status, reason, client, ref }, "Refused a request to a service_url listener.");
    } else if (event.kind === "failed") {
      log.error({ table, ref: event.reference, err: event.error }, "A service_url question failed.");
    }
  };
}
