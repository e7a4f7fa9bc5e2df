/**
 * The addresses (tokens made from one, see `isAddressToken`) whose file was there once and is not to come again: it was
 * deleted, or has expired. Uploads to them are refused, and an import leaves them out.
 */
export interface SpentAddresses {
  has(token: string): Promise<boolean>;
  /** Adds tokens, for good when the promise resolves; those that are in it already stay. */
  add(tokens: readonly string[]): Promise<void>;
}
