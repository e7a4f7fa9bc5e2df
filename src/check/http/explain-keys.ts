import { SigningKeysError } from "../../store/keys/signing-keys.ts";
import { type Finding, wrong } from "../finding.ts";

/** What is wrong with the signing keys of the slotd that runs; undefined: the error is not about them. */
export function explainKeys(error: unknown): Finding | undefined {
  if (error instanceof SigningKeysError)
    return wrong(error.message, "slotd does not start until this is corrected.");
  const isDenied =
    error instanceof Error &&
    "path" in error &&
    "code" in error &&
    /^(EACCES|EPERM)$/.test(String(error.code));
  if (!isDenied) return undefined;
  return wrong(
    `This user may not read the signing keys, so the check cannot upload to the running slotd: ${error.message}.`,
    "Run the check as root, or as the user that runs slotd.",
  );
}
