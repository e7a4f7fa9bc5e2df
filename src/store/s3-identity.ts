import { S3RequestError } from "./s3-answer.ts";
import type { S3Client } from "./s3-client.ts";
import { decodeIdentity, encodeIdentity, type FoundIdentity, type StoreIdentity } from "./store-identity.ts";

/** Lifecycle rules count whole days: what is written again twice a day is never old enough for one. Milliseconds. */
const oldAfter = 12 * 3_600_000;

/**
 * The identity of a bucket, or of the place in it that the bucket URL names: the object `slotd-store-identity.json`.
 * Its key has no token, so no slot is made for it, slotd redirects no GET to it, and no inventory takes it for a
 * file; it gets no ACL. In a bucket that everybody may read, everybody may read it: it is no secret.
 */
export function s3Identity(client: S3Client, { now }: { readonly now: () => Date }): StoreIdentity {
  const key = `${client.root.keyPrefix}slotd-store-identity.json`;
  const read = async (): Promise<FoundIdentity> => {
    const { status, code, headers, body } = await client.send({ method: "GET", key });
    if (status === 404 && code !== "NoSuchBucket") return { is: "none" };
    // COMPAT(AWS): also for what is not there, without the right to list the bucket.
    if (status === 403 || status === 401) return { is: "denied" };
    if (status !== 200) throw refused("GET", status, code);
    const id = decodeIdentity(Buffer.from(body).toString("utf8"));
    if (id === undefined) return { is: "none" };
    const written = Date.parse(headers.get("last-modified") ?? "");
    return { is: "found", id, isOld: now().getTime() - written > oldAfter };
  };
  const put = async (id: string, isFirst: boolean): Promise<boolean> => {
    const headers = { "content-type": "application/json", ...(isFirst && { "if-none-match": "*" }) };
    const { status, code } = await client.send({ method: "PUT", key, headers, body: encodeIdentity(id) });
    if (status === 403 || status === 401) return false;
    // COMPAT(Swift, B2): 501 NotImplemented for If-None-Match. Of two that write at once the last one wins there.
    const isUnknown = status === 501;
    // 412: there is something. What is no identity is damaged, and of no use to anybody.
    const isDamaged = isFirst && (status === 412 || status === 409) && (await read()).is === "none";
    if (isFirst && (isUnknown || isDamaged)) return put(id, false);
    if (status === 412 || status === 409) return true;
    if (status < 200 || status > 299) throw refused("PUT", status, code);
    return true;
  };
  return { read, write: (id) => put(id, true), renew: (id) => put(id, false) };
}

function refused(method: string, status: number, code: string | undefined): S3RequestError {
  const text = `${method} of the store's identity was answered with ${status} ${code ?? ""}`.trim();
  return new S3RequestError("refused", text);
}
