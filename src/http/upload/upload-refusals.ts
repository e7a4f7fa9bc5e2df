import type { Refusal } from "../../slot/refusal.ts";

/** For an upload whose length is not known first. */
export const lengthRequired: Refusal = {
  kind: "length-required",
  text: "The request has no Content-Length, or sends the file in chunks. Send the size of the file in Content-Length, without chunks.",
};
