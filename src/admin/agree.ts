import type { LedgerFile } from "../ledger/ledger.ts";
import type { Bytes } from "../slot/slot.ts";
import type { StoredObject } from "../store/inventory.ts";

/** A difference between what the ledger has written down and what the store holds. */
export type Difference =
  /** Complete in the ledger, and not in the store. */
  | { readonly kind: "missing"; readonly file: LedgerFile }
  /** In the store, and the ledger does not know it. */
  | { readonly kind: "unknown"; readonly object: StoredObject }
  /** Both have it, with different sizes. */
  | { readonly kind: "other-size"; readonly file: LedgerFile; readonly size: Bytes }
  /** In the store, and the ledger still waits for it though it should have asked. */
  | { readonly kind: "not-completed"; readonly file: LedgerFile; readonly size: Bytes }
  /** In the store, and cannot be served. */
  | {
      readonly kind: "damaged";
      readonly object: StoredObject & { readonly damage: string };
      readonly file: LedgerFile | undefined;
    };

/** What one token is on both sides, in one place. */
export interface Pair {
  readonly token: string;
  /** Its number. */
  readonly place: number;
  readonly file: LedgerFile | undefined;
  readonly object: StoredObject | undefined;
}

/**
 * Compares what both sides have of one token; undefined: they agree, or will of themselves (a slot that was just
 * given, a file that waits for the sweep).
 */
export function differenceOf(
  { file, object }: Pick<Pair, "file" | "object">,
  now: Date,
): Difference | undefined {
  if (object === undefined) return file?.state === "complete" ? { kind: "missing", file } : undefined;
  const { size, damage } = object;
  if (damage !== undefined) return { kind: "damaged", object: { ...object, damage }, file };
  if (file === undefined) return { kind: "unknown", object };
  switch (file.state) {
    case "complete":
      return file.size === size ? undefined : { kind: "other-size", file, size };
    case "reserved":
    case "abandoned":
      return file.askAt === undefined || file.askAt < now ? { kind: "not-completed", file, size } : undefined;
    case "pending-deletion":
      return undefined;
  }
}
