import type { Seconds } from "../slot/slot.ts";

/** How an object is to be served, whatever was stored with it. */
export interface ServedAs {
  readonly contentType: string;
  /** Source: RFC 6266 §4. */
  readonly contentDisposition: string;
}

/** A signed URL, and for how much longer it is valid: 1 or more. */
export interface SignedUrl {
  readonly url: string;
  readonly expiresIn: Seconds;
}

/** The port for reading from a bucket that nobody else may read: it signs URLs and makes no request. */
export interface ObjectSigner {
  /**
   * Signs a URL for one object and one method, for the same object the same within a while, so that browsers keep
   * what they have fetched.
   *
   * @returns undefined while there are no valid credentials.
   */
  sign(
    method: "GET" | "HEAD",
    object: { readonly token: string; readonly filename: string },
    as: ServedAs,
    now: Date,
  ): SignedUrl | undefined;
}
