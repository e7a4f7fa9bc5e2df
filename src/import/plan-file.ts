import { bareJid, parseJid } from "../slot/jid.ts";
import type { Bytes, Seconds } from "../slot/slot.ts";
import { filenameProblem, isMediaType, MAX_FILENAME_BYTES } from "../slot/slot-request.ts";
import type { SourceFile } from "../sources/source.ts";
import { type Addressing, tokenOf, urlsOf } from "./addressing.ts";
import type { LeftReason, Note } from "./outcomes.ts";

/** What decides about the files of an import. */
export interface PlanSettings {
  readonly addressing: Addressing;
  /** The served domain that the files belong to. */
  readonly domain: string;
  /**
   * "former": how long the former service kept a file, from its upload. "own": how long slotd does, from now.
   * undefined: for ever.
   */
  readonly keptFor: { readonly by: "former" | "own"; readonly seconds: Seconds } | undefined;
  /** The most bytes of a file; undefined: no limit. */
  readonly maxFileSize: Bytes | undefined;
}

/** A file that is to be taken, and as what. */
export interface PlannedFile {
  readonly file: SourceFile;
  readonly token: string;
  /** The URLs that clients hold. */
  readonly urls: readonly string[];
  readonly filename: string;
  readonly contentType: string;
  /** A bare JID, or the domain where the owner is not known. */
  readonly jid: string;
  /** A whole second. */
  readonly uploaded: Date;
  readonly expiry: Date | undefined;
  readonly notes: readonly Note[];
}

/** A file that is not to be taken. */
export interface LeftFile {
  readonly left: LeftReason;
  readonly detail: string;
}

/** The name of a file of which only the URLs say one. */
const unnamed = "file";

/** Decides what becomes of a source's file, by what is known before it is opened. */
export function planFile(file: SourceFile, settings: PlanSettings, now: Date): PlannedFile | LeftFile {
  const { addressing, domain } = settings;
  const token = tokenOf(file.address, addressing);
  if (token === undefined) return { left: "not-reachable", detail: "no URL leads to it" };
  const over = sizeProblem(file.size, settings.maxFileSize);
  if (over !== undefined) return over;
  const uploaded = wholeSecond(file.uploaded, now);
  const expiry = expiryOf(settings.keptFor, uploaded, now);
  if (expiry !== undefined && expiry <= now) {
    return { left: "expired", detail: `expired at ${expiry.toISOString().replace(".000Z", "Z")}` };
  }
  const urls = urlsOf(file.address, addressing);
  const named = fittingName(file.filename);
  const isTypeKnown = file.contentType !== undefined && isMediaType(file.contentType);
  const contentType = isTypeKnown && file.contentType !== undefined ? file.contentType : octets;
  const jid = ownerOf(file.owner);
  const notes: readonly (Note | false)[] = [
    jid === undefined && "owner-unknown",
    !isTypeKnown && "type-unknown",
    isTypeKnown && file.isTypeGuessed && "type-guessed",
    file.isNameAltered && "name-altered",
    named !== file.filename && "name-changed",
    file.filename === undefined && "name-unknown",
    urls.length === 0 && "url-unknown",
  ];
  return {
    ...{ file, token, urls, contentType, uploaded, expiry },
    filename: named ?? unnamed,
    jid: jid ?? domain,
    notes: notes.filter((note) => note !== false),
  };
}

const octets = "application/octet-stream";

/** Why a file of this size is not taken. */
export function sizeProblem(size: Bytes, most: Bytes | undefined): LeftFile | undefined {
  if (most === undefined || size <= most) return undefined;
  return { left: "too-large", detail: `${size} bytes; at most ${most} are taken` };
}

/** What a copy has for the time of its upload may be of a clock that was wrong: never later than now. */
function wholeSecond(time: Date, now: Date): Date {
  const milliseconds = Number.isFinite(time.getTime()) ? time.getTime() : now.getTime();
  const between = Math.min(Math.max(milliseconds, 0), now.getTime());
  return new Date(Math.floor(between / 1000) * 1000);
}

function expiryOf(keptFor: PlanSettings["keptFor"], uploaded: Date, now: Date): Date | undefined {
  if (keptFor === undefined) return undefined;
  const from = keptFor.by === "former" ? uploaded : now;
  return new Date(Math.floor(from.getTime() / 1000 + keptFor.seconds) * 1000);
}

function ownerOf(owner: string | undefined): string | undefined {
  const jid = owner === undefined ? undefined : parseJid(owner);
  return jid === undefined ? undefined : bareJid(jid);
}

/**
 * A name within slotd's limits: what cannot stand in one becomes "_", and one that is too long loses its end before
 * its extension.
 */
function fittingName(name: string | undefined): string | undefined {
  if (name === undefined || filenameProblem(name) === undefined) return name;
  const clean = name.toWellFormed().replace(/[/\\\p{Cc}]/gu, "_");
  const extension = /\.[^.]{1,20}$/.exec(clean)?.[0] ?? "";
  const stem = [...clean.slice(0, clean.length - extension.length)];
  const fits = (length: number) =>
    Buffer.byteLength(stem.slice(0, length).join("") + extension) <= MAX_FILENAME_BYTES;
  let length = Math.min(stem.length, MAX_FILENAME_BYTES);
  while (length > 0 && !fits(length)) length -= 1;
  const fitting = stem.slice(0, length).join("") + extension;
  return filenameProblem(fitting) === undefined ? fitting : unnamed;
}
