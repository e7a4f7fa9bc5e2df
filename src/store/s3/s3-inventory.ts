import type { QueryParameter } from "../../sigv4/query.ts";
import type { Inventory, NotRemoved, ObjectName, StoredObject } from "../inventory.ts";
import { expiryOfToken, isAddressToken, isToken } from "../object-token.ts";
import { ADDRESSED } from "../object-url.ts";
import { S3RequestError } from "./s3-answer.ts";
import { decodeListed, type S3Client } from "./s3-client.ts";
import { childrenOf, childText, type XmlNode } from "./xml-answer.ts";

/** Keys of the longest names, percent-encoded, stay under what the client reads of an answer. */
const maxKeysPerPage = 500;

/**
 * The inventory of a bucket, or of the place in it that the bucket URL names. An object whose token was made from an
 * address is listed with the last segment of its key in the place of a filename, and found by its token alone.
 *
 * @param keysPerPage how many keys are asked for at once, 1 to 500.
 */
export function s3Inventory(client: S3Client, keysPerPage: number = maxKeysPerPage): Inventory {
  const { keyPrefix } = client.root;
  const keyOf = ({ token, filename }: ObjectName): string =>
    `${keyPrefix}${token}/${isAddressToken(token) ? ADDRESSED : filename}`;
  return {
    async *list() {
      let next: string | undefined;
      do {
        const page = await listPage(client, keysPerPage, next);
        for (const entry of childrenOf(page, "Contents")) {
          const object = readEntry(entry, keyPrefix);
          if (object !== undefined) yield object;
        }
        next =
          childText(page, "IsTruncated") === "true" ? childText(page, "NextContinuationToken") : undefined;
      } while (next !== undefined);
    },
    async sizeOf(object) {
      return (await client.headObject(keyOf(object)))?.size;
    },
    async remove(objects) {
      const failed: NotRemoved[] = [];
      for (let from = 0; from < objects.length; from += 1000) {
        const keys = objects.slice(from, from + 1000).map(keyOf);
        for (const { key, code } of await client.deleteObjects(keys)) {
          const token = key.slice(keyPrefix.length).split("/")[0] ?? "";
          failed.push({ token, reason: `the store says ${code}` });
        }
      }
      return failed;
    },
  };
}

/** Source: the S3 API, ListObjectsV2. Names are asked for percent-encoded: XML cannot hold all that keys can. */
async function listPage(client: S3Client, keys: number, next: string | undefined): Promise<XmlNode> {
  const query: QueryParameter[] = [
    ["list-type", "2"],
    ["encoding-type", "url"],
    ["max-keys", String(keys)],
  ];
  if (client.root.keyPrefix !== "") query.push(["prefix", client.root.keyPrefix]);
  if (next !== undefined) query.push(["continuation-token", next]);
  const { status, code, xml } = await client.send({ method: "GET", query });
  if (status === 200 && xml?.name === "ListBucketResult") return xml;
  throw new S3RequestError("refused", `ListObjectsV2 was answered with ${status} ${code ?? ""}`.trim());
}

/** Undefined for what slotd has not put there. */
function readEntry(entry: XmlNode, keyPrefix: string): StoredObject | undefined {
  const key = decodeListed(childText(entry, "Key") ?? "");
  if (key === undefined || !key.startsWith(keyPrefix)) return undefined;
  const [token = "", filename = "", ...more] = key.slice(keyPrefix.length).split("/");
  if (!isToken(token) || filename === "" || more.length > 0) return undefined;
  return {
    ...{ token, filename, expiry: expiryOfToken(token) },
    size: Number(childText(entry, "Size")),
    stored: new Date(childText(entry, "LastModified") ?? Number.NaN),
  };
}
