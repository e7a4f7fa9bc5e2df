import type { Refusal } from "../../slot/refusal.ts";
import { PutError } from "../../store/object-store.ts";
import { type Answer, refusalAnswer } from "../answers.ts";
import { clientKey } from "../client-address.ts";
import { crowdedUploads } from "../crowded.ts";
import type { Exchange } from "../exchange.ts";
import { type HttpBucket, unavailableIn } from "../http-bucket.ts";
import { type HttpEvent, shortToken } from "../http-event.ts";
import { publicPath } from "../public-path.ts";
import { BodyError, impatient } from "../request-body.ts";
import type { RequestHead } from "../request-head.ts";
import type { TransferSlots } from "../transfer-slots.ts";
import type { ReceiverDecision } from "./receiver-check.ts";
import type { AdmittedUpload, UploadCheck } from "./upload-check.ts";

export interface UploadDeps {
  readonly buckets: readonly HttpBucket[];
  readonly check: UploadCheck;
  /** What the receiver says that it is an upload to; absent: it is to none. */
  readonly received?: ReceiverDecision | undefined;
  /** Is told of each object that was stored under an address; absent: nobody wants to know. */
  readonly addressStored?: (token: string) => void;
  readonly slots: TransferSlots;
  readonly now: () => Date;
}

/**
 * Answers PUT. Whatever the head can tell is told before a byte of the body is read, and before a client that
 * waits for 100 (Continue) is sent one. 201 means that the object is complete and durable; after any other
 * answer, and after none, nothing is kept, and the same URL works again until it expires.
 *
 * @param waits whether the client waits for 100 (Continue).
 *
 * Source: XEP-0363 §5; RFC 9110 §9.3.4 and §10.1.1.
 */
export async function upload(
  head: RequestHead,
  exchange: Exchange,
  waits: boolean,
  deps: UploadDeps,
): Promise<HttpEvent> {
  const { received } = deps;
  exchange.receiver = received?.receiver;
  const admitted = await (received?.upload ?? deps.check(head, deps.now()));
  if ("kind" in admitted) {
    // The keys lie beside the files: without them nobody can tell whether the signature is right.
    const isOwn = received === undefined && admitted.kind === "bad-signature";
    const away = isOwn ? unavailableIn(deps.buckets) : undefined;
    return exchange.refuse(refusalAnswer(away ?? admitted));
  }
  const away = admitted.bucket.unavailable?.();
  if (away !== undefined) return exchange.refuse(refusalAnswer(away), shortToken(admitted.object.token));
  const key = clientKey(exchange.client);
  const slot = deps.slots.take(key);
  if (slot !== "taken") return exchange.refuse(crowdedUploads[slot], shortToken(admitted.object.token));
  try {
    return await receive(admitted, head, exchange, waits, deps);
  } finally {
    deps.slots.give(key);
  }
}

async function receive(
  admitted: AdmittedUpload,
  head: RequestHead,
  exchange: Exchange,
  waits: boolean,
  { now, addressStored }: UploadDeps,
): Promise<HttpEvent> {
  const body = waits ? afterContinue(exchange) : exchange.body;
  const { token, size } = admitted.object;
  const object = shortToken(token);
  const begun = now().getTime();
  const failure = await observed(admitted, () => enterAndStore(admitted, body));
  if (failure === undefined) {
    if (admitted.address !== undefined) addressStored?.(token);
    const location =
      admitted.address?.location ?? publicPath(head.rawPath, head.host, admitted.bucket.publicUrls);
    exchange.send({ status: 201, text: "", headers: { Location: location } });
    return { kind: "stored", object, size, milliseconds: now().getTime() - begun };
  }
  if ("kind" in failure) return exchange.refuse(refusalAnswer(failure), object);
  if (failure instanceof PutError) {
    const refused = await exchange.refuse(refusalAnswer(putRefusals[failure.code]), object);
    return { ...refused, detail: failure.message };
  }
  const { code: why } = failure;
  if (why !== "aborted") {
    await exchange.body.answerAndLinger(exchange.response, slowAnswers[why], exchange.common, impatient);
  }
  return { kind: "upload-aborted", why, object, received: exchange.body.received, size };
}

/** The body of a client that waits; it is told to go on when the store wants the first piece, and has room for it. */
async function* afterContinue({ response, body }: Exchange): AsyncGenerator<Uint8Array> {
  response.writeContinue();
  yield* body;
}

/** Tells the bucket's observer how an upload goes. It may give a refusal for what was stored. */
async function observed<Failure>(
  { bucket, object, isReserved }: AdmittedUpload,
  put: () => Promise<Failure | undefined>,
): Promise<Failure | Refusal | undefined> {
  const over = bucket.observer?.begin(object.token);
  try {
    return (await put()) ?? (await bucket.observer?.stored(object, isReserved));
  } finally {
    over?.();
  }
}

/**
 * Stores what may be stored. For an upload to an address that is decided here: whether it is spent, before the first
 * byte and once more when the object is stored, for another upload to it may have come and its file been deleted in
 * between; and whether there is room for it.
 */
async function enterAndStore(
  admitted: AdmittedUpload,
  body: AsyncIterable<Uint8Array>,
): Promise<PutError | BodyError | Refusal | undefined> {
  const { address } = admitted;
  const taken = await isTaken(admitted);
  if (taken !== undefined || address === undefined) return taken ?? store(admitted, body);
  const { record, object, others } = address;
  const tokens = [object.token, ...others];
  const refusal = (await record.spent(tokens)) ?? (await record.reserve(object));
  if (refusal !== undefined) return refusal;
  // Where another upload was first, the reservation is its own by now.
  let isInUse = false;
  try {
    const failure = await store(admitted, body);
    isInUse = failure instanceof PutError && failure.code === "exists";
    if (failure !== undefined) return failure;
    const spent = await record.spent(tokens);
    if (spent !== undefined) {
      await record.remove(object);
      return spent;
    }
    isInUse = true;
    await record.restore(object);
    return undefined;
  } finally {
    if (!isInUse) await record.release(object.token);
  }
}

/** Whether there is a complete object already. */
async function isTaken({ bucket, rivals, object, address }: AdmittedUpload): Promise<PutError | undefined> {
  try {
    for (const { store } of rivals) {
      // What the same URL has put into another bucket is served from there.
      const isConcerned = store === bucket.store || store.open !== undefined;
      for (const token of isConcerned ? [object.token, ...(address?.others ?? [])] : [])
        if (await store.has(token, object.filename))
          return new PutError("exists", "An object with this token is complete already.");
    }
    return undefined;
  } catch (error) {
    if (error instanceof PutError) return error;
    throw error;
  }
}

/**
 * Stores what is not there yet.
 *
 * @throws what is neither an expected refusal of the store nor the client's doing.
 */
async function store(
  { bucket, object }: AdmittedUpload,
  body: AsyncIterable<Uint8Array>,
): Promise<PutError | BodyError | undefined> {
  try {
    await bucket.store.put(object, body);
    return undefined;
  } catch (error) {
    if (error instanceof PutError || error instanceof BodyError) return error;
    throw error;
  }
}

const slowAnswers = {
  stalled: { status: 408, text: "Nothing came for too long; nothing was kept. Upload the file again." },
  "too-slow": { status: 408, text: "The file came too slowly; nothing was kept. Upload it again." },
} as const satisfies Record<string, Answer>;

const putRefusals = {
  exists: {
    kind: "exists",
    text: "The slot has been used: its file is complete. Request a new slot for another file.",
  },
  "wrong-length": { kind: "wrong-length", text: "The file was not as long as announced. Upload it again." },
  full: { kind: "full", text: "There is no space left on the server. Nothing was kept; try again later." },
  "read-only": {
    kind: "unavailable",
    text: "The server takes no uploads at present. Nothing was kept; try again later.",
  },
  upstream: {
    kind: "bad-gateway",
    text: "The storage behind the server did not take the file. Nothing was kept; try again later.",
  },
} as const satisfies Record<PutError["code"], Refusal>;
