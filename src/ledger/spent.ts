import { createHash } from "node:crypto";
import type { BulkStatement, Database, Session, Value } from "./database/database.ts";
import type { GroupCommit } from "./group-commit.ts";

/** So many are written in one transaction: some milliseconds. */
const batchSize = 500;

const insertSpent: BulkStatement = {
  input: { high: "bigint", low: "bigint", generation: "bigint" },
  sql: `INSERT INTO slotd_spent (high, low, generation) SELECT high, low, generation FROM input WHERE true
          ON CONFLICT (high, low) DO UPDATE SET generation = excluded.generation
            WHERE excluded.generation > slotd_spent.generation`,
};

/**
 * The addresses whose files were deleted, in the tables of `spentTables`: what `SpentAddresses` promises
 * (store/spent-addresses.ts). One look-up reads one row by its key.
 */
export class SpentRows {
  readonly #database: Database;
  readonly #changes: Pick<GroupCommit, "alone">;

  constructor(database: Database, changes: Pick<GroupCommit, "alone">) {
    this.#database = database;
    this.#changes = changes;
  }

  async has(token: string, generation = 0): Promise<boolean> {
    const rows = await this.#database.query(
      "SELECT generation FROM slotd_spent WHERE high = $1 AND low = $2 AND generation >= $3",
      [...keyOf(token), generation],
    );
    return rows.length > 0;
  }

  async add(tokens: readonly string[]): Promise<void> {
    for (let at = 0; at < tokens.length; at += batchSize) {
      // In the order of the key, so that two slotd that write the same rows wait for each other and not in a circle.
      const keys = tokens.slice(at, at + batchSize).map(keyOf);
      const rows = new Map(keys.map((key) => [key.join(" "), key]));
      const ordered = [...rows.values()].sort(([a, b], [c, d]) => a - c || b - d);
      await this.#changes.alone(async (session) => {
        const generation = await newest(session);
        await session.bulk(
          insertSpent,
          ordered.map((key) => [...key, generation ?? 0]),
        );
      });
    }
  }

  /** The generation of a secret, by a mark of it; of one that is new in its space, a new one. */
  async generationOf(space: string, mark: string): Promise<number> {
    const known = await generationIn(this.#database, space, mark);
    if (known !== undefined) return known;
    return this.#changes.alone(async (session) => {
      const meanwhile = await generationIn(session, space, mark);
      if (meanwhile !== undefined) return meanwhile;
      const before = await session.query("SELECT 1 AS one FROM slotd_secrets WHERE space = $1 LIMIT 1", [
        space,
      ]);
      // The first secret of a space makes nothing free: what was imported, and deleted, before stays spent.
      const generation = before.length === 0 ? 0 : ((await newest(session)) ?? 0) + 1;
      await session.query("INSERT INTO slotd_secrets (space, mark, generation) VALUES ($1, $2, $3)", [
        ...[space, mark],
        generation,
      ]);
      return generation;
    });
  }
}

type Key = readonly [high: number, low: number];

/** 104 bits of the hash of an address token, which is a hash itself: whoever reads the row has no address of it. */
function keyOf(token: string): Key {
  const hash = createHash("sha256").update(token).digest("hex");
  return [Number.parseInt(hash.slice(0, 13), 16), Number.parseInt(hash.slice(13, 26), 16)];
}

async function newest(session: Pick<Session, "query">): Promise<number | undefined> {
  const [row] = await session.query("SELECT MAX(generation) AS newest FROM slotd_secrets");
  return numberIn(row?.newest);
}

async function generationIn(
  session: Pick<Session, "query">,
  space: string,
  mark: string,
): Promise<number | undefined> {
  const [row] = await session.query("SELECT generation FROM slotd_secrets WHERE space = $1 AND mark = $2", [
    space,
    mark,
  ]);
  return numberIn(row?.generation);
}

function numberIn(value: Value | undefined): number | undefined {
  return value === undefined || value === null ? undefined : Number(value);
}
