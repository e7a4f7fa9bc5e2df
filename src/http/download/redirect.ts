import type { ObjectSigner, ServedAs } from "../../store/object-signer.ts";
import { expiryOfToken } from "../../store/object-token.ts";
import { type Answer, notFoundAnswer, refusalAnswer } from "../answers.ts";
import type { Exchange } from "../exchange.ts";
import { type HttpEvent, shortToken } from "../http-event.ts";
import { readObjectPath, splitPath } from "../object-path.ts";
import { PlaceIndex, placesOf } from "../places.ts";
import type { RequestHead } from "../request-head.ts";
import { contentDisposition, type InlineRule } from "./content-disposition.ts";
import { servedType } from "./served-type.ts";

/** Before the end of a file, milliseconds, in which no URL is signed: it would outlive the file. */
const lastMoment = 1_000;

/** A private bucket whose objects are reached through the HTTP server. */
export interface PrivateBucket {
  /** What clients reach it by; no other bucket has the same. */
  readonly publicUrls: readonly string[];
  readonly signer: ObjectSigner;
  /** Whether an object may still be fetched; every one when absent. What may not is answered with 404. */
  isKept?(token: string): Promise<boolean>;
}

/**
 * Makes the choice of the private bucket that a GET or HEAD is for: by the host that was asked and the path's prefix,
 * or, for a proxy that changes the host, the only bucket there is.
 *
 * @param others the public URLs of what else the HTTP server serves.
 */
export function privateBucketOf(
  buckets: readonly PrivateBucket[],
  others: readonly string[],
): (head: RequestHead) => PrivateBucket | undefined {
  if (buckets.length === 0) return () => undefined;
  const places = new PlaceIndex<PrivateBucket | undefined>([
    ...placesOf(buckets),
    ...placesOf([{ publicUrls: others }]).map((place) => ({ ...place, bucket: undefined })),
  ]);
  const only = others.length === 0 && buckets.length === 1 ? buckets[0] : undefined;
  return (head) => {
    const [under] = places.under(head.host, splitPath(head.rawPath).prefix);
    if (under !== undefined) return under.bucket;
    // A proxy may have taken the prefix off the path.
    const here = places.at(head.host);
    return here.length === 1 ? here[0]?.bucket : only;
  };
}

/**
 * Answers GET and HEAD of an object in a private bucket: 302 to a URL there that is signed for this object and this
 * method, and valid for a short while. What is signed says too how the object is served, so that a stored type never
 * makes a browser run anything. Nothing but `/<token>/<filename>` is ever signed, and nothing beyond the time in the
 * token, after which the answer is 404. Whether there is such an object is for the bucket to say.
 *
 * Source: RFC 9110 §15.4.3.
 */
export async function redirect(
  head: RequestHead,
  exchange: Exchange,
  bucket: PrivateBucket,
  deps: { readonly prefixes: ReadonlySet<string>; readonly now: () => Date; readonly isInline: InlineRule },
): Promise<HttpEvent> {
  const path = readObjectPath(head.rawPath, deps.prefixes);
  if ("kind" in path) return refuse(exchange, notFoundAnswer);
  const { token, filename } = path;
  const now = deps.now();
  const expiry = expiryOfToken(token);
  const left = expiry === undefined ? Number.POSITIVE_INFINITY : expiry.getTime() - now.getTime();
  if (left <= 0) return refuse(exchange, notFoundAnswer, token);
  if (bucket.isKept && !(await bucket.isKept(token))) return refuse(exchange, notFoundAnswer, token);
  const contentType = servedType(filename);
  const as = {
    contentType,
    contentDisposition: contentDisposition(contentType, filename, deps.isInline),
  };
  return redirectTo(head, exchange, bucket.signer, { ...path, as, now, expiry });
}

/** An object that may be fetched, and how. */
interface Destination {
  readonly token: string;
  readonly filename: string;
  readonly as: ServedAs;
  readonly now: Date;
  /** Not over yet. */
  readonly expiry: Date | undefined;
}

/** Answers with 302 to a URL that is signed for the object and the method, and not beyond the expiry. */
export function redirectTo(
  { method }: RequestHead,
  exchange: Exchange,
  signer: ObjectSigner,
  { token, filename, as, now, expiry }: Destination,
): HttpEvent {
  const url = signer.sign(method === "HEAD" ? "HEAD" : "GET", { token, filename }, as, now, expiry);
  if (url === undefined) {
    const isLastMoment = expiry !== undefined && expiry.getTime() - now.getTime() <= lastMoment;
    return refuse(exchange, isLastMoment ? notFoundAnswer : noKeyAnswer, token);
  }
  exchange.response.writeHead(302, {
    ...exchange.common,
    Location: url,
    // Not for a moment: browsers would answer HEAD with the redirect that they keep of GET, which is signed for GET.
    // What it leads to may be kept, for its URL stays the same for a while.
    "Cache-Control": "no-store",
    "Content-Length": "0",
  });
  exchange.response.end();
  return { kind: "served", object: shortToken(token), status: 302, bytes: 0 };
}

function refuse(exchange: Exchange, answer: Answer, token?: string): HttpEvent {
  exchange.send(answer);
  return exchange.refused(answer, token === undefined ? undefined : shortToken(token));
}

const noKeyAnswer = refusalAnswer({
  kind: "unavailable",
  text: "The service has no valid key for its storage at present. Try again later.",
});
