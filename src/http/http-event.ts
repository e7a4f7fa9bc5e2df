import type { Refusal } from "../slot/refusal.ts";
import type { Bytes } from "../slot/slot.ts";

/** Why a request was answered with "no". */
export type RefusalReason =
  | Refusal["kind"]
  | "not-found"
  | "gone"
  | "not-satisfiable"
  | "expectation"
  | "malformed"
  | "uri-too-long"
  | "too-slow"
  | "busy"
  | "too-many-uploads"
  | "too-many-downloads"
  | "too-many-lookups";

/**
 * What the HTTP server tells about its work, for log and metrics. No URL, query or filename is in it; `object` is
 * the first eight digits of the token, enough to find an object and too few to fetch it.
 */
export type HttpEvent =
  | {
      readonly kind: "stored";
      readonly object: string;
      readonly size: Bytes;
      readonly milliseconds: number;
    }
  /** A request was answered with "no"; `object` when its path named one. */
  | {
      readonly kind: "refused";
      readonly method: string;
      readonly status: number;
      readonly reason: RefusalReason;
      readonly object: string | undefined;
      /** What the store said, for the operator and not for the client. */
      readonly detail?: string;
    }
  /** The client went away, or sent nothing or too little for too long, before the upload was complete. */
  | {
      readonly kind: "upload-aborted";
      readonly why: "aborted" | "stalled" | "too-slow";
      readonly object: string;
      readonly received: Bytes;
      readonly size: Bytes;
    }
  /** A browser asked what it may do. */
  | { readonly kind: "preflight"; readonly object: string | undefined }
  /** `bytes` of content were sent; 0 for HEAD and 304. */
  | { readonly kind: "served"; readonly object: string; readonly status: number; readonly bytes: Bytes }
  | { readonly kind: "download-aborted"; readonly object: string }
  /** A promise was broken; the client was told 500, or cut off when the answer had begun. */
  | {
      readonly kind: "failed";
      readonly method: string;
      readonly object: string | undefined;
      readonly error: unknown;
    };

/** What becomes of the certificate while the server runs. */
export type TlsEvent =
  /** New connections get the one that was put in the place of the old one. */
  | { readonly kind: "certificate-changed" }
  /** The certificate or key that was put there cannot be used; the one before stays in use. */
  | { readonly kind: "certificate-refused"; readonly error: unknown };

/** What is known of a request whatever came of it. */
export interface HttpRequestFacts {
  /** What the client was told to call the request by, when it asks about it. */
  readonly reference: string;
  /** As it came; "" when the request could not be parsed. */
  readonly method: string;
  /** The IP address that it came from first; "unix" where a local proxy told none. */
  readonly client: string;
  /** The receiver that the request was an upload to, as the operator calls it. */
  readonly receiver?: string | undefined;
  /** From the head of the request to the end of its answer. */
  readonly milliseconds: number;
}

/** What may be told of a token. */
export function shortToken(token: string): string {
  return token.slice(0, 8);
}
