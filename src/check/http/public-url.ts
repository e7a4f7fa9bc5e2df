import type { Bytes } from "../../slot/slot.ts";
import { type S3Answer, S3RequestError } from "../../store/s3/s3-answer.ts";
import { type Finding, ok, skipped, warn, wrong } from "../finding.ts";
import { brief, isOk, PROBE_TYPE, type ProbeSlot, type S3Probe } from "../probe.ts";
import type { Check } from "../run-checks.ts";
import { announceUpload } from "./announce-upload.ts";
import { onUnreachable } from "./on-unreachable.ts";
import type { OwnServer } from "./own-server.ts";

export interface PublicUrlContext {
  /** Its bucket URL is the public URL. */
  readonly probe: S3Probe;
  readonly server: OwnServer;
  readonly listen: string;
  /** undefined: no limit. */
  readonly maxFileSize: Bytes | undefined;
  /** Of a bucket whose GET URLs redirect: the probe of the bucket itself. */
  readonly hidden: S3Probe | undefined;
}

/** Whether clients reach slotd's own HTTP server with uploads, and nothing in between spoils them. */
export const ownUploadChecks: readonly Check<PublicUrlContext>[] = [
  { name: "public-url", needs: [], run: checkUpload },
  { name: "public-cors", needs: ["public-url"], run: checkCors },
  { name: "public-size", needs: ["public-url"], run: checkSize },
];

/** The same for downloads that slotd serves or redirects itself. */
export const ownDownloadChecks: readonly Check<PublicUrlContext>[] = [
  { name: "public-download", needs: ["public-url"], run: checkDownload },
];

/** Only an upload that is then found here proves that it was this slotd that took it. */
async function checkUpload(context: PublicUrlContext): Promise<Finding> {
  const { probe, server, listen } = context;
  const slot = probe.makeSlot();
  const url = probe.target.publicUrl;
  const behind = behindProxy(url, listen);
  const answer = await answerOf(() => probe.put(slot), behind);
  if ("level" in answer) return answer;
  const fault = explainUpload(answer, url, behind);
  if (fault !== undefined) return fault;
  if ((await server.inventory.sizeOf(slot)) === undefined) {
    return wrong(`${url} accepts uploads, but another slotd received this one.`, behind);
  }
  probe.sample = slot;
  const who = server.isStandIn ? "" : " that runs";
  return ok(`${url} reaches the slotd${who} here; an upload with special characters in its name succeeds.`);
}

async function answerOf(request: () => Promise<S3Answer>, behind: string): Promise<S3Answer | Finding> {
  try {
    return await request();
  } catch (error) {
    if (!(error instanceof S3RequestError)) throw error;
    const hairpin =
      "(Tested from this machine: if clients can connect and it cannot, the router has no hairpin NAT.)";
    return wrong(error.message, onUnreachable(error, "http.public_url") ?? `${behind} ${hairpin}`);
  }
}

function behindProxy(url: string, listen: string): string {
  return `Configure the reverse proxy for ${url} to forward everything unchanged to http://${listen}, with the Host header, or correct http.public_url.`;
}

function explainUpload(answer: S3Answer, url: string, behind: string): Finding | undefined {
  const { status } = answer;
  if (isOk(answer)) return undefined;
  if (status >= 300 && status < 400) {
    return wrong(
      `${url} redirects uploads elsewhere.`,
      "Set http.public_url to the target of the redirect (possibly https).",
    );
  }
  if (status === 502 || status === 503 || status === 504) {
    return wrong(`${url} does not forward the upload to slotd (${status}).`, behind);
  }
  if (status === 400 || status === 403) {
    return wrong(
      `${url} responds to an upload with ${status}: it leads to another slotd, or a proxy changes the path or the query.`,
      behind,
    );
  }
  return wrong(`${url} responds to an upload with ${brief(answer)}: it does not lead to this slotd.`, behind);
}

async function checkDownload(context: PublicUrlContext): Promise<Finding> {
  const { probe, hidden, listen } = context;
  const sample = hidden === undefined ? probe.sample : await uploaded(hidden);
  if (sample === undefined) return skipped("Nothing was uploaded.");
  const url = probe.urlOf(sample);
  const { origin } = probe.deps;
  const behind = behindProxy(probe.target.publicUrl, listen);
  const first = await answerOf(() => probe.send("GET", url, { origin }), behind);
  if ("level" in first) return first;
  const location = first.headers.get("location");
  if (hidden !== undefined && !(first.status === 302 && location?.startsWith(`${sample.ownUrl}?`))) {
    return wrong(
      `The GET URL of a file responds with ${brief(first)}, not with 302 and the signed URL of the file.`,
      behind,
    );
  }
  if (first.headers.get("access-control-allow-origin") === null) {
    return wrong(
      "A proxy removes Access-Control-Allow-Origin from the response to a GET: web clients cannot show the file.",
      "Configure the reverse proxy to keep the Access-Control headers.",
    );
  }
  const end = hidden === undefined ? url : (location ?? "");
  const whole = await probe.send("GET", end);
  if (!isOk(whole) || !Buffer.from(whole.body).equals(sample.body)) {
    return wrong(
      `The response to a GET of the uploaded file is ${brief(whole)} with ${whole.body.length} bytes.`,
      "Check for a cache between the client and slotd, or a proxy that serves some paths itself.",
    );
  }
  const part = await probe.send("GET", end, { range: "bytes=2-4" });
  if (part.status !== 206 || part.body.length !== 3) {
    return warn(
      `The download succeeds, but the response to a Range request is ${part.status}.`,
      "Configure the reverse proxy to forward the Range header: video players need it.",
    );
  }
  const how = hidden === undefined ? "" : " through a redirect";
  return ok(`The download returns the uploaded file${how}, also in parts.`);
}

/** A file in the bucket itself. */
async function uploaded(hidden: S3Probe): Promise<ProbeSlot | undefined> {
  if (hidden.sample !== undefined) return hidden.sample;
  const slot = hidden.makeSlot();
  return isOk(await hidden.put(slot)) ? slot : undefined;
}

async function checkCors({ probe }: PublicUrlContext): Promise<Finding> {
  const { origin } = probe.deps;
  const slot = probe.makeSlot();
  const preflight = await probe.send("OPTIONS", slot.putUrl, {
    origin,
    "access-control-request-method": "PUT",
    "access-control-request-headers": "content-type",
  });
  const put = await probe.put(slot, { headers: { origin, "content-type": PROBE_TYPE } });
  const seen = [preflight, put].map(({ headers }) => headers.get("access-control-allow-origin") ?? "none");
  if (isOk(preflight) && seen.every((value) => value === "*" || value === origin)) {
    return ok("CORS: web clients of any origin can upload and download.");
  }
  return wrong(
    `CORS: a proxy removes or repeats the headers that slotd sends to web clients (Access-Control-Allow-Origin: ${seen.join("; ")}).`,
    "Configure the reverse proxy to forward OPTIONS requests, and to neither add nor remove Access-Control headers: slotd sends them.",
  );
}

/** Announces the largest file and sends none of it: a proxy with a smaller limit refuses at once. */
async function checkSize({ probe, maxFileSize }: PublicUrlContext): Promise<Finding> {
  const size = maxFileSize ?? 2 ** 30;
  const slot = probe.makeSlot({ size });
  const headers = { "content-type": PROBE_TYPE };
  const status = await announceUpload(slot.putUrl, headers, size, probe.deps.signal, probe.deps.ca);
  if (status === 100) {
    return ok(
      `slotd accepts a file of ${size} bytes${maxFileSize === undefined ? "" : ", the maximum size"}.`,
    );
  }
  if (status === 413) {
    return wrong(
      `A proxy refuses a file of ${size} bytes (413), although max_file_size allows it.`,
      "Increase the limit of the reverse proxy; in nginx: client_max_body_size 0; (slotd checks the size itself).",
    );
  }
  return warn(
    `The response to a file of ${size} bytes would be ${status}.`,
    "See the logs of slotd and of the proxy.",
  );
}
