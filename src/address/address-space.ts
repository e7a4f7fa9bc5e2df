import { uriDecode, uriEncode } from "../sigv4/encode.ts";

/** A public base, as it counts for addresses: not by its scheme. */
export interface AddressBase {
  /** As clients send it in the Host header: lowercase, with the port unless it is the default of the scheme. */
  readonly host: string;
  /** Each segment encoded in the one way of this house; "" or beginning with "/", never ending in one. */
  readonly prefix: string;
}

/**
 * Reads a public base of http or https URLs. However its percent-encodings are written, equal bases give equal values,
 * and the same ones as `parseBucketUrl` does.
 *
 * @returns undefined when it is no such URL, has a user name, query or fragment, a segment `.` or `..`, or encodings
 *   that are not UTF-8.
 */
export function readAddressBase(text: string): AddressBase | undefined {
  const [, authority = "", path = ""] = /^https?:\/\/([^/?#\\]+)([^?#\\]*)$/i.exec(text) ?? [];
  if (authority === "" || authority.includes("@") || /[\s\p{Cc}]/u.test(text) || !URL.canParse(text))
    return undefined;
  const segments = path.replace(/\/+$/, "").split("/").map(uriDecode);
  if (segments.some((segment) => segment === undefined || segment === "." || segment === ".."))
    return undefined;
  return { host: new URL(text).host, prefix: segments.map((segment = "") => uriEncode(segment)).join("/") };
}

/**
 * The name of an address space by the URL that names it: what `addressToken` takes.
 *
 * @throws {TypeError} when it is none that `readAddressBase` reads; the options refuse those.
 */
export function spaceName(url: string): string {
  const base = readAddressBase(url);
  if (base === undefined)
    throw new TypeError("An address space is named by an http or https URL without query.");
  return baseName(base);
}

/** A base in one text. */
export function baseName({ host, prefix }: AddressBase): string {
  return `${host}${prefix}`;
}
