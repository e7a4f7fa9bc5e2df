import type { HttpConfig, HttpListen } from "../config/config.ts";
import { parseProxies } from "../http/client-address.ts";
import type { TlsEvent } from "../http/http-event.ts";
import type { HttpServerOptions } from "../http/http-server.ts";
import { readTlsFiles } from "../http/tls-front.ts";
import type { Served } from "./domain-buckets.ts";

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
  served: Served,
  deps: HttpSettingsDeps,
): HttpServerOptions {
  return {
    ...deps,
    ...served,
    listen,
    tls: config.tls,
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
export function checkCertificate({ tls }: HttpConfig): void {
  if (tls !== undefined) readTlsFiles(tls);
}

/** What cannot change while a listener runs. */
export function listenerKey(listen: HttpListen, { tls }: HttpConfig): string {
  return JSON.stringify([listen, tls !== undefined]);
}
