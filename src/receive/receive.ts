import { addressKey } from "../address/address-key.ts";
import { refuseMediaType } from "../slot/media-type-rules.ts";
import { sizesInWords } from "../slot/plain-words.ts";
import type { Refusal } from "../slot/refusal.ts";
import type { Bytes } from "../slot/slot.ts";
import { isMediaType } from "../slot/slot-request.ts";
import { keptFilename } from "./filename.ts";
import { hmacProblem } from "./hmac-token.ts";
import { readBearer } from "./jwt.ts";
import { ownerInPath, ownerOfSubject } from "./owner.ts";
import { type ReceivedFile, type ReceiverRequest, type ReceiverSettings, receiverRules } from "./receiver.ts";

/**
 * Judges the head of a PUT to a slot of an XMPP server's own module. It looks at the path, then at the token, then at
 * what the token says, and then at the bounds of the receiver; only the token of the receiver's own protocol is looked
 * at, and no part of the path ever proves anything.
 *
 * The time grows with the path and the token alone, which the HTTP server bounds.
 */
export function receive(
  request: ReceiverRequest,
  settings: ReceiverSettings,
  now: Date,
): ReceivedFile | Refusal | Promise<ReceivedFile | Refusal> {
  const key = keyOf(request.path, settings);
  if (typeof key !== "string") return key;
  return settings.protocol === "jwt"
    ? receiveJwt(request, key, settings, now)
    : receiveHmac({ ...settings, protocol: settings.protocol }, request, key, now);
}

function keyOf(path: string, { protocol }: ReceiverSettings): string | Refusal {
  const segments = path.split("/");
  if (segments.some((segment) => segment === "." || segment === ".."))
    return {
      kind: "bad-filename",
      text: 'The path has a segment "." or ".."; expected a name such as photo.jpg.',
    };
  if (path.includes("\0"))
    return { kind: "bad-filename", text: "The path holds the control character U+0000." };
  return addressKey(receiverRules[protocol], path) ?? notASlot;
}

function receiveHmac(
  settings: ReceiverSettings & { readonly protocol: "v1" | "v2" | "token" },
  request: ReceiverRequest,
  key: string,
  now: Date,
): ReceivedFile | Refusal {
  const problem = hmacProblem(settings.protocol, settings.secret, request);
  if (problem !== undefined) return problem;
  const owner = settings.protocol === "v1" ? ownerInPath(request.path, settings) : { owner: undefined };
  if ("kind" in owner) return owner;
  const name = request.path.slice(request.path.lastIndexOf("/") + 1);
  const contentType = typeToKeep(request.contentType);
  return (
    boundsProblem(request.size, request.contentType, settings) ?? {
      ...{ key, size: request.size, contentType, ...owner },
      filename: keptFilename(name),
      expiry: expiryFor(settings, undefined, now),
    }
  );
}

async function receiveJwt(
  request: ReceiverRequest,
  key: string,
  settings: ReceiverSettings,
  now: Date,
): Promise<ReceivedFile | Refusal> {
  const claims = await readBearer(request.authorization, settings.secret, now);
  if ("kind" in claims) return claims;
  const { slot, size, filetype, filename, subject, expires } = claims;
  if (addressKey("first-segment", slot) !== key || slot.includes("/")) return otherSlot;
  if (size !== request.size) return wrongLength(size, request.size);
  const owner = ownerOfSubject(subject, settings.hosts);
  if ("kind" in owner) return owner;
  const expiry = expiryFor(settings, expires, now);
  if (expiry !== undefined && expiry.getTime() <= now.getTime()) return fileExpired;
  return (
    boundsProblem(size, filetype, settings) ?? {
      ...{ key, size, expiry, ...owner },
      filename: keptFilename(filename),
      contentType: typeToKeep(filetype),
    }
  );
}

function boundsProblem(
  size: Bytes,
  contentType: string | undefined,
  { maxFileSize, types }: ReceiverSettings,
): Refusal | undefined {
  if (maxFileSize !== undefined && size > maxFileSize) {
    const [has, limit] = sizesInWords(size, maxFileSize);
    return { kind: "too-large", text: `The file has ${has}; at most ${limit} are allowed.`, maxFileSize };
  }
  return refuseMediaType(contentType === undefined || isMediaType(contentType) ? contentType : "", types);
}

function typeToKeep(contentType = ""): string {
  return isMediaType(contentType) ? contentType : "application/octet-stream";
}

/** The earlier of what the receiver and what the slot say; a whole second. */
function expiryFor({ retention }: ReceiverSettings, expires: Date | undefined, now: Date): Date | undefined {
  const kept =
    retention === undefined ? undefined : new Date((Math.floor(now.getTime() / 1000) + retention) * 1000);
  if (kept === undefined || expires === undefined) return kept ?? expires;
  return kept.getTime() < expires.getTime() ? kept : expires;
}

function wrongLength(expected: Bytes, announced: Bytes): Refusal {
  return {
    kind: "wrong-length",
    text: `The slot is for ${expected} bytes; the request announces ${announced}. Request a slot of the right size.`,
  };
}

const notASlot: Refusal = {
  kind: "bad-request",
  text: "The path is not that of a slot. Use the URL exactly as it was given.",
};

const otherSlot: Refusal = {
  kind: "bad-request",
  text: "The path is not that of the slot in the token. Use the URL and the header of one slot, exactly as given.",
};

const fileExpired: Refusal = {
  kind: "expired",
  text: "The time of the file is over before it was uploaded. Request a new slot and upload at once.",
};
