import type { HttpConfig } from "../config/config.ts";
import type { HttpListen } from "../config/values.ts";
import { parseProxies } from "../http/client-address.ts";
import type { TlsEvent } from "../http/http-event.ts";
import type { HttpServerOptions } from "../http/server/http-server.ts";
import { readTlsFiles, type TlsFiles } from "../http/server/tls-front.ts";
import type { Served } from "./buckets/domain-buckets.ts";

export interface HttpSettingsDeps {
  readonly now: () => Date;
  readonly onEvent: HttpServerOptions["onEvent"];
  readonly onTlsEvent: (event: TlsEvent) => void;
  readonly reference: () => string;
}

/** What an HTTP listener goes by. */
export function httpSettings(
  config: HttpConfig,
  listen: HttpListen,
  served: Served & Pick<HttpServerOptions, "receivers">,
  deps: HttpSettingsDeps,
): HttpServerOptions {
  return {
    ...deps,
    ...served,
    listen,
    tls: tlsFilesOf(config),
    corsOrigins: config.corsOrigins,
    inlineTypes: config.inlineTypes,
    cache: config.cache,
    uploads: { total: config.maxUploads, perClient: config.maxUploadsPerAddress },
    downloads: { total: config.maxDownloads, perClient: config.maxDownloadsPerAddress },
    minRate: config.minRate,
    idleTimeout: config.idleTimeout,
    stallTimeout: config.idleTimeout,
    proxies: parseProxies(config.trustedProxies) ?? { has: () => false },
  };
}

/** @throws {TlsFilesError} when there is a certificate and it cannot be used. */
export function checkCertificate(config: HttpConfig): void {
  const files = tlsFilesOf(config);
  if (files !== undefined) readTlsFiles(files);
}

/** What cannot change while a listener runs. */
export function listenerKey(listen: HttpListen, config: HttpConfig): string {
  return JSON.stringify([listen, tlsFilesOf(config) !== undefined]);
}

/** A certificate never comes without its key. */
function tlsFilesOf({ tls: { cert, key } }: HttpConfig): TlsFiles | undefined {
  return cert === undefined || key === undefined ? undefined : { cert, key };
}
