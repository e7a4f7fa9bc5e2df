import { printable } from "./printable.ts";
import type { RawPurpose } from "./purpose.ts";
import type { Refusal } from "./refusal.ts";
import type { SlotRequest } from "./slot.ts";
import { readPurpose } from "./stated-purpose.ts";

/** The values of a slot request as they came, before anything is known of them. */
export interface RawSlotRequest {
  readonly filename: string | undefined;
  readonly size: string | undefined;
  readonly contentType: string | undefined;
  /** Those stated; absent: none. */
  readonly purposes?: readonly RawPurpose[];
}

/** A filename has at most this many bytes of UTF-8. Source: XEP-0363 §4 and the NAME_MAX of common file systems. */
export const MAX_FILENAME_BYTES = 255;

/** A media type has at most this many bytes. */
export const MAX_CONTENT_TYPE_BYTES = 255;

const utf8 = new TextEncoder();

/**
 * Reads a slot request from its raw values.
 *
 * Refuses with bad-filename, bad-size, bad-content-type or (for its purpose) bad-request, and a text that says what was
 * wrong. An empty content type counts as absent: COMPAT(Converse.js): it sends content-type="" for a type it does not
 * know. Source: XEP-0363 §4, §5.
 */
export function readSlotRequest(raw: RawSlotRequest): SlotRequest | Refusal {
  const problem = filenameProblem(raw.filename);
  if (raw.filename === undefined || problem) return { kind: "bad-filename", text: problem ?? "" };
  const size = readSize(raw.size);
  if (size === undefined) {
    return {
      kind: "bad-size",
      text: `The size must be a whole number of bytes from 0 to ${Number.MAX_SAFE_INTEGER}; ${got(raw.size)}.`,
    };
  }
  const contentType = raw.contentType || undefined;
  if (contentType !== undefined && !isMediaType(contentType)) {
    return {
      kind: "bad-content-type",
      text: `The content type must be a media type such as image/jpeg of at most ${MAX_CONTENT_TYPE_BYTES} bytes; ${got(contentType)}.`,
    };
  }
  const { filename } = raw;
  if (raw.purposes === undefined) return { filename, size, contentType, purpose: "message" };
  const purpose = readPurpose(raw.purposes);
  return "kind" in purpose ? purpose : { filename, size, contentType, ...purpose };
}

/**
 * Says why a text cannot be the name of a file, or undefined when it can.
 * A name is one path segment: what it holds never leads out of the object it is part of.
 */
export function filenameProblem(filename: string | undefined): string | undefined {
  if (filename === undefined || filename === "")
    return "The filename is missing; expected a name such as photo.jpg.";
  // No character takes more than three bytes for each of its UTF-16 units.
  if (filename.length * 3 > MAX_FILENAME_BYTES) {
    const bytes = utf8.encode(filename).length;
    if (bytes > MAX_FILENAME_BYTES)
      return `The filename has ${bytes} bytes of UTF-8; expected at most ${MAX_FILENAME_BYTES}.`;
  }
  if (filename === "." || filename === "..")
    return `The filename cannot be "${filename}"; expected a name such as photo.jpg.`;
  const bad = /[/\\\p{Cc}]/u.exec(filename)?.[0];
  if (bad !== undefined)
    return `The filename contains ${nameOf(bad)}; expected a name without /, \\ and control characters.`;
  if (!filename.isWellFormed()) return "The filename is not valid Unicode.";
  return undefined;
}

/**
 * Whether a text is a media type that can stand in a header: RFC 9110 §8.3.1, ASCII, at most 255 bytes.
 */
export function isMediaType(text: string): boolean {
  return text.length <= MAX_CONTENT_TYPE_BYTES && mediaType.test(text);
}

const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const quotedString = '"(?:[\\t \\x21\\x23-\\x5b\\x5d-\\x7e]|\\\\[\\t \\x21-\\x7e])*"';
const mediaType = new RegExp(`^${token}/${token}(?:[ \\t]*;[ \\t]*${token}=(?:${token}|${quotedString}))*$`);

function readSize(text: string | undefined): number | undefined {
  if (text === undefined || !/^[0-9]{1,16}$/.test(text)) return undefined;
  const size = Number(text);
  return Number.isSafeInteger(size) ? size : undefined;
}

function nameOf(character: string): string {
  if (character === "/" || character === "\\") return `a ${character}`;
  const code = character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0");
  return `the control character U+${code}`;
}

/** Echoes what came, short and printable: the text may end in a terminal. */
function got(value: string | undefined): string {
  if (value === undefined) return "the request has none";
  return `got "${printable(value, 40)}"`;
}
