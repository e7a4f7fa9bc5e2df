import { parseHttpDate } from "./http-date.ts";

/** What identifies the state of a resource. */
export interface Validators {
  /** Strong, with its quotes. */
  readonly etag: string;
  /** Whole seconds. */
  readonly lastModified: Date;
}

/** Gives the value of a request header by its lowercase name. */
export type HeaderLookup = (name: string) => string | undefined;

/**
 * Evaluates the conditions of a GET or HEAD request, in the order of RFC 9110 §13.2.2. A date that is not one
 * counts as absent.
 *
 * @returns "failed" for 412, "not-modified" for 304.
 */
export function evaluateConditions(
  header: HeaderLookup,
  validators: Validators,
  now: Date,
): "proceed" | "not-modified" | "failed" {
  const since = (name: string) => {
    const text = header(name);
    return text === undefined ? undefined : parseHttpDate(text, now);
  };
  const ifMatch = header("if-match");
  const ifNoneMatch = header("if-none-match");
  if (ifMatch !== undefined) {
    if (!lists(ifMatch, validators.etag, "strong")) return "failed";
  } else {
    const limit = since("if-unmodified-since");
    if (limit !== undefined && validators.lastModified > limit) return "failed";
  }
  if (ifNoneMatch !== undefined) {
    return lists(ifNoneMatch, validators.etag, "weak") ? "not-modified" : "proceed";
  }
  const known = since("if-modified-since");
  return known !== undefined && validators.lastModified <= known ? "not-modified" : "proceed";
}

/**
 * Whether a Range header counts: when If-Range is absent or names the present state.
 *
 * Source: RFC 9110 §13.1.5.
 */
export function mayUseRange(header: HeaderLookup, validators: Validators, now: Date): boolean {
  const ifRange = header("if-range");
  if (ifRange === undefined || ifRange === validators.etag) return true;
  return parseHttpDate(ifRange, now)?.getTime() === validators.lastModified.getTime();
}

/** Source: RFC 9110 §8.8.3 for the grammar, §8.8.3.2 for the two comparisons. */
function lists(header: string, etag: string, comparison: "strong" | "weak"): boolean {
  if (header.trim() === "*") return true;
  for (const [tag, weak] of header.matchAll(/(W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g)) {
    if (weak === undefined ? tag === etag : comparison === "weak" && tag === `W/${etag}`) return true;
  }
  return false;
}
