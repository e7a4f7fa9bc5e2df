import { parseDateTime } from "./date-time.ts";
import { purposes, type RawPurpose, type StatedPurpose } from "./purpose.ts";
import type { Refusal } from "./refusal.ts";

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
      `The purpose "${shortened(first.name)}" is not known; expected one of ${purposes.join(", ")}.`,
    );
  }
  if (purpose !== "ephemeral") return { purpose };
  const expireBefore = parseDateTime(first.expireBefore ?? "");
  if (expireBefore !== undefined) return { purpose, expireBefore };
  const got = first.expireBefore === undefined ? "it is missing" : `got "${shortened(first.expireBefore)}"`;
  return badRequest(
    `An ephemeral file needs an expire-before with a date and time such as 2030-01-31T12:00:00Z; ${got}.`,
  );
}

function badRequest(text: string): Refusal {
  return { kind: "bad-request", text };
}

function shortened(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
