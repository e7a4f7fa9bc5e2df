/** How many uploads, or downloads, may be under way. */
export interface TransferLimits {
  readonly total: number;
  readonly perClient: number;
}

/** Counts the transfers of one direction that are under way, of all clients and of each one. */
export class TransferSlots {
  /** May change; transfers under way stay counted. */
  limits: TransferLimits = { total: Infinity, perClient: Infinity };
  readonly #perClient = new Map<string, number>();
  #total = 0;

  /** How many are under way. */
  get total(): number {
    return this.#total;
  }

  /** Counts one more; or says which limit is reached, that of all or that of this client, and counts nothing. */
  take(client: string): "taken" | "busy" | "too-many" {
    const own = this.#perClient.get(client) ?? 0;
    if (own >= this.limits.perClient) return "too-many";
    if (this.#total >= this.limits.total) return "busy";
    this.#perClient.set(client, own + 1);
    this.#total += 1;
    return "taken";
  }

  /** Counts one less; once for each that was taken. */
  give(client: string): void {
    const own = (this.#perClient.get(client) ?? 1) - 1;
    if (own > 0) this.#perClient.set(client, own);
    else this.#perClient.delete(client);
    this.#total -= 1;
  }
}
