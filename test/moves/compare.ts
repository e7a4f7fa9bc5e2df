import type { FormerKindName } from "../../src/address/former-kinds.ts";
import type { Question, Said } from "./ask.ts";

/** One question with what the former service said, and what slotd said after the move. */
export interface Comparison {
  /** Of the service that was moved. */
  readonly kind: FormerKindName;
  readonly question: Question;
  readonly before: Said;
  readonly after: Said;
  /** SHA-256 of what was uploaded; undefined: the slot was never used. */
  readonly uploaded: string | undefined;
}

/** A difference that a move may make, and why. */
interface KnownDifference {
  readonly why: string;
  applies(comparison: Comparison): boolean;
}

function isStatusPair({ before, after }: Comparison, from: number, to: number): boolean {
  return before.status === from && after.status === to;
}

function isOfOldModule({ question }: Comparison): boolean {
  return question.kind === "prosody-http-upload";
}

/** Whether prosodyctl has carried the file over to mod_http_file_share. */
function isMigrated(comparison: Comparison): boolean {
  return isOfOldModule(comparison) && comparison.kind === "prosody";
}

const byKnownSlot: readonly FormerKindName[] = ["prosody", "openfire"];

/** Differences of the status and the bytes: a comparison with another one is a broken link. */
const knownOfStatus: readonly KnownDifference[] = [
  {
    why: "slotd responds to ranges; the former service sends the whole file",
    applies: (each) => each.question.variant === "bytes=0-9" && isStatusPair(each, 200, 206),
  },
  {
    why: "Prosody's old module decodes the path twice, so it never serves a name with an encoding in it",
    applies: (each) => {
      const isServedNow = [200, 206].includes(each.after.status) && each.uploaded !== undefined;
      const isEncoding = /%[0-9A-Fa-f]{2}/.test(each.question.upload.filename);
      return isOfOldModule(each) && each.before.status === 404 && isEncoding && isServedNow;
    },
  },
  {
    why: "a preflight has no content: slotd responds with 204",
    applies: (each) => each.question.variant === "preflight" && isStatusPair(each, 200, 204),
  },
  {
    why: "a folder of Prosody's old module is no file; slotd responds with 404",
    applies: (each) => {
      const isFolder = each.question.variant.startsWith("without a name");
      return (
        isOfOldModule(each) &&
        each.after.status === 404 &&
        isFolder &&
        [301, 403].includes(each.before.status)
      );
    },
  },
  {
    why: "prosodyctl has carried the file over to mod_http_file_share, where any name leads to it",
    applies: (each) =>
      isMigrated(each) &&
      /^(?:another name|without a name)/.test(each.question.variant) &&
      [301, 403, 404].includes(each.before.status) &&
      each.after.status === 200,
  },
  {
    why: "slotd serves every slot under all bases of the service",
    applies: (each) =>
      each.kind === "prosody" && each.question.variant === "another base" && isStatusPair(each, 404, 200),
  },
  {
    why: "no client holds a URL with a doubled slash; only Prosody's slots are found in it",
    applies: (each) =>
      each.question.variant === "doubled slash" &&
      !byKnownSlot.includes(each.kind) &&
      isStatusPair(each, 200, 404),
  },
];

/** Differences of type and disposition, of files that both send. */
const knownOfHeaders: readonly KnownDifference[] = [
  {
    why: "prosodyctl's migration keeps no type: mod_http_file_share sends application/octet-stream",
    applies: (each) =>
      isMigrated(each) &&
      each.after.type === "application/octet-stream" &&
      each.after.disposition?.kind === "attachment",
  },
  {
    why: "the former service sends no Content-Disposition; slotd states the name, and shows media only",
    applies: ({ before, after }) =>
      before.disposition === undefined && after.disposition !== undefined && isSameType(before, after),
  },
  {
    why: "without a type, slotd sends application/octet-stream",
    applies: ({ before, after }) =>
      before.type === undefined &&
      after.type === "application/octet-stream" &&
      after.disposition?.kind === "attachment",
  },
  {
    why: "slotd has no backslash or control character in a name; the import has reported the change",
    applies: ({ before, after }) =>
      isSameType(before, after) &&
      before.disposition?.kind === after.disposition?.kind &&
      before.disposition?.filename !== fittingName(before.disposition?.filename) &&
      after.disposition?.filename === fittingName(before.disposition?.filename),
  },
  {
    why: "a picture in SVG may run scripts: slotd sends it as an attachment",
    applies: ({ before, after }) =>
      before.type?.startsWith("image/svg+xml") === true &&
      isSameType(before, after) &&
      after.disposition?.kind === "attachment",
  },
  {
    why: "slotd shows the types of media and plain text that are safe, and states the name",
    applies: ({ before, after }) =>
      isSameType(before, after) &&
      before.disposition?.filename === after.disposition?.filename &&
      before.disposition?.kind === "attachment" &&
      after.disposition?.kind === "inline" &&
      /^(?:image\/(?!svg)|audio\/|video\/|text\/plain)/i.test(after.type ?? ""),
  },
];

/** What slotd makes of a name that it would refuse in a slot request. */
function fittingName(name: string | undefined): string | undefined {
  return name?.replace(/[/\\\p{Cc}]/gu, "_");
}

function isSameType(before: Said, after: Said): boolean {
  return before.type === after.type;
}

/** Whether the former service's answer and slotd's are the same, or else why they may differ. */
export type Verdict =
  | { readonly kind: "same" }
  | { readonly kind: "known"; readonly why: readonly string[] }
  | { readonly kind: "broken"; readonly what: string };

/** Judges one comparison. Whatever slotd sends as a whole file has to be what was uploaded. */
export function judge(comparison: Comparison): Verdict {
  const { question, before, after, uploaded } = comparison;
  const isWhole = question.method === "GET" && after.status === 200;
  if (isWhole && after.sha256 !== uploaded) return { kind: "broken", what: "other bytes than uploaded" };
  const why: string[] = [];
  if (before.status !== after.status) {
    const known = knownOfStatus.find(({ applies }) => applies(comparison));
    if (known === undefined) return { kind: "broken", what: "another status" };
    why.push(known.why);
  }
  const areBothFiles = [before, after].every(({ status }) => status === 200 || status === 206);
  if (areBothFiles && question.method !== "OPTIONS" && !isSameDescription(before, after)) {
    const known = knownOfHeaders.find(({ applies }) => applies(comparison));
    if (known === undefined) return { kind: "broken", what: "another type or disposition" };
    why.push(known.why);
  }
  return why.length === 0 ? { kind: "same" } : { kind: "known", why };
}

function isSameDescription(before: Said, after: Said): boolean {
  const [one, other] = [before.disposition, after.disposition];
  return isSameType(before, after) && one?.kind === other?.kind && one?.filename === other?.filename;
}
