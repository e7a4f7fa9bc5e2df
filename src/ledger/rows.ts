import type { BulkStatement, Row, Value } from "./database/database.ts";
import type { FileState, LedgerFile } from "./ledger.ts";

/** How the states of a file are written in the database. */
export const stateNumbers = {
  reserved: 0,
  complete: 1,
  abandoned: 2,
  "pending-deletion": 3,
} as const satisfies Record<FileState, number>;

const stateNames = [
  "reserved",
  "complete",
  "abandoned",
  "pending-deletion",
] as const satisfies readonly FileState[];

const fileColumns = `f.id, f.token, f.filename, f.size, f.state, f.reserved_at, f.due_at, f.recheck_at, f.completed_at,
  f.expires_at, a.domain, a.jid, a.purpose`;

/*
 * `f` is a file, `a` its account; a condition follows. SQLite keeps the order of a CROSS JOIN: what is written first
 * is walked, by the index that the condition and the order ask for. PostgreSQL knows by itself.
 */
export const filesFirst = "FROM slotd_files f CROSS JOIN slotd_accounts a WHERE a.id = f.account AND";
export const accountsFirst = "FROM slotd_accounts a CROSS JOIN slotd_files f WHERE f.account = a.id AND";

/** What `readFile` reads. */
export const selectFiles = {
  filesFirst: `SELECT ${fileColumns} ${filesFirst}`,
  accountsFirst: `SELECT ${fileColumns} ${accountsFirst}`,
};

/** A file as the database has it. */
export interface FileRow extends LedgerFile {
  readonly id: number;
}

/** Reads what `selectFiles` gave. */
export function readFile(row: Row): FileRow {
  const state = stateNames[Number(row.state)] ?? "pending-deletion";
  const askAt = state === "complete" ? row.recheck_at : row.due_at;
  return {
    id: Number(row.id),
    token: String(row.token),
    domain: String(row.domain),
    jid: String(row.jid),
    purpose: String(row.purpose),
    filename: String(row.filename),
    size: Number(row.size),
    state,
    reserved: new Date(Number(row.reserved_at)),
    askAt: Number(askAt) > 0 ? dateOf(askAt) : undefined,
    completed: dateOf(row.completed_at),
    expires: dateOf(row.expires_at),
  };
}

/**
 * What a token begins with, as a number: 13 hex digits, 52 bits. Tokens are in the same order as these, and those with
 * the same number are ordered by themselves. -1, which comes before them all, for what is no token.
 */
export function tokenKey(token: string): number {
  return /^[0-9a-f]{13}/.test(token) ? Number.parseInt(token.slice(0, 13), 16) : -1;
}

/**
 * When something is next to be done about a file, in milliseconds since 1970: a complete one expires, the store is
 * asked about others; what is pending deletion and waits for nothing is due since ever. null: never.
 */
export function dueOf({ state, askAt, expires }: LedgerFile): Value {
  if (state === "complete") return timeOf(expires);
  return timeOf(askAt) ?? (state === "pending-deletion" ? 0 : null);
}

/** When the store is to be asked once more about a complete file. */
export function recheckOf({ state, askAt }: LedgerFile): Value {
  return state === "complete" ? timeOf(askAt) : null;
}

/** Milliseconds since 1970. */
export function timeOf(date: Date | undefined): Value {
  return date === undefined ? null : date.getTime();
}

function dateOf(value: Value | undefined): Date | undefined {
  return value === null || value === undefined ? undefined : new Date(Number(value));
}

/** An account as the database has it; a new one has no `id` yet. */
export interface AccountRow {
  readonly id: number | undefined;
  readonly domain: string;
  readonly jid: string;
  readonly purpose: string;
  readonly bytes: number;
  readonly files: number;
  /** The part of both that is reserved and not yet complete. */
  readonly reservedBytes: number;
  readonly reservedFiles: number;
  /** The day that the two below are of: a number of days since 1970, UTC. */
  readonly day: number;
  readonly dayBytes: number;
  readonly dayFiles: number;
}

/** Reads a row of slotd_accounts. */
export function readAccount(row: Row): AccountRow {
  return {
    id: Number(row.id),
    domain: String(row.domain),
    jid: String(row.jid),
    purpose: String(row.purpose),
    bytes: Number(row.bytes),
    files: Number(row.files),
    reservedBytes: Number(row.reserved_bytes),
    reservedFiles: Number(row.reserved_files),
    day: Number(row.day),
    dayBytes: Number(row.day_bytes),
    dayFiles: Number(row.day_files),
  };
}

const columns =
  "domain, jid, purpose, bytes, files, reserved_bytes, reserved_files, day, day_bytes, day_files";
const counts = {
  bytes: "bigint",
  files: "bigint",
  reserved_bytes: "bigint",
  reserved_files: "bigint",
  day: "bigint",
  day_bytes: "bigint",
  day_files: "bigint",
} as const;

/** Each token is looked up, also where ANALYZE was told by an empty index that to walk it is cheap. */
const byToken = `FROM input CROSS JOIN slotd_files f CROSS JOIN slotd_accounts a
  WHERE f.token_key = input.token_key AND f.token = input.token AND a.id = f.account AND`;

export const findFiles: BulkStatement = {
  input: { token_key: "bigint", token: "text" },
  sql: `SELECT ${fileColumns} ${byToken} f.state = 0 UNION ALL SELECT ${fileColumns} ${byToken} f.state <> 0`,
};

export const findAccounts: BulkStatement = {
  input: { domain: "text", jid: "text" },
  sql: `SELECT a.id, a.domain, a.jid, a.purpose, a.bytes, a.files, a.reserved_bytes, a.reserved_files,
      a.day, a.day_bytes, a.day_files
    FROM input CROSS JOIN slotd_accounts a WHERE a.domain = input.domain AND a.jid = input.jid`,
};

export const insertAccounts: BulkStatement = {
  input: { domain: "text", jid: "text", purpose: "text", ...counts },
  sql: `INSERT INTO slotd_accounts (${columns}) SELECT ${columns} FROM input RETURNING id, domain, jid, purpose`,
};

export const updateAccounts: BulkStatement = {
  input: { id: "bigint", ...counts },
  sql: `UPDATE slotd_accounts SET bytes = input.bytes, files = input.files,
    reserved_bytes = input.reserved_bytes, reserved_files = input.reserved_files, day = input.day,
    day_bytes = input.day_bytes, day_files = input.day_files FROM input WHERE slotd_accounts.id = input.id`,
  single: `UPDATE slotd_accounts SET bytes = $2, files = $3, reserved_bytes = $4, reserved_files = $5, day = $6,
    day_bytes = $7, day_files = $8 WHERE id = $1`,
};

const insertedColumns =
  "token_key, token, account, part, filename, size, state, reserved_at, due_at, recheck_at, completed_at, expires_at";

export const insertFiles: BulkStatement = {
  input: {
    token_key: "bigint",
    token: "text",
    account: "bigint",
    part: "bigint",
    filename: "text",
    size: "bigint",
    state: "bigint",
    reserved_at: "bigint",
    due_at: "bigint",
    recheck_at: "bigint",
    completed_at: "bigint",
    expires_at: "bigint",
  },
  sql: `INSERT INTO slotd_files (${insertedColumns}) SELECT ${insertedColumns} FROM input`,
  single: `INSERT INTO slotd_files (${insertedColumns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
};

export const updateFiles: BulkStatement = {
  input: {
    ...{ id: "bigint", size: "bigint", state: "bigint" },
    ...{ due_at: "bigint", recheck_at: "bigint", completed_at: "bigint" },
  },
  sql: `UPDATE slotd_files SET size = input.size, state = input.state, due_at = input.due_at,
    recheck_at = input.recheck_at, completed_at = input.completed_at FROM input WHERE slotd_files.id = input.id`,
  single:
    "UPDATE slotd_files SET size = $2, state = $3, due_at = $4, recheck_at = $5, completed_at = $6 WHERE id = $1",
};

export const deleteFiles: BulkStatement = {
  input: { id: "bigint" },
  sql: "DELETE FROM slotd_files WHERE id IN (SELECT id FROM input)",
};

export const findRates: BulkStatement = {
  input: { domain: "text", name: "text" },
  sql: `SELECT r.domain, r.name, r.full_at FROM input CROSS JOIN slotd_rates r
    WHERE r.domain = input.domain AND r.name = input.name`,
};

export const saveRates: BulkStatement = {
  input: { domain: "text", name: "text", full_at: "bigint" },
  sql: `INSERT INTO slotd_rates (domain, name, full_at) SELECT domain, name, full_at FROM input WHERE true
    ON CONFLICT (domain, name) DO UPDATE SET full_at = excluded.full_at`,
};
