import { printable } from "../../slot/printable.ts";
import type { SourceOptions, SourceSkip } from "../source.ts";
import { locate } from "../tree/locate.ts";
import type { OpenFolder } from "../tree/open-folder.ts";
import { skip } from "../tree/walk.ts";
import { accountIn } from "./slot-record.ts";
import { openStrangeDatabase, type Row, type StrangeDatabase } from "./strange-sqlite.ts";

/** What hmac-file-server's database says of a file. */
export interface HmacFacts {
  readonly contentType: string | undefined;
  readonly owner: string | undefined;
  readonly uploaded: Date | undefined;
}

const page = 500;

/** hmac-file-server's own database of its files, which it keeps if it is told to. */
export class HmacMetadata {
  readonly #database: StrangeDatabase;
  readonly #root: OpenFolder;
  /** What its paths begin with, "/" included: where the folder was when they were written. */
  readonly #prefix: string | undefined;

  private constructor(database: StrangeDatabase, root: OpenFolder) {
    this.#database = database;
    this.#root = root;
    this.#prefix = prefixIn(database, root);
  }

  /**
   * @returns undefined when no database is named and there is none in its usual place.
   * @throws {SourceError} when it cannot be read.
   */
  static open({ database, folder }: SourceOptions, root: OpenFolder): HmacMetadata | undefined {
    const hasUsual = database === undefined && locate(root, [".metadata", "files.db"]) !== undefined;
    const path = hasUsual ? `${folder}/.metadata/files.db` : database;
    if (path === undefined) return undefined;
    const opened = openStrangeDatabase(path, "file_metadata");
    try {
      return new HmacMetadata(opened, root);
    } catch (error) {
      opened.close();
      throw error;
    }
  }

  /** @param place below the folder. */
  factsOf(place: string): HmacFacts | undefined {
    if (this.#prefix === undefined) return undefined;
    const [row] = this.#database.rows(factsSql, `${this.#prefix}${place}`);
    return row === undefined ? undefined : factsIn(row);
  }

  /** Those that it has not noted as deleted, and that are not there. */
  *withoutFile(): Generator<SourceSkip | undefined> {
    for (let last = -1; ; ) {
      const rows = this.#database.rows(pathsSql, last);
      for (const { path, deleted } of rows) {
        yield deleted === 0 && typeof path === "string" ? this.#missing(path) : undefined;
      }
      const next = rows.at(-1)?.id;
      if (rows.length < page || typeof next !== "number") return;
      last = next;
    }
  }

  close(): void {
    this.#database.close();
  }

  #missing(path: string): SourceSkip | undefined {
    const place =
      this.#prefix !== undefined && path.startsWith(this.#prefix) ? path.slice(this.#prefix.length) : "";
    if (place !== "" && locate(this.#root, place.split("/")) !== undefined) return undefined;
    return skip(printable(place === "" ? path : place), "metadata-without-file");
  }
}

const factsSql = `
  SELECT CASE WHEN octet_length(content_type) <= 255 THEN content_type END AS type,
    CASE WHEN octet_length(uploader_jid) <= 4096 THEN uploader_jid END AS jid,
    CASE WHEN octet_length(upload_time) <= 100 THEN upload_time END AS time
  FROM file_metadata WHERE file_path = ?1 LIMIT 1`;

const pathsSql = `
  SELECT id, deleted, CASE WHEN octet_length(file_path) <= 4096 THEN file_path END AS path
  FROM file_metadata WHERE id > ?1 ORDER BY id LIMIT ${page}`;

function factsIn({ type, jid, time }: Row): HmacFacts {
  return {
    contentType: typeof type === "string" ? type : undefined,
    owner: accountIn(jid),
    uploaded: typeof time === "string" ? goTime(time) : undefined,
  };
}

/** As Go writes a time; what follows the seconds is not looked at, and it counts as UTC. */
function goTime(text: string): Date | undefined {
  const [, day, time] = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)/.exec(text) ?? [];
  const date = new Date(`${day}T${time}Z`);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

/** By the first file of it that is there: its longest end that is a path below the folder. */
function prefixIn(database: StrangeDatabase, root: OpenFolder): string | undefined {
  for (const { path } of database.rows(pathsSql, -1)) {
    if (typeof path !== "string") continue;
    const segments = path.split("/");
    for (let from = Math.max(0, segments.length - 16); from < segments.length; from += 1) {
      if (locate(root, segments.slice(from)) !== undefined) return `${segments.slice(0, from).join("/")}/`;
    }
  }
  return undefined;
}
