import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { DISK_REGION } from "../../../src/app/buckets/disk-buckets.ts";
import { openSigningKeys } from "../../../src/store/keys/signing-keys.ts";
import { s3Bucket } from "../../../src/store/s3/s3-bucket.ts";
import { type Vitals, vitalsOf } from "../../chaos/vitals.ts";
import { makeCertificates } from "../../peers/certificates.ts";
import { openRaw, type Place, readAnswers, talk } from "../../peers/clients/raw-http.ts";
import { freePorts, isPortOpen } from "../../peers/ports.ts";
import { makeFolder, removeFolder, sleep, waitUntil } from "../../peers/process.ts";
import { type Slotd, startSlotd, withoutXmpp } from "../../peers/slotd.ts";

export const MIB = 1024 * 1024;

/** The target of a PUT and the path of its GET. */
export interface TargetSlot {
  readonly token: string;
  readonly putTarget: string;
  readonly path: string;
}

/** A running slotd with files on disk, and what an attack does with it. */
export interface HttpTarget {
  readonly place: Place;
  readonly slotd: Slotd;
  slot(size: number): TargetSlot;
  /** Uploads a file; gives its path. */
  file(content: Buffer): Promise<string>;
  vitals(): Vitals;
  /** Memory and descriptors when nothing has been going on for a moment. */
  rest(): Promise<Vitals>;
  stop(): Promise<void>;
}

export interface TargetOptions {
  readonly isTls?: boolean;
  /** Lines for [http]. */
  readonly http?: string;
  /** Lines for [disk]. */
  readonly disk?: string;
  /** More tables. */
  readonly tables?: string;
}

/** The head of a request, with all its line ends. */
export function head(method: string, target: string, headers = ""): string {
  return `${method} ${target} HTTP/1.1\r\nHost: upload.test\r\n${headers}\r\n`;
}

/** Starts slotd, on a folder of its own, without any XMPP server. */
export async function startHttpTarget(options: TargetOptions = {}): Promise<HttpTarget> {
  const folder = makeFolder("attack-http");
  const [port = 0, noServer = 0] = await freePorts(2);
  const { chain, key } = makeCertificates(folder, ["localhost"]);
  const tls = options.isTls ? `tls.cert = "${chain}"\ntls.key = "${key}"` : "";
  const data = join(folder, "data");
  const origin = `${options.isTls ? "https" : "http"}://127.0.0.1:${port}`;
  const slotd = await startSlotd({
    components: 0,
    config: `
domains = ["example.org"]
backend = "disk"
max_file_size = "infinity"
${withoutXmpp(noServer)}
[http]
listen = "127.0.0.1:${port}"
public_url = "${origin}"
${tls}
${options.http ?? ""}
[disk]
path = "${data}"
fsync = false
${options.disk ?? ""}
[ledger]
url = "none"
${options.tables ?? ""}
`,
  });
  await waitUntil("the HTTP server", () => isPortOpen(port));
  const keys = await openSigningKeys(data, randomBytes);
  const bucket = s3Bucket({
    bucketUrl: origin,
    region: DISK_REGION,
    credentials: { current: () => keys[0] },
    addAcl: false,
    echoDeclared: true,
  });
  const targetOf = (url: string) => url.slice(origin.length);
  const place = { port, isTls: options.isTls ?? false };
  const target: HttpTarget = {
    place,
    slotd,
    slot: (size) => {
      const token = randomBytes(32).toString("hex");
      const { putUrl, getUrl } = bucket.slot(
        { token, filename: "a.bin", size, contentType: undefined },
        300,
        new Date(),
      );
      return { token, putTarget: targetOf(putUrl), path: targetOf(getUrl) };
    },
    file: async (content) => {
      const { putTarget, path } = target.slot(content.length);
      const headers = `Host: 127.0.0.1:${port}\r\nContent-Length: ${content.length}\r\nConnection: close\r\n`;
      const request = `PUT ${putTarget} HTTP/1.1\r\n${headers}\r\n`;
      const { received } = await talk(
        place,
        Buffer.concat([new Uint8Array(Buffer.from(request)), new Uint8Array(content)]),
      );
      const status = readAnswers(received, []).answers[0]?.status;
      if (status !== 201) throw new Error(`an upload was answered ${status}: ${received.toString()}`);
      return path;
    },
    vitals: () => vitalsOf(slotd.process.pid),
    rest: async () => {
      let last = target.vitals();
      for (let calm = 0; calm < 3; ) {
        await sleep(100);
        const now = target.vitals();
        calm = now.descriptors === last.descriptors && now.memory >= last.memory - MIB ? calm + 1 : 0;
        last = now;
      }
      return last;
    },
    stop: async () => {
      await slotd.stop();
      removeFolder(folder);
    },
  };
  return target;
}

/** Asks for a file `count` times over one connection, one after the other; gives the median in milliseconds. */
export async function medianGet(place: Place, path: string, count: number): Promise<number> {
  const socket = await openRaw(place);
  const times: number[] = [];
  try {
    for (let i = 0; i < count; i += 1) {
      const begun = performance.now();
      await answered(socket, path);
      times.push(performance.now() - begun);
    }
  } finally {
    socket.destroy();
  }
  return times.sort((a, b) => a - b)[times.length >> 1] ?? Number.NaN;
}

/** The same; of up to four medians the least, as far as that is needed to come below a bound: neighbours come and go. */
export async function leastMedianGet(
  place: Place,
  path: string,
  count: number,
  enough: number,
): Promise<number> {
  let least = await medianGet(place, path, count);
  for (let again = 0; again < 3 && least > enough; again += 1)
    least = Math.min(least, await medianGet(place, path, count));
  return least;
}

function answered(socket: Awaited<ReturnType<typeof openRaw>>, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const over = () => {
      socket.off("data", onData).off("close", onClose);
    };
    const onClose = () => {
      over();
      reject(new Error(`the connection of another client was closed: ${Buffer.concat(chunks)}`));
    };
    const onData = (chunk: Buffer) => {
      chunks.push(chunk);
      const [answer] = readAnswers(Buffer.concat(chunks), ["GET"]).answers;
      if (answer === undefined) return;
      over();
      if (answer.status === 200) resolve();
      else reject(new Error(`another client was answered ${answer.status}`));
    };
    socket.on("data", onData).on("close", onClose);
    socket.write(head("GET", path));
  });
}
