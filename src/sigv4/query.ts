import { uriDecode, uriEncode } from "./encode.ts";

/** One query parameter, decoded. */
export type QueryParameter = readonly [name: string, value: string];

/**
 * The canonical query: every name and value encoded once, sorted by encoded name and then by encoded value.
 *
 * Source: AWS Signature Version 4, "Create a canonical request", CanonicalQueryString.
 */
export function canonicalQuery(parameters: readonly QueryParameter[]): string {
  return sortAndJoin(parameters.map(encodeParameter));
}

/** A canonical query with more parameters in it; canonical again. */
export function addToCanonicalQuery(query: string, parameters: readonly QueryParameter[]): string {
  const encoded = query.split("&").map((parameter) => parameter.replace("=", " "));
  return sortAndJoin([...encoded, ...parameters.map(encodeParameter)]);
}

/**
 * Reads a raw query (without "?") into its parameters, in the order they came. A "+" is a plus, a parameter
 * without "=" has an empty value. Undefined when it is not ASCII, a parameter is empty, or one is not
 * percent-encoded UTF-8.
 */
export function parseQuery(rawQuery: string): readonly QueryParameter[] | undefined {
  const parameters: QueryParameter[] = [];
  if (rawQuery === "") return parameters;
  if (!isPrintableAscii(rawQuery)) return undefined;
  for (const part of rawQuery.split("&")) {
    const equals = part.indexOf("=");
    const name = uriDecode(equals < 0 ? part : part.slice(0, equals));
    const value = equals < 0 ? "" : uriDecode(part.slice(equals + 1));
    if (!name || value === undefined) return undefined;
    parameters.push([name, value]);
  }
  return parameters;
}

/** How many parameters a raw query has, good ones or bad. */
export function parameterCount(rawQuery: string): number {
  let count = rawQuery === "" ? 0 : 1;
  for (let at = rawQuery.indexOf("&"); at >= 0; at = rawQuery.indexOf("&", at + 1)) count += 1;
  return count;
}

/** Whether text has nothing but visible ASCII, as a request target must. Source: RFC 3986 §2. */
export function isPrintableAscii(text: string): boolean {
  return /^[\x21-\x7e]*$/.test(text);
}

// Until they are sorted, a space stands for "=": it sorts before all that can be in a name, so "a" is before "a-b".
function encodeParameter([name, value]: QueryParameter): string {
  return `${uriEncode(name)} ${uriEncode(value)}`;
}

function sortAndJoin(encoded: string[]): string {
  return encoded.sort().join("&").replaceAll(" ", "=");
}
