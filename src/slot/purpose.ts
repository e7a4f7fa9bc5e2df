import { parseDateTime } from "./date-time.ts";
import { printable } from "./printable.ts";
import type { Refusal } from "./refusal.ts";

/** What a file is for; a service may treat each differently. Source: XEP-0363 1.2 §5. */
export const purposes = ["message", "profile", "ephemeral", "permanent"] as const;

export type Purpose = (typeof purposes)[number];

/** Whether a text is the name of a purpose. */
export function isPurpose(text: string): text is Purpose {
  return purposes.some((purpose) => purpose === text);
}

/** What a slot request says of its purpose, valid. */
export interface StatedPurpose {
  readonly purpose: Purpose;
  /** After it the file must not be available; a whole second. Set when, and only when, the purpose is ephemeral. */
  readonly expireBefore?: Date | undefined;
}

/** One purpose as it came, before anything is known of it. */
export interface RawPurpose {
  readonly name: string;
  /** The attribute expire-before; undefined when there was none. */
  readonly expireBefore: string | undefined;
}

/**
 * Reads the purposes that a request states: none is message. An unknown one, several, and an ephemeral one
 * without a date-time are refused with bad-request. A fraction of a second in expire-before is dropped, so that
 * the file is gone before it and not after.
 *
 * Source: XEP-0363 1.2 §5.
 */
export function readPurpose(raw: readonly RawPurpose[]): StatedPurpose | Refusal {
  const [first, second] = raw;
  if (first === undefined) return { purpose: "message" };
  if (second !== undefined) {
    return badRequest(`A slot has one purpose; the request states ${raw.length}. Request a slot for each.`);
  }
  const purpose = purposes.find((known) => known === first.name);
  if (purpose === undefined) {
    return badRequest(
      `The purpose "${printable(first.name, 40)}" is not known; expected one of ${purposes.join(", ")}.`,
    );
  }
  if (purpose !== "ephemeral") return { purpose };
  const expireBefore = parseDateTime(first.expireBefore ?? "");
  if (expireBefore !== undefined) return { purpose, expireBefore };
  const got =
    first.expireBefore === undefined ? "it is missing" : `got "${printable(first.expireBefore, 40)}"`;
  return badRequest(
    `An ephemeral file needs an expire-before with a date and time such as 2030-01-31T12:00:00Z; ${got}.`,
  );
}

function badRequest(text: string): Refusal {
  return { kind: "bad-request", text };
}
