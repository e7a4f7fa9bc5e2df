import type { SlotAsker, WantedSlot } from "../attack/slot-asker.ts";
import { sleep } from "../peers/process.ts";

/** So many ask at once, and again this many milliseconds after the last of them was answered. */
const [together, pause] = [16, 25];

/**
 * Users who ask for slots again and again, each some time after the answer: some hundred a second, which leaves the
 * processors to others too. Whatever makes them wait for their answers makes their rate smaller.
 */
export class SlotLoad {
  readonly #asker: SlotAsker;
  readonly #domain: string;
  readonly #users: number;
  readonly #running: Promise<void>;
  #asked = 0;
  #given = 0;
  #isOver = false;

  constructor(asker: SlotAsker, domain: string, users: number) {
    this.#asker = asker;
    this.#domain = domain;
    this.#users = users;
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#running;
  }

  /** How many slots a second were given while `work` went on; what is refused does not count. */
  async during<T>(work: () => Promise<T>): Promise<{ readonly rate: number; readonly result: T }> {
    const [began, before] = [performance.now(), this.#given];
    const result = await work();
    return { rate: ((this.#given - before) / (performance.now() - began)) * 1_000, result };
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      const wanted = Array.from({ length: together }, (): WantedSlot => {
        this.#asked += 1;
        return { jid: `user-${(this.#asked * 7919) % this.#users}@${this.#domain}`, size: 1_000 };
      });
      const answers = await this.#asker.ask(`upload.${this.#domain}`, wanted, together);
      this.#given += answers.slot ?? 0;
      await sleep(pause);
    }
  }
}
