import type { Answer } from "./answers.ts";

/** The answers to what there is no place for, by what `TransferSlots` or `BoundedLookup` says. */
export type CrowdedAnswers = Readonly<Record<"busy" | "too-many", Answer>>;

const headers = { "Retry-After": "5" };

export const crowdedUploads: CrowdedAnswers = {
  busy: {
    status: 503,
    text: "Too many uploads are under way. Nothing was kept; try again in a moment.",
    headers,
    reason: "busy",
  },
  "too-many": {
    status: 429,
    text: "Too many uploads of yours are under way. Nothing was kept; try again when one of them is done.",
    headers,
    reason: "too-many-uploads",
  },
};

export const crowdedDownloads: CrowdedAnswers = {
  busy: {
    status: 503,
    text: "Too many downloads are under way. Try again in a moment.",
    headers,
    reason: "busy",
  },
  "too-many": {
    status: 429,
    text: "Too many downloads of yours are under way. Try again when one of them is done.",
    headers,
    reason: "too-many-downloads",
  },
};

/** Of addresses whose files are in a bucket, which has to be asked for each. */
export const crowdedLookups: CrowdedAnswers = {
  busy: {
    status: 503,
    text: "Too many files are being looked for. Try again in a moment.",
    headers,
    reason: "busy",
  },
  "too-many": {
    status: 429,
    text: "You have asked for too many files that are not here. Try again in a moment.",
    headers,
    reason: "too-many-lookups",
  },
};
