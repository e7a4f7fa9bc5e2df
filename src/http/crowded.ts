import type { Answer } from "./answers.ts";

/** The answers to a transfer for which there is no place, by what `TransferSlots` says. */
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
