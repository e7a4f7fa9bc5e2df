import type { Bytes } from "../../slot/slot.ts";

/** What a Range header asks of content: all of it, one part (both ends included), or nothing it has. */
export type RangeResult =
  | { readonly kind: "whole" }
  | { readonly kind: "part"; readonly first: Bytes; readonly last: Bytes }
  | { readonly kind: "unsatisfiable" };

const whole: RangeResult = { kind: "whole" };
const unsatisfiable: RangeResult = { kind: "unsatisfiable" };

/**
 * Reads a Range header against content of `size` bytes. Several ranges, other units and what is malformed
 * give the whole content, as RFC 9110 §14.2 allows.
 *
 * Source: RFC 9110 §14.1.2.
 */
export function readRange(header: string | undefined, size: Bytes): RangeResult {
  const [, from, to] = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i.exec(header ?? "") ?? [];
  if (from === undefined || to === undefined || (from === "" && to === "")) return whole;
  if (from === "") return suffix(Number(to), size);
  const first = Number(from);
  if (to !== "" && Number(to) < first) return whole;
  if (first >= size) return unsatisfiable;
  return { kind: "part", first, last: to === "" ? size - 1 : Math.min(Number(to), size - 1) };
}

function suffix(length: Bytes, size: Bytes): RangeResult {
  if (length === 0 || size === 0) return unsatisfiable;
  return { kind: "part", first: Math.max(0, size - length), last: size - 1 };
}
