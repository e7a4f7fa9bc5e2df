import { addressKey } from "../../address/address-key.ts";
import { addressToken } from "../../address/address-token.ts";
import { type AtLiteralBase, LiteralBaseIndex } from "../../address/literal-base-index.ts";
import { receive } from "../../receive/receive.ts";
import { addsSlash, type ReceivedFile } from "../../receive/receiver.ts";
import type { Refusal } from "../../slot/refusal.ts";
import type { AddressedObject, HttpReceiver } from "../http-receiver.ts";
import { contentLength, type RequestHead } from "../request-head.ts";
import type { AdmittedUpload } from "./upload-check.ts";
import { lengthRequired } from "./upload-refusals.ts";

/** What a receiver says to an upload. */
export interface ReceiverDecision {
  /** As the operator calls it. */
  readonly receiver: string;
  readonly upload: AdmittedUpload | Refusal | Promise<AdmittedUpload | Refusal>;
}

/** Judges the head of a PUT that may be for a receiver; undefined: it is for none. */
export type ReceiverCheck = (head: RequestHead, now: Date) => ReceiverDecision | undefined;

/**
 * Makes the check of uploads to receivers. A request whose query has a signature of slotd's own is for none of them,
 * and any other whose path is below a receiver's base is for that one alone.
 */
export function receiverCheck(receivers: readonly HttpReceiver[]): ReceiverCheck {
  if (receivers.length === 0) return () => undefined;
  const index = new LiteralBaseIndex(
    receivers.map((receiver) => ({
      url: receiver.url,
      addsSlash: addsSlash(receiver.settings.protocol),
      value: receiver,
    })),
  );
  return (head, now) => {
    if (/(?:^|&)X-Amz-/i.test(head.rawQuery)) return undefined;
    const found = index.find(head.host, head.rawPath);
    return found && { receiver: found.value.name, upload: check(found, head, now) };
  };
}

function check(
  { value: receiver, path }: AtLiteralBase<HttpReceiver>,
  head: RequestHead,
  now: Date,
): AdmittedUpload | Refusal | Promise<AdmittedUpload | Refusal> {
  const size = contentLength(head);
  if (size === undefined || head.header("transfer-encoding") !== undefined) return lengthRequired;
  const request = {
    ...{ path, size, rawQuery: head.rawQuery },
    contentType: head.header("content-type"),
    authorization: head.header("authorization"),
  };
  const decision = receive(request, receiver.settings, now);
  const admit = (file: ReceivedFile | Refusal) =>
    "kind" in file ? file : admitted(file, path, receiver, head);
  return decision instanceof Promise ? decision.then(admit) : admit(decision);
}

function admitted(
  file: ReceivedFile,
  path: string,
  receiver: HttpReceiver,
  head: RequestHead,
): AdmittedUpload {
  const { space, otherRules, bucket, record } = receiver;
  const { key, owner, filename, size, contentType, expiry } = file;
  const object: AddressedObject = {
    token: addressToken(space, key),
    filename,
    size,
    contentType,
    expiry,
    owner,
  };
  const otherKeys = otherRules
    .flatMap((rule) => addressKey(rule, path) ?? [])
    .filter((other) => other !== key);
  return {
    ...{ bucket, rivals: [bucket], object },
    isReserved: true,
    address: {
      record,
      object,
      location: head.rawPath,
      others: otherKeys.map((other) => addressToken(space, other)),
    },
  };
}
