import type { Seconds } from "../../slot/slot.ts";
import type { OpenObject } from "../../store/object-store.ts";
import type { Validators } from "../conditional.ts";
import { formatHttpDate } from "../http-date.ts";
import { contentDisposition, type InlineRule } from "./content-disposition.ts";

/** An object never changes and its token is never used again. */
const year: Seconds = 31_536_000;

/** What every answer about one object says of it. */
export interface ObjectDescription {
  readonly validators: Validators;
  readonly headers: Readonly<Record<string, string>>;
}

/** Describes an object. @param filename to be told in the place of its own. */
export type Describe = (object: OpenObject, filename?: string) => ObjectDescription;

/** Describes objects; one that is opened once and served many times by its own name is described once. */
export function objectDescriber(isInline: InlineRule): Describe {
  const known = new WeakMap<OpenObject, ObjectDescription>();
  return (object, filename = object.filename) => {
    if (filename !== object.filename) return describe(object, filename, isInline);
    const earlier = known.get(object);
    if (earlier !== undefined) return earlier;
    const description = describe(object, filename, isInline);
    known.set(object, description);
    return description;
  };
}

function describe(object: OpenObject, filename: string, isInline: InlineRule): ObjectDescription {
  const seconds = Math.floor(object.created.getTime() / 1000);
  const validators = { etag: `"${object.token}"`, lastModified: new Date(seconds * 1000) };
  const headers = {
    "Content-Type": object.contentType,
    "Content-Disposition": contentDisposition(object.contentType, filename, isInline),
    "Accept-Ranges": "bytes",
    ETag: validators.etag,
    "Last-Modified": formatHttpDate(validators.lastModified),
  };
  return { validators, headers };
}

/**
 * How long an object may be kept by caches: a year, or what is left of its time.
 *
 * Source: RFC 9111 §5.2.2, RFC 8246.
 */
export function cacheControl(expiry: Date | undefined, now: Date, cache: "public" | "private"): string {
  const left: Seconds = expiry === undefined ? year : Math.floor((expiry.getTime() - now.getTime()) / 1000);
  return `${cache}, max-age=${Math.min(year, left)}, immutable`;
}
