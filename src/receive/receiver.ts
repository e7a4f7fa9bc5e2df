import type { AddressRule } from "../address/address-key.ts";
import type { MediaTypeRules } from "../slot/media-type-rules.ts";
import type { Bytes, Seconds } from "../slot/slot.ts";

/**
 * How an XMPP server's own module proves that it gave a slot:
 *
 * - "v1": `?v=` is the HMAC of path and size (Prosody's mod_http_upload_external, ejabberd's `external_secret`).
 * - "v2": `?v2=` is the HMAC of path, size and type (mod_http_upload_external).
 * - "token": `?token=` is the same (Metronome's http_upload_external).
 * - "jwt": the Authorization header has a token with claims (Prosody's mod_http_file_share with a base URL).
 */
export type ReceiverProtocol = "v1" | "v2" | "token" | "jwt";

export const receiverProtocols: readonly ReceiverProtocol[] = ["v1", "v2", "token", "jwt"];

/** What of the path names a file: a JWT names its slot, and what follows that in the path is decoration. */
export const receiverRules = {
  v1: "path",
  v2: "path",
  token: "path",
  jwt: "first-segment",
} as const satisfies Record<ReceiverProtocol, AddressRule>;

/** Whether the PUT URLs of a protocol are valid for ever, so that only a file, or the memory of one, voids them. */
export function neverExpires(protocol: ReceiverProtocol): boolean {
  return protocol !== "jwt";
}

/** Whether the server's module adds the final slash that its base lacks. */
export function addsSlash(protocol: ReceiverProtocol): boolean {
  return protocol === "jwt";
}

/** What a receiver goes by. */
export interface ReceiverSettings {
  readonly protocol: ReceiverProtocol;
  /** As it is configured in the XMPP server; its UTF-8 bytes are the key. Not empty. */
  readonly secret: string;
  /** undefined: no limit. */
  readonly maxFileSize: Bytes | undefined;
  /** How long a file is kept; undefined: for ever. */
  readonly retention: Seconds | undefined;
  readonly types: MediaTypeRules;
  /** The prepared domains whose users may upload; empty: all that the server gives slots to. */
  readonly hosts: readonly string[];
  /** What the first segment of the path says of the uploader, with v1: ejabberd's option of this name. */
  readonly jidInUrl: "sha1" | "node" | undefined;
}

/** What a receiver looks at of a PUT. */
export interface ReceiverRequest {
  /** What follows the configured base in the path, decoded once, without the slash between them. */
  readonly path: string;
  /** Without "?". */
  readonly rawQuery: string;
  /** The announced length. */
  readonly size: Bytes;
  readonly contentType: string | undefined;
  readonly authorization: string | undefined;
}

/** A file that may be uploaded. */
export interface ReceivedFile {
  /** As `addressKey` gives it. */
  readonly key: string;
  /** For those who download it: at most 255 bytes, nothing in it leads anywhere. */
  readonly filename: string;
  readonly size: Bytes;
  /** A valid media type, as it was signed or sent. */
  readonly contentType: string;
  /** A whole second; undefined: never. */
  readonly expiry: Date | undefined;
  /** The bare JID of the uploader, or the hash of it and a host; undefined: nobody knows. */
  readonly owner: string | undefined;
}
