import { type AddressRule, addressKey, keyOfPathHash } from "../address/address-key.ts";
import { addressToken } from "../address/address-token.ts";
import { uriEncodePath } from "../sigv4/encode.ts";
import type { SourceAddress } from "../sources/source.ts";

/** How the files of a source are addressed in slotd. */
export interface Addressing {
  readonly rule: AddressRule;
  /** The name of the address space; see `addressToken`. */
  readonly space: string;
  /** The bases of the URLs that clients hold, with or without a final slash. */
  readonly urls: readonly string[];
}

/** The token of a file that a source addresses; undefined when the former service's rule finds no address in it. */
export function tokenOf(address: SourceAddress, { rule, space }: Addressing): string | undefined {
  const key = "path" in address ? addressKey(rule, address.path) : keyOfPathHash(address.pathHash);
  return key === undefined ? undefined : addressToken(space, key);
}

/** The URLs of a file, one for each base; none where only the hash of its path is known. */
export function urlsOf(address: SourceAddress, { urls }: Addressing): readonly string[] {
  if (!("path" in address)) return [];
  const path = uriEncodePath(address.path);
  return urls.map((base) => `${base.replace(/\/+$/, "")}/${path}`);
}
