import type { ServiceUrlConfig } from "../../config/config.ts";
import { formatListen } from "../../config/values.ts";
import { parseProxies } from "../../http/client-address.ts";
import { type Question, withDeclaredType } from "../../http/service-url/question.ts";
import type { ServiceUrlOptions } from "../../http/service-url/service-url-handler.ts";
import {
  type ServiceUrlServer,
  type ServiceUrlServerOptions,
  startServiceUrl,
} from "../../http/service-url/service-url-server.ts";
import { watchSlots } from "../../ops/events.ts";
import { watchServiceUrl } from "../../ops/watch-service-url.ts";
import { requestSlot } from "../../slots.ts";
import { domainSlots, slotParts } from "../domain-slots.ts";
import { forOption } from "../option-error.ts";
import { type Around, part } from "../part.ts";
import { slotMaker } from "../served-domain.ts";

/** The listeners that answer ejabberd's service_url, one for each `[service_url.NAME]`. */
export const serviceUrls = part<ServiceUrlServer, ServiceUrlServerOptions>({
  needs: slotParts,
  wanted: (around) =>
    new Map(
      around.config.service_url.map((table) => [
        JSON.stringify([table.listen, table.name]),
        { listen: table.listen, ...optionsOf(table, around) },
      ]),
    ),
  make: (options) =>
    forOption("service_url.NAME.listen", formatListen(options.listen), () => startServiceUrl(options)),
  use: (server, options) => server.use(options),
});

function optionsOf(table: ServiceUrlConfig, around: Around): ServiceUrlOptions {
  const { config, deps } = around;
  const { watchers } = deps;
  const domain = config.domains.find((one) => one.domain === table.domain);
  if (domain === undefined) throw new Error(`no domain ${table.domain} is served`);
  const maker = slotMaker(domainSlots(domain, around));
  const watch = watchSlots(watchers, { domain: domain.domain, host: domain.host });
  return {
    path: table.path,
    addresses: networks(table.addresses),
    proxies: networks(config.http.trustedProxies),
    hosts: new Set(table.hosts),
    async ask({ requester, request }: Question) {
      const end = watch(requester);
      const asked = withDeclaredType(request, maker.policy.types);
      return end(await requestSlot(asked, requester, maker, deps), asked);
    },
    unreadable: ({ refusal, bareJid }) => watch({ bareJid, domain: "" })(refusal, undefined),
    onEvent: watchServiceUrl(watchers, table.name),
    reference: watchers.reference,
  };
}

/** Whoever is in none of them is not listed. */
function networks(texts: readonly string[]) {
  return parseProxies(texts) ?? { has: () => false };
}
