import { createReadStream } from "node:fs";
import { parseJid } from "../slot/jid.ts";
import { SourceError } from "./source.ts";

/** A JID of three parts of 1,023 bytes; a longer line is none. */
const longestLine = 4_096;

const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Reads a list of accounts, one on each line: bare JIDs, or where a host is given also names without a host, as
 * `ejabberdctl registered_users HOST` prints them. Empty lines, and lines that begin with "#", count for nothing.
 *
 * Gives each as it is written: ejabberd hashes what it prints. Memory: 64 KiB, whatever the number.
 *
 * @param host of the names without one.
 * @throws {SourceError} when the file cannot be read, or with the number of the first line that is none of these.
 */
export async function* readAccounts(path: string, host?: string): AsyncGenerator<string> {
  let number = 0;
  for await (const line of lines(path)) {
    number += 1;
    const text = line?.trim();
    if (text === "" || text?.startsWith("#")) continue;
    const jid = text === undefined || text.includes("@") || host === undefined ? text : `${text}@${host}`;
    const parsed = jid === undefined ? undefined : parseJid(jid);
    if (jid === undefined || parsed?.local === undefined || parsed.resource !== undefined) {
      const expected = host === undefined ? "a JID such as user@example.org" : "a name, or a JID";
      throw new SourceError(`Line ${number} of ${path} is no account; expected ${expected} on each line.`);
    }
    yield jid;
  }
}

/** Undefined for a line that is too long, or not UTF-8. */
async function* lines(path: string): AsyncGenerator<string | undefined> {
  let rest: Buffer = Buffer.alloc(0);
  try {
    for await (const chunk of createReadStream(path)) {
      const text: Buffer = Buffer.concat([rest, chunk]);
      let from = 0;
      for (let end = text.indexOf(0x0a); end >= 0; end = text.indexOf(0x0a, from)) {
        yield decode(text.subarray(from, end));
        from = end + 1;
      }
      rest = text.subarray(from);
      if (rest.length > longestLine) yield undefined;
    }
  } catch (error) {
    if (!(error instanceof Error && "syscall" in error)) throw error;
    throw new SourceError(`The list of accounts in ${path} cannot be read: ${error.message}.`, error);
  }
  if (rest.length > 0) yield decode(rest);
}

function decode(line: Buffer): string | undefined {
  if (line.length > longestLine) return undefined;
  try {
    return utf8.decode(line);
  } catch {
    return undefined;
  }
}
