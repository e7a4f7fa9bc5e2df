import { expect } from "bun:test";
import type {
  Ledger,
  LedgerFile,
  Limits,
  OverLimit,
  Reservation,
  Reserved,
} from "../../src/ledger/ledger.ts";
import { noLimits, type TestLedger } from "./ledger.ts";

export const start = Date.UTC(2030, 0, 15, 10, 0, 0);
export const seconds = 1000;
export const hours = 3_600_000;
export const days = 24 * hours;

/** This many bytes, any number of files. */
export const bytes = (allowed: number) => ({ bytes: allowed, files: undefined });
/** This many files, any number of bytes. */
export const files = (allowed: number) => ({ bytes: undefined, files: allowed });

/** A ledger with a clock of its own, and what tests do with it. */
export class LedgerScene {
  clock = start;
  /** The files that were evicted so far. */
  evicted: string[] = [];
  readonly #opened: TestLedger;
  #count = 0;

  static async open(open: (now: () => Date) => Promise<TestLedger>): Promise<LedgerScene> {
    let scene: LedgerScene | undefined;
    const opened = await open(() => new Date(scene?.clock ?? start));
    scene = new LedgerScene(opened);
    return scene;
  }

  private constructor(opened: TestLedger) {
    this.#opened = opened;
  }

  get ledger(): Ledger {
    return this.#opened.ledger;
  }

  again(): Promise<Ledger> {
    return this.#opened.again();
  }

  /** Ends it; every sum must be what its files say. */
  async stop(): Promise<void> {
    expect(await this.ledger.audit()).toEqual([]);
    await this.#opened.stop();
  }

  reservation(change: Partial<Reservation> = {}): Reservation {
    this.#count += 1;
    return {
      ...{ token: this.#count.toString(16).padStart(16, "0"), domain: "example.org" },
      ...{ jid: "juliet@example.org", purpose: "message", filename: "a.jpg", size: 100 },
      ...{ putUntil: new Date(this.clock + 60 * seconds), expires: undefined },
      ...change,
    };
  }

  reserve(change: Partial<Reservation> = {}, limits: Partial<Limits> = {}): Promise<Reserved | OverLimit> {
    return this.ledger.reserve(this.reservation(change), { ...noLimits, ...limits });
  }

  /** Reserves, and expects to succeed; gives the token. */
  async slot(change: Partial<Reservation> = {}, limits: Partial<Limits> = {}): Promise<string> {
    const wanted = this.reservation(change);
    expect(await this.ledger.reserve(wanted, { ...noLimits, ...limits })).toEqual({ evicted: [] });
    return wanted.token;
  }

  /** The bytes have come; expects them to be taken. */
  async finish(token: string, limits: Partial<Limits> = {}): Promise<string> {
    const { size = 0 } = (await this.ledger.find(token)) ?? {};
    expect(await this.complete(token, size, limits)).toBe("complete");
    return token;
  }

  complete(token: string, size: number, limits: Partial<Limits> = {}) {
    return this.ledger.complete(token, size, () => ({ ...noLimits, ...limits }), {
      evicted: (gone) => this.evicted.push(...gone.map((file) => file.token)),
    });
  }

  /** Reserves and completes. */
  async upload(change: Partial<Reservation> = {}, limits: Partial<Limits> = {}): Promise<string> {
    return this.finish(await this.slot(change, limits), limits);
  }

  /** Expects a refusal. */
  async refused(change: Partial<Reservation> = {}, limits: Partial<Limits> = {}): Promise<OverLimit> {
    const outcome = await this.reserve(change, limits);
    if (!("over" in outcome)) throw new Error("expected a refusal, and it was reserved");
    return outcome;
  }

  /** Of all users of a domain together, or of one. */
  async held(jid?: string): Promise<readonly [bytes: number, files: number]> {
    const accounts = await this.ledger.usage(jid === undefined ? {} : { jid });
    const sum = (of: "bytes" | "files") => accounts.reduce((all, account) => all + account[of], 0);
    return [sum("bytes"), sum("files")];
  }

  async stateOf(token: string): Promise<LedgerFile["state"] | undefined> {
    return (await this.ledger.find(token))?.state;
  }
}
