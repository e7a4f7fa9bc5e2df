import { readFile } from "node:fs/promises";
import type { DomainConfig } from "../../config/config.ts";
import { componentSecret } from "../../config/places.ts";
import { domainSlots, slotParts } from "../domain-slots.ts";
import { type Around, part } from "../part.ts";
import { componentKey, type DomainSettings, ServedDomain } from "../served-domain.ts";

/** The served domains, each with its component. One that goes is gone before one that comes takes its JID. */
export const components = part<ServedDomain, DomainSettings>({
  needs: slotParts,
  async wanted(around) {
    const wanted = new Map<string, DomainSettings>();
    for (const config of around.config.domains) {
      if (componentSecret(config) === undefined) continue;
      wanted.set(componentKey(config), await settingsFor(config, around));
    }
    return wanted;
  },
  make: (settings, { deps }) => new ServedDomain(settings, deps),
  use: (domain, settings) => domain.use(settings),
  begin: (domain) => domain.start(),
  observe({ running, watchers: { metrics } }) {
    metrics.beforeScrape(() => {
      metrics.forget("componentUp");
      for (const { served, isOnline } of running.of(components))
        metrics.set("componentUp", served, isOnline ? 1 : 0);
    });
  },
});

async function settingsFor(config: DomainConfig, around: Around): Promise<DomainSettings> {
  return {
    ...domainSlots(config, around),
    ca: config.xmpp.tlsCa === undefined ? undefined : await readFile(config.xmpp.tlsCa, "utf8"),
  };
}
