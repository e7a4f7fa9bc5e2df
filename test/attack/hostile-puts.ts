import { createHash, randomBytes } from "node:crypto";
import { connect } from "node:net";
import type { Random } from "../fuzz/random.ts";
import { type S3Store, signedFetchOk } from "../peers/s3-store.ts";

/** A slot that slotd has given over XMPP. */
export interface GivenSlot {
  readonly putUrl: string;
  readonly size: number;
}

/** PUTs to a slot more than it was given for. Gives the status that the store answered. */
export type HostilePut = (slot: GivenSlot, random: Random) => Promise<number>;

const TYPE = "text/plain";

/** Has the store encrypt a file with a key of the client's own: others cannot ask for its size any more. */
function ownKey(): Readonly<Record<string, string>> {
  const key = randomBytes(32);
  const name = "x-amz-server-side-encryption-customer";
  return {
    [`${name}-algorithm`]: "AES256",
    [`${name}-key`]: key.toString("base64"),
    [`${name}-key-md5`]: createHash("md5").update(key).digest("base64"),
  };
}

/** PUTs what the slot was given for. */
export async function honestPut({ putUrl, size }: GivenSlot): Promise<number> {
  const body = Buffer.alloc(size, "h");
  return (await fetch(putUrl, { method: "PUT", headers: { "content-type": TYPE }, body })).status;
}

/**
 * Makes another bucket on a store, with files of up to 2 MiB.
 *
 * @returns what has one of them copied into a slot, by a header that is written in many ways.
 */
export async function copyingPut(store: S3Store, random: Random): Promise<HostilePut> {
  const sources: string[] = [];
  await signedFetchOk(store, { method: "PUT", path: "/backups" });
  for (let i = 0; i < 4; i += 1) {
    const path = `/backups/db-${i}.sql`;
    await signedFetchOk(store, {
      method: "PUT",
      path,
      body: Buffer.alloc(1000 + random.below(2 ** 21), "s"),
    });
    sources.push(path);
  }
  return async (slot, random) => {
    if (random.below(3) === 0) await honestPut(slot);
    const source = random.of(sources);
    const headers = {
      "content-type": TYPE,
      [random.of(["x-amz-copy-source", "X-Amz-Copy-Source"])]: random.of([source, source.slice(1)]),
      ...random.of([
        {},
        { "x-amz-metadata-directive": "REPLACE" },
        { "x-amz-metadata-directive": "COPY" },
        { "x-amz-copy-source-if-none-match": '"0"' },
        { "cache-control": "max-age=1" },
        { "content-encoding": "gzip" },
        ownKey(),
      ]),
    };
    return (await fetch(slot.putUrl, { method: "PUT", headers, body: Buffer.alloc(slot.size, "x") })).status;
  };
}

/** Sends up to 64 KiB more than the slot was given for, in chunks of any sizes beside the signed length. */
export async function chunkedPut(slot: GivenSlot, random: Random): Promise<number> {
  if (random.below(3) === 0) await honestPut(slot);
  const lengths = ["Transfer-Encoding: chunked", `Content-Length: ${slot.size}`];
  if (random.below(2) === 0) lengths.reverse();
  const { pathname, search, host, hostname, port } = new URL(slot.putUrl);
  const head = [`PUT ${pathname}${search} HTTP/1.1`, `Host: ${host}`, `Content-Type: ${TYPE}`, ...lengths];
  const body: string[] = [];
  for (let left = slot.size + 1 + random.below(65_536); left > 0; ) {
    const size = Math.min(left, 1 + random.below(20_000));
    body.push(`${size.toString(16)}${random.of(["", ";a=b"])}\r\n${"c".repeat(size)}\r\n`);
    left -= size;
  }
  const request = `${head.join("\r\n")}\r\nConnection: close\r\n\r\n${body.join("")}0\r\n\r\n`;
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    let answer = "";
    socket.on("data", (data) => {
      answer += data.toString("latin1");
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0)));
    socket.write(request);
  });
}
