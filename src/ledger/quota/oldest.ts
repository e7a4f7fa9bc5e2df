import type { Value } from "../database/database.ts";
import type { LedgerFile } from "../ledger.ts";
import { readFile, selectFiles } from "../rows.ts";
import type { UnitOfWork } from "../unit-of-work.ts";

/** Complete files that an index has in their order: those of one user's account, or of one domain's. */
export interface Pools {
  readonly column: "account" | "part";
  /** The condition on the accounts `a` whose files they are, with its values from `$1` on. */
  readonly where: string;
  readonly values: readonly Value[];
}

/** How many files are read together. */
const pageSize = 50;

/**
 * The complete files of these accounts, the oldest slot first. Whoever takes one must evict it: it is not given again
 * in the same transaction. What became complete in that transaction is not among them.
 *
 * Costs a look at an index for each account, and one for each page; not more with more files.
 */
export async function* oldestOf(work: UnitOfWork, pools: Pools): AsyncGenerator<LedgerFile> {
  const heads = await readHeads(work, pools);
  for (;;) {
    const [first, second] = firstTwo(heads);
    if (first === undefined) return;
    const rows = await work.session.query(
      `${selectFiles.filesFirst} f.${pools.column} = $1 AND f.state = 1 AND f.id >= $2 AND f.id <= $3
        ORDER BY f.id LIMIT ${pageSize}`,
      [first.account, first.id, second?.id ?? Number.MAX_SAFE_INTEGER],
    );
    for (const row of rows.map(readFile)) {
      work.passed.set(passedKey(pools, first.account), row.id);
      for (const file of await work.enter([row])) if (file.state === "complete") yield file;
    }
    const next = rows.length < pageSize ? second?.id : Number(rows.at(-1)?.id);
    const head = next === undefined ? undefined : await readHead(work, pools, first.account, next);
    if (head === undefined) heads.splice(heads.indexOf(first), 1);
    else first.id = head;
  }
}

/** Where one account's files go on. */
interface Head {
  readonly account: number;
  /** No file that was not looked at yet has a smaller one. */
  id: number;
}

async function readHeads(work: UnitOfWork, pools: Pools): Promise<Head[]> {
  const { column, where, values } = pools;
  const rows = await work.session.query(
    `SELECT a.id AS account, (SELECT MIN(f.id) FROM slotd_files f WHERE f.state = 1 AND f.${column} = a.id) AS head
      FROM slotd_accounts a WHERE ${where}`,
    values,
  );
  return rows.flatMap(({ account, head }) => {
    if (head === null) return [];
    const passed = work.passed.get(passedKey(pools, Number(account))) ?? 0;
    return [{ account: Number(account), id: Math.max(Number(head), passed + 1) }];
  });
}

function passedKey({ column }: Pools, account: number): string {
  return `${column} ${account}`;
}

async function readHead(
  work: UnitOfWork,
  { column }: Pools,
  account: number,
  after: number,
): Promise<number | undefined> {
  const [row] = await work.session.query(
    `SELECT MIN(f.id) AS head FROM slotd_files f WHERE f.state = 1 AND f.${column} = $1 AND f.id > $2`,
    [account, after],
  );
  return row?.head === null || row === undefined ? undefined : Number(row.head);
}

function firstTwo(heads: readonly Head[]): [Head | undefined, Head | undefined] {
  let first: Head | undefined;
  let second: Head | undefined;
  for (const head of heads) {
    if (first === undefined || head.id < first.id) [first, second] = [head, first];
    else if (second === undefined || head.id < second.id) second = head;
  }
  return [first, second];
}
