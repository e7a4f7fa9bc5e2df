import { SigningKeysError } from "../../store/keys/signing-keys.ts";
import { type Finding, wrong } from "../finding.ts";

/** What is wrong with the signing keys of the slotd that runs; undefined: the error is not about them. */
export function explainKeys(error: unknown): Finding | undefined {
  if (error instanceof SigningKeysError) return wrong(error.message, "Until then slotd does not start.");
  const isDenied =
    error instanceof Error &&
    "path" in error &&
    "code" in error &&
    /^(EACCES|EPERM)$/.test(String(error.code));
  if (!isDenied) return undefined;
  return wrong(
    `This user may not read the signing keys, so nothing can be uploaded to the slotd that runs: ${error.message}.`,
    "Run the check as root, or as the user that slotd runs as.",
  );
}
