interface Waiting {
  readonly client: string;
  readonly go: () => void;
}

/**
 * Lets so many go on at once, of all clients and of each one; the others wait, in the order in which they came. Who
 * waits takes a few hundred bytes: whoever calls it bounds how many do.
 */
export class Turns {
  readonly #limits: { readonly total: number; readonly perClient: number };
  readonly #perClient = new Map<string, number>();
  #total = 0;
  #waiting: Waiting[] = [];

  constructor(limits: { readonly total: number; readonly perClient: number }) {
    this.#limits = limits;
  }

  /** Resolves when it is the client's turn, which ends with `give`. */
  take(client: string): Promise<void> {
    return new Promise((go) => {
      this.#waiting.push({ client, go });
      this.#next();
    });
  }

  give(client: string): void {
    const own = (this.#perClient.get(client) ?? 1) - 1;
    if (own > 0) this.#perClient.set(client, own);
    else this.#perClient.delete(client);
    this.#total -= 1;
    this.#next();
  }

  #next(): void {
    if (this.#total >= this.#limits.total) return;
    const at = this.#waiting.findIndex(
      ({ client }) => (this.#perClient.get(client) ?? 0) < this.#limits.perClient,
    );
    const [next] = at < 0 ? [] : this.#waiting.splice(at, 1);
    if (next === undefined) return;
    this.#perClient.set(next.client, (this.#perClient.get(next.client) ?? 0) + 1);
    this.#total += 1;
    next.go();
  }
}
