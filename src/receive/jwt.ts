import { JWTExpired } from "jose/errors";
import { jwtVerify } from "jose/jwt/verify";
import type { Refusal } from "../slot/refusal.ts";
import type { Bytes } from "../slot/slot.ts";

/** What a JWT says of the upload that it admits. */
export interface UploadClaims {
  readonly slot: string;
  readonly filename: string;
  /** A whole number. */
  readonly size: Bytes;
  /** Literally as the slot was requested with. */
  readonly filetype: string;
  /** As it came; undefined: not stated. */
  readonly subject: string | undefined;
  /** When the file is to go; undefined: never. */
  readonly expires: Date | undefined;
}

/** Prosody's have 350 to 1,200 characters: names are 255 bytes, and JSON may write each as six characters. */
const longestToken = 4_096;

/**
 * Reads the claims of a `Bearer` token that is signed with this secret by HS256 and not expired at `now`. Nothing else
 * is accepted: no other algorithm, no token without `exp`, no second spelling of the same signature.
 *
 * A token of more than 4 KiB is not read at all; the claims are parsed only after their signature was verified.
 *
 * Source: Prosody 0.12, mod_http_file_share, `get_authz` and `get_upload_slot`; RFC 7519 §7.2, RFC 6750 §2.1.
 */
export async function readBearer(
  authorization: string | undefined,
  secret: string,
  now: Date,
): Promise<UploadClaims | Refusal> {
  if (authorization === undefined) return missingToken;
  const [, token = "", signature = ""] =
    /^Bearer +([\w-]+\.[\w-]+\.([\w-]+))$/i.exec(authorization.slice(0, longestToken + 20)) ?? [];
  if (token === "" || token.length > longestToken || !isCanonical(signature)) return wrongToken;
  const key = Buffer.from(secret, "utf8");
  try {
    const options = { algorithms: ["HS256"], currentDate: now, requiredClaims: ["exp"] };
    const { payload } = await jwtVerify(token, key, options);
    return readClaims(payload) ?? wrongClaims;
  } catch (error) {
    return error instanceof JWTExpired ? expired : wrongToken;
  }
}

/** Whether base64url has no bits that say nothing: of 256 bits they would be two, and four signatures would be one. */
function isCanonical(base64url: string): boolean {
  return Buffer.from(base64url, "base64url").toString("base64url") === base64url;
}

function readClaims({
  slot,
  filename,
  filesize,
  filetype,
  sub,
  expires,
}: Record<string, unknown>): UploadClaims | undefined {
  if (typeof slot !== "string" || slot === "" || typeof filename !== "string") return undefined;
  if (!Number.isSafeInteger(filesize) || (filesize as number) < 0) return undefined;
  if (filetype !== undefined && typeof filetype !== "string") return undefined;
  if (sub !== undefined && typeof sub !== "string") return undefined;
  if (expires !== undefined && !isTime(expires)) return undefined;
  return {
    ...{ slot, filename, size: filesize as number, subject: sub },
    filetype: filetype ?? "application/octet-stream",
    expires: expires === undefined ? undefined : new Date(Math.floor(expires) * 1000),
  };
}

/** Seconds that a Date can hold. */
function isTime(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && Math.abs(value) <= 8.64e12;
}

const missingToken: Refusal = {
  kind: "unauthorized",
  text: "The request has no Authorization header; expected the one that was given with the slot.",
};

const wrongToken: Refusal = {
  kind: "unauthorized",
  text: "The Authorization header has no valid token. Use the one that was given with the slot, exactly.",
};

const wrongClaims: Refusal = {
  kind: "unauthorized",
  text: "The token in the Authorization header is not one of an upload slot. Request a new slot.",
};

const expired: Refusal = {
  kind: "expired",
  text: "The slot has expired. Request a new one and upload at once.",
};
