import { createHash, type Hash } from "node:crypto";
import { request } from "node:http";

const MIB = 1024 * 1024;

/** Bytes that differ from place to place, at no cost worth measuring. */
const pattern = Buffer.from(Array.from({ length: MIB }, (_, index) => (index * 2_654_435_761) >>> 24));

/** PUTs `size` bytes without ever having them all; gives their digest and the status. */
export function putLarge(url: string, size: number): Promise<{ status: number; digest: string }> {
  const hash = createHash("sha256");
  return new Promise((resolve, reject) => {
    const sending = request(url, { method: "PUT", headers: { "content-length": size } }, (response) => {
      response.resume();
      response.once("end", () => resolve({ status: response.statusCode ?? 0, digest: hash.digest("hex") }));
    });
    sending.once("error", reject);
    let left = size;
    const send = (): void => {
      while (left > 0) {
        pattern.writeUInt32BE(left / MIB, 0);
        const piece = Buffer.from(pattern.subarray(0, Math.min(MIB, left)));
        hash.update(piece);
        left -= piece.length;
        if (!sending.write(piece)) {
          sending.once("drain", send);
          return;
        }
      }
      sending.end();
    };
    send();
  });
}

/** GETs a file of any size; gives its digest and length. */
export async function getLarge(url: string): Promise<{ length: number; digest: string }> {
  const response = await fetch(url);
  const hash: Hash = createHash("sha256");
  let length = 0;
  for await (const piece of response.body ?? []) {
    hash.update(piece);
    length += piece.length;
  }
  return { length, digest: hash.digest("hex") };
}
