/** How an object is to be served, whatever was stored with it. */
export interface ServedAs {
  readonly contentType: string;
  /** Source: RFC 6266 §4. */
  readonly contentDisposition: string;
}

/** The port for reading from a bucket that nobody else may read: it signs URLs and makes no request. */
export interface ObjectSigner {
  /**
   * Signs a URL for one object and one method. It stays the same for a while, so that browsers keep what they have
   * fetched from it.
   *
   * @param until the URL is not valid beyond it, a whole second; any time when absent.
   * @returns undefined while there are no valid credentials, and in the last second before `until`.
   */
  sign(
    method: "GET" | "HEAD",
    object: { readonly token: string; readonly filename: string },
    as: ServedAs,
    now: Date,
    until?: Date,
  ): string | undefined;
}
