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
    return wrong(`${url} takes uploads, but another slotd got this one.`, behind);
  }
  probe.sample = slot;
  const who = server.isStandIn ? "" : " that runs";
  return ok(`${url} reaches the slotd${who} here; an upload with a hard name arrives.`);
}

async function answerOf(request: () => Promise<S3Answer>, behind: string): Promise<S3Answer | Finding> {
  try {
    return await request();
  } catch (error) {
    if (!(error instanceof S3RequestError)) throw error;
    const hairpin =
      "(Asked from this machine: where clients get through and it does not, that is the router's hairpin NAT.)";
    return wrong(error.message, onUnreachable(error, "http.public_url") ?? `${behind} ${hairpin}`);
  }
}

function behindProxy(url: string, listen: string): string {
  return `Have the reverse proxy for ${url} pass everything on to http://${listen} as it came, with the Host header; or correct http.public_url.`;
}

function explainUpload(answer: S3Answer, url: string, behind: string): Finding | undefined {
  const { status } = answer;
  if (isOk(answer)) return undefined;
  if (status >= 300 && status < 400) {
    return wrong(
      `${url} redirects uploads elsewhere.`,
      "Set http.public_url to where it redirects to (https?).",
    );
  }
  if (status === 502 || status === 503 || status === 504) {
    return wrong(`${url} does not get the upload through (${status}): slotd is not reached.`, behind);
  }
  if (status === 400 || status === 403) {
    return wrong(
      `${url} answers an upload with ${status}: another slotd is there, or a proxy changes the path or the query.`,
      behind,
    );
  }
  return wrong(`${url} answers an upload with ${brief(answer)}: it is not this slotd.`, behind);
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
      `The GET URL of a file answers ${brief(first)}, not 302 with the file's signed address.`,
      behind,
    );
  }
  if (first.headers.get("access-control-allow-origin") === null) {
    return wrong(
      "The answer to a GET has lost its Access-Control-Allow-Origin on the way: web clients cannot show the file.",
      "Let the reverse proxy remove no Access-Control headers.",
    );
  }
  const end = hidden === undefined ? url : (location ?? "");
  const whole = await probe.send("GET", end);
  if (!isOk(whole) || !Buffer.from(whole.body).equals(sample.body)) {
    return wrong(
      `A GET of the file that was just uploaded ends with ${brief(whole)} and ${whole.body.length} bytes.`,
      "See what stands between the client and slotd: a cache, or a proxy that serves some paths itself.",
    );
  }
  const part = await probe.send("GET", end, { range: "bytes=2-4" });
  if (part.status !== 206 || part.body.length !== 3) {
    return warn(
      `The file comes back, but a Range request is answered with ${part.status}.`,
      "Let the reverse proxy pass Range on: video players need it.",
    );
  }
  const how = hidden === undefined ? "" : " through a redirect";
  return ok(`The file comes back as it was${how}, in parts too.`);
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
    return ok("CORS: web clients of any origin may upload and download.");
  }
  return wrong(
    `CORS: what slotd answers to web clients is lost or doubled on the way (Access-Control-Allow-Origin: ${seen.join("; ")}).`,
    "Let the reverse proxy answer no OPTIONS itself, and add or remove no Access-Control headers: slotd sends them.",
  );
}

/** Announces the largest file and sends none of it: a proxy with a smaller limit refuses at once. */
async function checkSize({ probe, maxFileSize }: PublicUrlContext): Promise<Finding> {
  const size = maxFileSize ?? 2 ** 30;
  const slot = probe.makeSlot({ size });
  const headers = { "content-type": PROBE_TYPE };
  const status = await announceUpload(slot.putUrl, headers, size, probe.deps.signal, probe.deps.ca);
  if (status === 100) {
    return ok(`A file of ${size} bytes may come${maxFileSize === undefined ? "" : ", the largest allowed"}.`);
  }
  if (status === 413) {
    return wrong(
      `A file of ${size} bytes is refused on the way (413), though max_file_size allows it.`,
      "Raise the limit of the reverse proxy; in nginx: client_max_body_size 0; (slotd checks the size itself).",
    );
  }
  return warn(
    `A file of ${size} bytes would be answered with ${status}.`,
    "See the log of slotd and of the proxy.",
  );
}
