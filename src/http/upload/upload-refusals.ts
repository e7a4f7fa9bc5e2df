import type { Refusal } from "../../slot/refusal.ts";

/** For an upload whose length is not known first. */
export const lengthRequired: Refusal = {
  kind: "length-required",
  text: "The length of the file must be known first; send it with Content-Length and not in chunks.",
};
