import type { Bytes } from "../slot/slot.ts";
import type { SkipReason } from "../sources/source.ts";

/** Why a file was not taken: by the source's own reasons, or by these. */
export type LeftReason =
  | SkipReason
  /** The former service's own expiry is over. */
  | "expired"
  /** Over slotd's `max_file_size`, or more than one PUT to the store may bring. */
  | "too-large"
  /** It was imported before, and deleted in slotd since. */
  | "deleted"
  /** Another file has the same URL: two in the source, or one that was uploaded to slotd. */
  | "same-url"
  /** It changed while it was read. */
  | "changed"
  /** The store did not take it, or what it has is damaged; another run tries again. */
  | "failed";

/** What is worth knowing of a file that was taken. */
export type Note =
  | "owner-unknown"
  | "type-guessed"
  | "type-unknown"
  /** The former service had altered it. */
  | "name-altered"
  /** slotd altered it, because it is over the limits of names. */
  | "name-changed"
  | "name-unknown"
  /** It has no line in the list: only the hash of its path is known. */
  | "url-unknown";

/** What an import has come to; every number only grows. */
export interface Tally {
  /** Items that the source gave, of every kind. */
  readonly looked: number;
  readonly taken: { readonly files: number; readonly bytes: Bytes };
  /** Files that were there from an earlier run. */
  readonly present: { readonly files: number; readonly bytes: Bytes };
  /** Addresses of which the former service knew that their file is gone. */
  readonly gone: number;
  readonly left: Readonly<Partial<Record<LeftReason, number>>>;
  /** Of the files that were taken in this run. */
  readonly notes: Readonly<Partial<Record<Note, number>>>;
}

/** The running numbers of one import. */
export class Counts implements Tally {
  looked = 0;
  readonly taken = { files: 0, bytes: 0 };
  readonly present = { files: 0, bytes: 0 };
  gone = 0;
  readonly left: Partial<Record<LeftReason, number>> = {};
  readonly notes: Partial<Record<Note, number>> = {};

  leave(reason: LeftReason): void {
    this.left[reason] = (this.left[reason] ?? 0) + 1;
  }

  take(size: Bytes, notes: readonly Note[]): void {
    this.taken.files += 1;
    this.taken.bytes += size;
    for (const note of notes) this.notes[note] = (this.notes[note] ?? 0) + 1;
  }

  find(size: Bytes): void {
    this.present.files += 1;
    this.present.bytes += size;
  }
}
