import type { filesOf } from "../admin/all-files.ts";

/** A file as a ledger lists it. */
type ListedFile = ReturnType<typeof filesOf> extends AsyncIterable<infer File> ? File : never;

/** What `--json` shows of a file: the documented keys (json-keys.ts), and no number of the database's own. */
export function fileJson(file: ListedFile): object {
  const { token, domain, jid, purpose, filename, size, state, reserved, completed, expires, askAt } = file;
  return { token, domain, jid, purpose, filename, size, state, reserved, completed, expires, askAt };
}
