import type { Bytes } from "../slot/slot.ts";

/** The name of a purpose (XEP-0363 1.2); the ledger only tells them apart. */
export type PurposeName = string;

/** How much may be held; undefined: no limit. */
export interface Allowance {
  readonly bytes: Bytes | undefined;
  readonly files: number | undefined;
}

/** What is held: files, and the sum of their sizes. */
export interface Holding {
  readonly bytes: Bytes;
  readonly files: number;
}

/** How fast slots are given to one name. */
export interface Rate {
  /** Above 0; fractions are fine. */
  readonly slotsPerMinute: number;
  /** How many at once after a pause; at least 1. */
  readonly burst: number;
}

/** What is in force for one reservation. Limits are handed in, so that a reload changes them without the ledger. */
export interface Limits {
  /** One user's files of this purpose, of this served domain. */
  readonly purpose: Allowance;
  /** One user's files of this served domain. */
  readonly user: Allowance;
  /**
   * What one user reserves between 00:00 and 24:00 UTC. A deleted file still counts on its day; a reservation that
   * was released does not. A day later than today, of a clock that was wrong, binds nobody.
   */
  readonly userDaily: Allowance;
  /** All files of this served domain. */
  readonly domain: Allowance;
  /** All files in the ledger. */
  readonly total: Allowance;
  /**
   * "delete-oldest": where `purpose`, `user`, `domain` or `total` is full, the oldest complete files of it are evicted,
   * but only those of a purpose in `mayDelete`, or of the file's own purpose; and only when the upload that they make
   * room for is complete, so that nothing is lost to a slot that is not used. Complete files never exceed such a limit,
   * and neither do reservations, which come on top. Every domain of a `total` must say the same.
   */
  readonly whenFull: "refuse" | "delete-oldest";
  readonly mayDelete: readonly PurposeName[];
  /**
   * Each name that is charged one slot, with its rate: the bare JID, and the remote domain where there is one. Whatever
   * clock or rate was in force before, by this rate nobody waits longer than for an empty bucket.
   */
  readonly rates: readonly { readonly name: string; readonly rate: Rate }[];
}

const unlimited: Allowance = { bytes: undefined, files: undefined };

/** What is in force where the ledger only writes down what is, whatever the quotas. */
export const noLimits: Limits = {
  purpose: unlimited,
  user: unlimited,
  userDaily: unlimited,
  domain: unlimited,
  total: unlimited,
  whenFull: "refuse",
  mayDelete: [],
  rates: [],
};

/** A slot that is about to be given. */
export interface Reservation {
  /** New for each slot; the object's token. */
  readonly token: string;
  /** The served domain. */
  readonly domain: string;
  /** The requester's bare JID. */
  readonly jid: string;
  readonly purpose: PurposeName;
  readonly filename: string;
  readonly size: Bytes;
  /** When the PUT URL ends to be valid. */
  readonly putUntil: Date;
  /** When the file ends to be available; undefined: never. */
  readonly expires: Date | undefined;
}

/** Which limit a reservation would be over. */
export type LimitName = "purpose" | "user" | "userDaily" | "domain" | "total" | "rate";

/** A reservation that was refused. Nothing was reserved; files whose time has come may have given way all the same. */
export interface OverLimit {
  readonly over: LimitName;
  /** "slots" for a rate. */
  readonly unit: "bytes" | "files" | "slots";
  /** What is used, allowed and asked for, in `unit`; of a rate: 0, the burst, and 1. */
  readonly used: number;
  readonly allowed: number;
  readonly asked: number;
  /**
   * The earliest time, a whole second, at which the same reservation can succeed, all limits taken together, if
   * nobody else reserves. undefined: waiting cannot help.
   */
  readonly retryAt: Date | undefined;
}

/** A reservation that was made. */
export interface Reserved {
  /** The expired files that were in the way: no longer counted, not to be served, to be removed. */
  readonly evicted: readonly LedgerFile[];
}

/**
 * Where a file stands: reserved (the slot was given), complete (the bytes are there), abandoned (the bytes had not come
 * when the store was asked; not counted, asked about once more), pending-deletion (not counted and not served; to be
 * removed from the store).
 */
export type FileState = "reserved" | "complete" | "abandoned" | "pending-deletion";

/** One file in the ledger. */
export interface LedgerFile {
  readonly token: string;
  readonly domain: string;
  readonly jid: string;
  readonly purpose: PurposeName;
  readonly filename: string;
  readonly size: Bytes;
  readonly state: FileState;
  readonly reserved: Date;
  /**
   * When the store is to be asked about a file: whether a reserved or abandoned one is there, and once more how large a
   * complete one is, where its PUT URL is the store's own. On one that is pending deletion: when it is to be removed
   * (again), because its PUT URL, or an upload that has begun, may have brought it by then; undefined is at once.
   */
  readonly askAt: Date | undefined;
  readonly completed: Date | undefined;
  readonly expires: Date | undefined;
}

/**
 * What `complete` came to. "complete": it is now, or was already. "over": it was abandoned, and its place was taken
 * since; its deletion is pending now. "pending-deletion": it was before. "unknown": the ledger does not know it.
 */
export type Completion = "complete" | "over" | "pending-deletion" | "unknown";

/** What else there is to a file that is complete. */
export interface CompleteOptions {
  /**
   * Is handed the files that were evicted: no longer counted, not to be served, to be removed. When there are many,
   * more than once, each time after they were written down.
   */
  readonly evicted?: (files: readonly LedgerFile[]) => void;
  /**
   * When the store is to be asked once more, for an upload that may replace the file until then; not at all if absent.
   */
  readonly askAgain?: Date | undefined;
}

/** One account of usage. */
export interface Usage extends Holding {
  readonly domain: string;
  readonly jid: string;
  readonly purpose: PurposeName;
  /** Reserved today, UTC. */
  readonly today: Holding;
}

/** Which accounts; what is absent is not asked for. */
export interface Selection {
  readonly jid?: string;
  readonly domain?: string;
  readonly purpose?: PurposeName;
}

/** Whose files. */
export interface UserSelection extends Selection {
  readonly jid: string;
}

/** A part of a listing that goes on. */
export interface Page {
  /** 1 to 10,000. */
  readonly limit: number;
  /** The last token of the page before. */
  readonly after?: string;
}

/** The same for a listing whose next page is told with each. */
export interface UserPage {
  /** 1 to 10,000. */
  readonly limit: number;
  /** `next` of the page before. */
  readonly cursor?: string;
}

/** A page of a user's files. */
export interface FilePage {
  readonly files: readonly LedgerFile[];
  /** undefined: it was the last one. */
  readonly next: string | undefined;
}

/** Where sums and files do not agree: never, unless someone else has written to the database. */
export interface Disagreement {
  /** `domain jid purpose`, `domain purpose`, or `total purpose`. */
  readonly account: string;
  readonly counted: Sums;
  readonly listed: Sums;
}

/** What is held, and the part of it that is reserved and not yet complete. */
export interface Sums extends Holding {
  readonly reserved: Holding;
}

/** What a domain holds of one purpose. */
export interface PartSums extends Sums {
  readonly domain: string;
  readonly purpose: PurposeName;
}

/** What is held, by which the quotas of a domain and of the whole are judged. */
export interface LedgerSums {
  /** Of the domains that were asked for, each purpose of which there has been a file. */
  readonly parts: readonly PartSums[];
  /** Of all domains in the ledger, also those that were not asked for. */
  readonly total: Holding;
}

/** How many rows were removed. */
export interface Pruned {
  readonly rates: number;
  readonly accounts: number;
}

/**
 * Who holds how much: the port. Behind it is SQLite (one process) or PostgreSQL (several slotd share it);
 * test/contract/ledger.ts is what both promise.
 *
 * Every change is atomic and durable when its promise resolves, and may be asked for again: what was done is not
 * done twice. At every moment the sums that quotas are judged by equal the sums of the files that are reserved or
 * complete. Changes that arrive together share one commit.
 *
 * Every method may throw a `LedgerAwayError` when the database cannot be reached in time; whether the change was
 * made is then not known, and asking again is right. The ledger reconnects by itself.
 */
export interface Ledger {
  /** Reserves all of a slot's size, or nothing. Reserving the same token again changes nothing and succeeds. */
  reserve(reservation: Reservation, limits: Limits): Promise<Reserved | OverLimit>;

  /**
   * The bytes are there, and they are `size`.
   *
   * @param size what the store has; a difference from what was reserved is put right.
   * @param limits by them older files are evicted; and a file that was abandoned takes its place again if there is
   * room.
   */
  complete(
    token: string,
    size: Bytes,
    limits: (file: LedgerFile) => Limits,
    also?: CompleteOptions,
  ): Promise<Completion>;

  /**
   * The store was asked once more about a complete file, and is not to be asked again.
   *
   * @param size what the store has: a difference is put right. undefined: it has nothing any more; its size stays.
   */
  confirm(token: string, size: Bytes | undefined): Promise<void>;

  /**
   * Takes back a reservation whose slot was not given, with its size and its share of the day. Gives
   * false, and changes nothing, when it is not reserved (any more).
   */
  release(token: string): Promise<boolean>;

  /**
   * The store had no bytes for it after its PUT URL had expired. A reserved file is abandoned: it is no longer counted,
   * and the store is asked once more at `askAgain`; without that, and the second time, it is forgotten.
   */
  abandon(token: string, askAgain?: Date): Promise<void>;

  /**
   * Puts off the question to the store: an upload is, or may be, under way. Of a file pending deletion it puts off the
   * next removal, and the file stays until somebody forgets it. A complete file that is not to be asked about stays as
   * it is.
   */
  postpone(token: string, askAt: Date): Promise<void>;

  /**
   * The files that are not pending deletion and whose `askAt` has come, reserved ones first, of each domain and purpose
   * the longest waiting first; and, by and by, reserved ones whose times are of a clock that was ahead.
   */
  toAsk(domains: readonly string[], limit: number): Promise<readonly LedgerFile[]>;

  /**
   * Marks for deletion up to `limit` complete files whose time has come, of each domain and purpose the oldest expiry
   * first; gives how many.
   */
  expire(domains: readonly string[], limit: number): Promise<number>;

  /** How many bytes and files `expire` would mark for deletion if it had no limit: for a dry run. */
  expired(domains: readonly string[]): Promise<Holding>;

  /**
   * Up to `limit` files pending deletion that are to be removed by now, of each domain and purpose the longest waiting
   * first. Each is given until it is forgotten or put off.
   */
  pendingDeletion(domains: readonly string[], limit: number): Promise<readonly LedgerFile[]>;

  /**
   * Marks files for deletion whatever their state: they are no longer counted, and the sweep removes them; those whose
   * PUT URL can still be used, when that is over. Gives those that were not pending deletion before.
   */
  markForDeletion(tokens: readonly string[]): Promise<readonly LedgerFile[]>;

  /** Forgets files that are no longer in the store, whatever their state. */
  forget(tokens: readonly string[]): Promise<void>;

  /**
   * Enters a file that the store has and the ledger does not know, complete, whatever the limits.
   * Gives false when the ledger knows its token.
   */
  adopt(
    file: Omit<LedgerFile, "state" | "askAt" | "reserved" | "completed"> & { readonly completed: Date },
  ): Promise<boolean>;

  /** The file of this token, in whatever state. */
  find(token: string): Promise<LedgerFile | undefined>;

  /** Every file in the order of their tokens, in whatever state. */
  files(page: Page): Promise<readonly LedgerFile[]>;

  /**
   * The files of a user, in whatever state, in no particular order: each once, but for those that come or are marked
   * for deletion while pages are read. Files of a page may be forgotten before the next one is asked for.
   */
  filesOf(user: UserSelection, page: UserPage): Promise<FilePage>;

  /** The identity of the store in which each of these domains has its files; without those that are not known. */
  storeIds(domains: readonly string[]): Promise<ReadonlyMap<string, string>>;

  /** Writes down that the files of these domains are in the store with this identity. */
  setStoreId(domains: readonly string[], id: string): Promise<void>;

  /**
   * Some of a domain's complete files, of as many users as possible. Empty only when the domain has no complete file.
   *
   * @param limit 1 to 1,000.
   */
  sample(domain: string, limit: number): Promise<readonly LedgerFile[]>;

  /** The accounts of a selection, by domain, JID and purpose; empty ones are left out. */
  usage(selection: Selection): Promise<readonly Usage[]>;

  /** Reads one row for each domain and purpose, however many users and files there are. */
  sums(domains: readonly string[]): Promise<LedgerSums>;

  /**
   * Compares every sum with its files, as they are at one moment; nobody waits for it. Empty when all is well.
   */
  audit(): Promise<readonly Disagreement[]>;

  /** The same, and puts right what it gives, in short transactions. */
  repair(): Promise<readonly Disagreement[]>;

  /**
   * Removes rows that say nothing any more, of 1,000 of each table in one call and of the next ones in the next: rates
   * whose bucket has been full for an hour, and accounts that hold nothing and were not used for ten days.
   */
  prune(): Promise<Pruned>;

  /**
   * Whether the file of an address token was deleted, in the generation of a secret or a later one.
   *
   * @param generation as `secretGeneration` gives it; 0, and absent, is any.
   */
  isSpent(token: string, generation?: number): Promise<boolean>;

  /** Remembers for good that the files of these address tokens were deleted, by 104 bits of a hash of each. */
  addSpent(tokens: readonly string[]): Promise<void>;

  /**
   * The generation of a receiver's secret: of one that is new in an address space that has had another one, a new
   * generation.
   *
   * @param mark tells secrets apart, and does not give them away.
   */
  secretGeneration(space: string, mark: string): Promise<number>;

  /** Whether the database answers, and takes changes. */
  isReachable(): Promise<boolean>;

  /** Finishes the changes under way and closes. Nothing may be asked for after that. */
  close(): Promise<void>;
}
