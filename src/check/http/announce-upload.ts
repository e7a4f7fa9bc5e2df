import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import type { Bytes } from "../../slot/slot.ts";
import { alsoTrusting } from "./trusting.ts";

const TIMEOUT = 15_000;

/**
 * Announces an upload and sends none of its body.
 *
 * @param ca an authority to trust beside the usual ones, in PEM.
 * @returns the status before the first byte of the body: 100 when it may come. Source: RFC 9110 §10.1.1.
 * @throws the system's error when the connection fails.
 */
export function announceUpload(
  url: string,
  headers: Readonly<Record<string, string>>,
  size: Bytes,
  signal: AbortSignal,
  ca?: string,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const send = url.startsWith("https:") ? requestHttps : requestHttp;
    const all = { ...headers, "content-length": size, expect: "100-continue" };
    const request = send(url, { method: "PUT", headers: all, signal, timeout: TIMEOUT, ...alsoTrusting(ca) });
    const end = (status: number): void => {
      resolve(status);
      request.destroy();
    };
    request.once("continue", () => end(100));
    request.once("response", (response) => end(response.statusCode ?? 0));
    request.once("timeout", () => end(408));
    request.once("error", reject);
    request.flushHeaders();
  });
}
