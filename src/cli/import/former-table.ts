import type { FormerKindName } from "../../address/former-kinds.ts";
import type { DomainConfig } from "../../config/config.ts";
import type { HttpListen } from "../../config/values.ts";
import { proxyText } from "../init/proxies.ts";
import type { FormerBase } from "./former-base.ts";

/**
 * What slotd and nginx lack to answer for the URLs of an import: the table for slotd.toml, or the URLs to add to it, and
 * the lines for nginx.
 */
export function formerTableText({
  kind,
  base,
  domain,
}: {
  readonly kind: FormerKindName;
  readonly base: FormerBase;
  readonly domain: DomainConfig;
}): string {
  const { missing, table } = base;
  const urls = missing.map((url) => JSON.stringify(url.replace(/\/+$/, ""))).join(", ");
  const options =
    table === undefined
      ? `Add this table to slotd.toml. The first URL must stay the first one:\n\n[former.${kind}]\nkind = ${JSON.stringify(kind)}\nurls = [${urls}]\ndomain = ${JSON.stringify(domain.domain)}\n`
      : `Add to the end of former.${table}.urls in slotd.toml: ${urls}\n`;
  const servers = proxyText.nginx({
    urls: missing.map((url) => new URL(url)),
    listen: listenText(domain.http.listen),
  });
  return `${options}\nThen "slotd reload". nginx, in place of what led to the former service:\n\n${servers}\n`;
}

function listenText(listen: HttpListen): string {
  if ("unix" in listen) return `unix:${listen.unix}`;
  const host = listen.host.includes(":") ? `[${listen.host}]` : listen.host;
  return `${host}:${listen.port}`;
}
