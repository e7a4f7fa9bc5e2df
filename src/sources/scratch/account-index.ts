import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { bareJid, parseJid } from "../../slot/jid.ts";
import type { SourceOptions } from "../source.ts";
import { breaths } from "../tree/breath.ts";
import { openScratchDatabase, type ScratchDatabase } from "./scratch-database.ts";

/** Whose folders ejabberd's are. */
export interface Owners {
  /**
   * The owner of a file by the first of the three segments that ejabberd's paths end with: the SHA-1 of the bare JID.
   *
   * @param nodes whether the segment may also be a user's name without its host (`jid_in_url: node`). That is the owner
   *   only where it fits exactly one account.
   */
  ownerOf(segments: readonly string[], nodes: boolean): string | undefined;
  close(): void;
}

const sha1 = /^[0-9a-f]{40}$/;

/**
 * Reads the list of accounts into an index on disk: about 250 bytes there for each account, and 8 MiB of memory for
 * all.
 *
 * Source: ejabberd's mod_http_upload, make_user_string.
 */
export async function indexAccounts({ accounts, scratch, signal }: SourceOptions): Promise<Owners> {
  if (accounts === undefined) return { ownerOf: () => undefined, close: () => undefined };
  const database = openScratchDatabase(
    scratch ?? tmpdir(),
    `CREATE TABLE hashes (hash BLOB PRIMARY KEY, jid TEXT) WITHOUT ROWID;
     CREATE TABLE nodes (node TEXT, jid TEXT, PRIMARY KEY (node, jid)) WITHOUT ROWID`,
  );
  try {
    await fill(database, accounts(), breaths(signal));
    return ownersIn(database);
  } catch (error) {
    database.close();
    throw error;
  }
}

async function fill(
  database: ScratchDatabase,
  accounts: AsyncIterable<string>,
  breathe: ReturnType<typeof breaths>,
): Promise<void> {
  const addHash = database.prepare("INSERT OR IGNORE INTO hashes VALUES (?, ?)");
  const addNode = database.prepare("INSERT OR IGNORE INTO nodes VALUES (?, ?)");
  for await (const account of accounts) {
    const pause = breathe();
    if (pause !== undefined) await pause;
    const parsed = parseJid(account);
    if (parsed?.local === undefined) continue;
    const jid = bareJid(parsed);
    // Its server may have prepared it otherwise than slotd does.
    for (const spelling of new Set([account, jid])) addHash.run(hashOf(spelling), jid);
    addNode.run(nodeOf(parsed.local), jid);
  }
}

function ownersIn(database: ScratchDatabase): Owners {
  const byHash = database.prepare("SELECT jid FROM hashes WHERE hash = ?");
  const byNode = database.prepare("SELECT jid FROM nodes WHERE node = ? LIMIT 2");
  const find = (segment: string, nodes: boolean): string | undefined => {
    const hashed = sha1.test(segment) ? jidOf(byHash.get(Buffer.from(segment, "hex"))) : undefined;
    if (hashed !== undefined || !nodes) return hashed;
    const [only, another] = byNode.all(segment);
    return another === undefined ? jidOf(only) : undefined;
  };
  // The files of one folder come one behind the other.
  let last:
    | { readonly segment: string; readonly nodes: boolean; readonly owner: string | undefined }
    | undefined;
  return {
    ownerOf(segments, nodes) {
      const segment = segments.at(-3);
      if (segment === undefined) return undefined;
      if (last?.segment !== segment || last.nodes !== nodes) {
        last = { segment, nodes, owner: find(segment, nodes) };
      }
      return last.owner;
    },
    close: () => database.close(),
  };
}

function jidOf(row: Readonly<Record<string, unknown>> | undefined): string | undefined {
  return typeof row?.jid === "string" ? row.jid : undefined;
}

function hashOf(jid: string): Buffer {
  return createHash("sha1").update(jid, "utf8").digest();
}

/** Source: ejabberd's mod_http_upload, replace_special_chars. */
function nodeOf(local: string): string {
  return local.replace(/[^\p{L}\p{N}_.-]/gu, "_");
}
