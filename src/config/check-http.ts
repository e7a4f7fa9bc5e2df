import { optionOf } from "./options.ts";
import { exampleFor, type Problem } from "./problem.ts";
import { find, type Layers } from "./settings.ts";

/** Adds a problem for a certificate without a key or the other way round, and for a socket without a public URL. */
export function checkHttp(layers: Layers, domains: readonly string[], problems: Problem[]): void {
  for (const [name, other] of [
    ["http.tls.cert", "http.tls.key"],
    ["http.tls.key", "http.tls.cert"],
  ] as const) {
    const { setting } = find(layers, undefined, name);
    if (setting === undefined || find(layers, undefined, other).setting !== undefined) continue;
    problems.push({
      place: setting.place,
      key: setting.key,
      expected: `${other} beside it: ${optionOf(other).expected}`,
      got: "nothing there",
      example: exampleFor(other, setting.place),
    });
  }
  for (const domain of domains) {
    const { setting, value } = find(layers, domain, "http.listen");
    const hasUrl = find(layers, domain, "http.public_url").setting !== undefined;
    if (
      !isUsed(layers, domain) ||
      hasUrl ||
      setting === undefined ||
      value === undefined ||
      !("unix" in value.is)
    )
      continue;
    problems.push({
      place: setting.place,
      key: setting.key,
      expected: "http.public_url beside it: what clients reach the Unix socket by, through a proxy",
      got: "nothing there",
      example: exampleFor("http.public_url", setting.place),
    });
    return;
  }
}

/** Whether clients of this domain reach slotd's HTTP server. */
function isUsed(layers: Layers, domain: string): boolean {
  if (find(layers, domain, "backend").value?.is === "disk") return true;
  const isPrivate = find(layers, domain, "s3.access").value?.is === "private";
  return isPrivate || find(layers, domain, "s3.upload").value?.is === "proxy";
}
