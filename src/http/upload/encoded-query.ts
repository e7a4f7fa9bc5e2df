import type { RequestHead } from "../request-head.ts";

/**
 * Where the query of a presigned URL begins that was encoded into a path. COMPAT(aiohttp 3.8): it decodes "=" and "&"
 * in a path.
 */
const encodedQuery = /%3F(?=X-Amz-Algorithm(?:%3D|=))/i;

/**
 * The head with the query that its path holds in encoded form, if it does: its "?" is `%3F` there, and what follows is
 * percent-encoded once more. A head with a query of its own, and any other, is given back as it is. Nothing is
 * believed by this: the signature is verified afterwards, over path and query as slotd made them.
 *
 * COMPAT(ejabberd up to 25.07): it percent-encodes the whole PUT URL that `service_url` gave, so clients are told
 * `/TOKEN/NAME%3FX-Amz-Algorithm%3D...`.
 *
 * It takes a time that grows with the path alone.
 */
export function withEncodedQuery(head: RequestHead): RequestHead {
  if (head.rawQuery !== "") return head;
  const match = encodedQuery.exec(head.rawPath);
  if (match === null) return head;
  const encoded = head.rawPath.slice(match.index + match[0].length);
  try {
    return {
      ...head,
      rawPath: head.rawPath.slice(0, match.index),
      rawQuery: decodeURIComponent(encoded),
    };
  } catch {
    return head;
  }
}
