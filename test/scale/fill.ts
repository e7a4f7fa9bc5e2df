import { createHash } from "node:crypto";
import type { Database, Value } from "../../src/ledger/database/database.ts";
import type { FileState, Ledger } from "../../src/ledger/ledger.ts";
import { insertAccounts, insertFiles, stateNumbers, tokenKey } from "../../src/ledger/rows.ts";

/** Files of one domain, purpose and state, as years leave them behind. */
export interface Layer {
  readonly domain: string;
  readonly purpose: string;
  readonly state: FileState;
  readonly files: number;
  /** How many users have them, in turn. */
  readonly users: number;
  readonly size: number;
  /** When the first of them is due; each following one a millisecond later. undefined: never. */
  readonly dueAt: number | undefined;
}

/** The token of the n-th file: the same in every ledger and store. */
export function tokenOf(n: number): string {
  return createHash("sha256").update(`file ${n}`).digest("hex");
}

export const userOf = ({ domain }: Pick<Layer, "domain">, i: number) => `user-${i}@${domain}`;

/** Rows in one transaction. */
const together = 5_000;

/**
 * Writes files into an empty ledger as quickly as its database takes them, and then has it work out the sums. The files
 * of all layers are numbered in order, from 0 on.
 */
export async function fill(database: Database, ledger: Ledger, layers: readonly Layer[]): Promise<void> {
  let number = 0;
  await addTotals(database, new Set(layers.map(({ purpose }) => purpose)));
  for (const layer of layers) {
    const { account, part } = await addAccounts(database, layer);
    for (let from = 0; from < layer.files; from += together) {
      const count = Math.min(together, layer.files - from);
      const rows = Array.from({ length: count }, (_, i) => {
        const n = from + i;
        return rowOf(layer, tokenOf(number + n), account(n % layer.users), part, n);
      });
      await database.write((session) => session.bulk(insertFiles, rows));
    }
    number += layer.files;
  }
  await ledger.repair();
}

function rowOf(layer: Layer, token: string, account: number, part: number, n: number): Value[] {
  const { state, size, dueAt } = layer;
  const now = Date.now();
  const due = dueAt === undefined ? null : dueAt + n;
  return [
    ...[tokenKey(token), token, account, part, "photo.jpg", size, stateNumbers[state], now - 86_400_000 + n],
    ...[due, null, state === "complete" ? now : null, state === "complete" ? due : null],
  ];
}

const nothing = [0, 0, 0, 0, 0, 0, 0];

/** The accounts of the whole. */
async function addTotals(database: Database, purposes: ReadonlySet<string>): Promise<void> {
  await database.write((session) =>
    session.bulk(
      insertAccounts,
      [...purposes].map((purpose) => ["", "", purpose, ...nothing]),
    ),
  );
}

async function addAccounts(database: Database, layer: Layer) {
  const { domain, purpose, users } = layer;
  const wanted = ["", ...Array.from({ length: users }, (_, i) => userOf(layer, i))].map((jid) => [
    domain,
    jid,
  ]);
  const ids = new Map<string, number>();
  const read = async (): Promise<void> => {
    for (let from = 0; from < wanted.length; from += together) {
      const names = wanted.slice(from, from + together);
      const rows = await database.query(
        `SELECT a.id, a.jid FROM slotd_accounts a WHERE a.domain = $1 AND a.purpose = $2 AND a.jid >= $3 ORDER BY a.jid`,
        [domain, purpose, ""],
      );
      for (const { id, jid } of rows) ids.set(String(jid), Number(id));
      if (rows.length >= names.length) return;
    }
  };
  await read();
  const missing = wanted.filter(([, jid = ""]) => !ids.has(jid));
  for (let from = 0; from < missing.length; from += together) {
    const rows = missing
      .slice(from, from + together)
      .map(([, jid = ""]) => [domain, jid, purpose, ...nothing]);
    const added = await database.write((session) => session.bulk(insertAccounts, rows));
    for (const { id, jid } of added) ids.set(String(jid), Number(id));
  }
  const account = (i: number) => ids.get(userOf(layer, i)) ?? 0;
  return { account, part: ids.get("") ?? 0 };
}
