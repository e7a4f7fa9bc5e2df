import type { BulkStatement, Database, Dialect, Row, Session, Value } from "./database.ts";
import { migrate } from "./migrations.ts";

/** A database whose schema is brought up to date before the first thing that is asked of it. */
export class MigratedDatabase implements Database {
  readonly #database: Database;
  #ready: Promise<void> | undefined;

  constructor(database: Database) {
    this.#database = database;
  }

  get dialect(): Dialect {
    return this.#database.dialect;
  }

  /** Brings the schema up to date. What fails is tried again the next time. */
  ready(): Promise<void> {
    this.#ready ??= migrate(this.#database).catch((error: unknown) => {
      this.#ready = undefined;
      throw error;
    });
    return this.#ready;
  }

  async query(sql: string, values?: readonly Value[]): Promise<readonly Row[]> {
    await this.ready();
    return this.#database.query(sql, values);
  }

  async bulk(statement: BulkStatement, input: readonly (readonly Value[])[]): Promise<readonly Row[]> {
    await this.ready();
    return this.#database.bulk(statement, input);
  }

  async write<T>(work: (session: Session) => Promise<T>): Promise<T> {
    await this.ready();
    return this.#database.write(work);
  }

  async writeSchema<T>(work: (session: Session) => Promise<T>): Promise<T> {
    await this.ready();
    return this.#database.writeSchema(work);
  }

  async snapshot<T>(work: (session: Session) => Promise<T>): Promise<T> {
    await this.ready();
    return this.#database.snapshot(work);
  }

  close(): Promise<void> {
    return this.#database.close();
  }
}
