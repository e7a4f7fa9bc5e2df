import type { FormerKindName } from "../address/former-kinds.ts";
import type { Bytes } from "../slot/slot.ts";

/** How a file is addressed after the former base: by its decoded path, or where only that is known, its SHA-256. */
export type SourceAddress =
  | { readonly path: string }
  /** 64 lowercase hex digits. */
  | { readonly pathHash: string };

/** A complete file of a former service. Nothing of it was read yet but its metadata. */
export interface SourceFile {
  readonly kind: "file";
  readonly address: SourceAddress;
  /** Where it is below the source's folder, for the report. Its names may hold any character but "/" and NUL. */
  readonly place: string;
  /** As it was uploaded, or as the source altered it; undefined where only the URLs say it. */
  readonly filename: string | undefined;
  readonly isNameAltered: boolean;
  /** What the former service said, or would have said; undefined where nobody knows. */
  readonly contentType: string | undefined;
  readonly isTypeGuessed: boolean;
  readonly size: Bytes;
  /** The bare JID; undefined where nobody knows. */
  readonly owner: string | undefined;
  readonly uploaded: Date;
  /**
   * Opens the file without following links.
   *
   * @throws when it is no regular file any more, or cannot be read.
   */
  open(): Promise<SourceContent>;
}

/** The bytes of a file that is open. Whoever opens it closes it. */
export interface SourceContent {
  /** Of the open file. */
  readonly size: Bytes;
  /** In pieces of at most 256 KiB, each of which belongs to the reader. */
  read(): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

/** An address that the former service knew and had no file for: it answered 410. */
export interface SourceGone {
  readonly kind: "gone";
  readonly address: SourceAddress;
  readonly place: string;
  /**
   * When its slot was issued. While the upload may still come (a day long) the address is not taken for gone: an import
   * beside the former service would refuse the file afterwards. undefined: long ago.
   */
  readonly issued?: Date | undefined;
}

/** Why something was not taken. */
export type SkipReason =
  | "unfinished"
  | "junk"
  | "metadata-without-file"
  | "file-without-metadata"
  | "not-a-regular-file"
  | "unreadable"
  | "malformed-metadata"
  | "not-reachable"
  | "too-young";

/** Something in the source's folder that is not a file to import. */
export interface SourceSkip {
  readonly kind: "skip";
  readonly place: string;
  readonly reason: SkipReason;
  /** In a few words; without secrets. A name of the source's is quoted with its control characters escaped. */
  readonly detail?: string;
}

export type SourceItem = SourceFile | SourceGone | SourceSkip;

/** What a source is told beside its folder. */
export interface SourceOptions {
  /** The folder of the former service; only read. */
  readonly folder: string;
  /** The bare JIDs of all accounts, one by one, for sources that know hashes of them; absent: none is known. */
  readonly accounts?: () => AsyncIterable<string>;
  /**
   * Where the metadata is, for sources that may keep it elsewhere: the path of an SQLite file (prosody,
   * hmac-file-server), or for prosody a postgres:// URL, which holds a password. Absent: where the service puts it by
   * default, if it is there.
   */
  readonly database?: string;
  /** prosody, and `prosodyData`: the component whose slots are read; absent: the only one that has some. */
  readonly component?: string;
  /**
   * Prosody's data folder, where its mod_http_file_share only gave out the slots of the files
   * (`http_file_share_base_url`), for the services that have their files at `SLOT/NAME`: it knows their owners and types.
   * `database` is Prosody's then, but for hmac-file-server.
   */
  readonly prosodyData?: string;
  /**
   * Seconds. What changed later than that may be an upload in progress, where the service writes its files in place;
   * it is skipped as "too-young". 60 when absent; 0 when the service is stopped.
   */
  readonly minAge?: number;
  /**
   * An existing folder for the temporary files that hold what memory does not: about 60 bytes for each file. The
   * system's own for temporary files when absent. Nothing stays in it.
   */
  readonly scratch?: string;
  readonly now: () => Date;
  readonly signal: AbortSignal;
}

/**
 * The port of a former service's files. The items come in any order, each file once, in a memory that does not grow
 * with the number of files. Whoever stops early leaves the loop (`return()`), which closes what is open; the files that
 * it was given can be opened after that too.
 *
 * @throws {SourceError} when the folder is not one of such a service; the message says what was expected there.
 * @throws the signal's reason, at the next item after it was aborted.
 */
export type Source = (options: SourceOptions) => AsyncIterable<SourceItem>;

/** The sources by kind. */
export type Sources = Readonly<Record<FormerKindName, Source>>;

/** The folder cannot be read as one of this service. */
export class SourceError extends Error {
  readonly code = "bad-source";
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = "SourceError";
  }
}
