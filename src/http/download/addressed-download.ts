import { filenameProblem } from "../../slot/slot-request.ts";
import { LookupError } from "../../store/addressed-objects.ts";
import type { OpenObject } from "../../store/object-store.ts";
import type { AddressedStore, Candidate } from "../addressed/addresses.ts";
import { type Answer, refusalAnswer } from "../answers.ts";
import { clientKey } from "../client-address.ts";
import { crowdedLookups } from "../crowded.ts";
import type { Exchange } from "../exchange.ts";
import { type HttpEvent, shortToken } from "../http-event.ts";
import type { RequestHead } from "../request-head.ts";
import { contentDisposition, type InlineRule } from "./content-disposition.ts";
import { type DownloadDeps, hasExpired, miss, serve } from "./download.ts";
import { redirectTo } from "./redirect.ts";
import { isActive } from "./served-type.ts";

type Folder = Extract<AddressedStore, { readonly kind: "folder" }>;
type Bucket = Extract<AddressedStore, { readonly kind: "bucket" }>;

export type AddressedDeps = DownloadDeps & { readonly isInline: InlineRule };

/**
 * Answers GET and HEAD of an address: the file that it names, from the folder or with a redirect into the bucket. It is
 * served as slotd's own files are; one that is not there, or whose time is over, is 404 at the same moment after the
 * request, or 410 where the address is spent and its service said so. Whether it is spent is asked only for what is not
 * there, and nobody waits for that longer than a second.
 *
 * @param candidates as `Addresses.at` gives them.
 * @param opens is waited for before a miss is answered.
 */
export async function downloadAddressed(
  head: RequestHead,
  exchange: Exchange,
  candidates: readonly Candidate[],
  opens: Promise<void>,
  deps: AddressedDeps,
): Promise<HttpEvent> {
  for (const candidate of candidates) {
    const { store } = candidate.files;
    const event =
      store.kind === "folder"
        ? await fromFolder(head, exchange, candidate, store, deps)
        : await fromBucket(head, exchange, candidate, store, deps);
    if (event !== undefined) return event;
  }
  const [first] = candidates;
  const gone = await firstGone(candidates);
  if (gone !== undefined) {
    await opens;
    return refuse(exchange, goneAnswer, gone.token);
  }
  const away = candidates.map(({ files: { store } }) =>
    store.kind === "folder" ? store.unavailable?.() : undefined,
  );
  return miss(
    exchange,
    opens,
    away.find((refusal) => refusal !== undefined),
    first?.token,
  );
}

async function fromFolder(
  head: RequestHead,
  exchange: Exchange,
  candidate: Candidate,
  store: Folder,
  deps: AddressedDeps,
): Promise<HttpEvent | undefined> {
  const object: OpenObject | undefined = await store.open(candidate.token);
  try {
    const now = deps.now();
    if (object === undefined || hasExpired(object, now)) return undefined;
    return await serve(head, exchange, object, now, deps, toldName(candidate, object.filename));
  } finally {
    await object?.close();
  }
}

async function fromBucket(
  head: RequestHead,
  exchange: Exchange,
  candidate: Candidate,
  { objects, signer }: Bucket,
  deps: AddressedDeps,
): Promise<HttpEvent | undefined> {
  const { token } = candidate;
  const found = objects.find(token, clientKey(exchange.client));
  if (typeof found === "string") return refuse(exchange, crowdedLookups[found], token);
  const object = await found.catch(asLookupError);
  if (object instanceof LookupError) {
    return { ...refuse(exchange, unknownAnswer, token), detail: object.message };
  }
  const now = deps.now();
  if (object === undefined || hasExpired(object, now)) return undefined;
  const filename = toldName(candidate, object.filename);
  const { contentType, expiry } = object;
  // A bucket sends none of the headers that keep what is shown from running.
  const isShown = (type: string) => deps.isInline(type) && !isActive(type);
  const as = { contentType, contentDisposition: contentDisposition(contentType, filename, isShown) };
  return redirectTo(head, exchange, signer, { token, filename, as, now, expiry });
}

/** The name that a client is told, where only the URLs say it: that in the request, if it is one. */
function toldName({ lastSegment, files }: Candidate, stored: string): string {
  const isInPath = files.filenameFrom === "path" && filenameProblem(lastSegment) === undefined;
  return isInPath ? lastSegment : stored;
}

async function firstGone(candidates: readonly Candidate[]): Promise<Candidate | undefined> {
  for (const candidate of candidates) {
    const { tellsGone, spent } = candidate.files;
    if (tellsGone && spent !== undefined && (await isSpent(() => spent.has(candidate.token))))
      return candidate;
  }
  return undefined;
}

/** Milliseconds: 404 is as right as 410 where the ledger does not answer. */
const spentWithin = 1_000;

async function isSpent(ask: () => Promise<boolean>): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), spentWithin);
  });
  const asked = async () => ask();
  try {
    return await Promise.race([asked().catch(() => false), late]);
  } finally {
    clearTimeout(timer);
  }
}

function asLookupError(error: unknown): LookupError {
  if (error instanceof LookupError) return error;
  throw error;
}

function refuse(exchange: Exchange, answer: Answer, token: string): ReturnType<Exchange["refused"]> {
  exchange.send(answer);
  return exchange.refused(answer, shortToken(token));
}

const goneAnswer: Answer = { status: 410, text: "There is no such file here any more.", reason: "gone" };

const unknownAnswer = refusalAnswer({
  kind: "unavailable",
  text: "The storage behind the service does not answer at present. Try again later.",
});
