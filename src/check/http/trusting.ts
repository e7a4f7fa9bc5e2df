import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { rootCertificates } from "node:tls";
import type { Transport } from "../../store/s3/s3-answer.ts";

/** Of an answer; what is longer is cut off. */
const MAX_BODY = 1024 * 1024;

/** Authorities to trust: the usual ones and these, in PEM. */
export function alsoTrusting(ca: string | undefined): { readonly ca?: string[] } {
  return ca === undefined ? {} : { ca: [...rootCertificates, ca] };
}

/** Sends requests as `fetch` does, to servers whose certificates one more authority vouches for. */
export function trustingTransport(ca: string): Transport {
  return (url, { method, headers, signal, body }) =>
    new Promise((resolve, reject) => {
      const send = url.startsWith("https:") ? requestHttps : requestHttp;
      const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
      const options = { method, signal, agent: false as const, ...alsoTrusting(ca) };
      const request = send(url, { ...options, headers: { ...headers, ...length } });
      request.once("error", reject);
      request.once("response", (response) => {
        const parts: Uint8Array[] = [];
        let size = 0;
        const end = (): void => {
          const { statusCode = 0, headersDistinct } = response;
          const all = Object.entries(headersDistinct).flatMap(([name, values = []]) =>
            values.map((value): [string, string] => [name, value]),
          );
          const content = Buffer.concat(parts);
          resolve(new Response(content.length === 0 ? null : content, { status: statusCode, headers: all }));
          request.destroy();
        };
        response.on("data", (part: Uint8Array) => {
          parts.push(part);
          size += part.length;
          if (size > MAX_BODY) end();
        });
        response.once("end", end);
        response.once("error", reject);
      });
      request.end(body);
    });
}
