/** How many uploads may be under way. */
export interface UploadLimits {
  readonly total: number;
  readonly perClient: number;
}

/** Counts the uploads under way, of all clients and of each one. */
export class UploadSlots {
  /** May change; uploads under way stay counted. */
  limits: UploadLimits = { total: Infinity, perClient: Infinity };
  readonly #perClient = new Map<string, number>();
  #total = 0;

  /** How many uploads are under way. */
  get total(): number {
    return this.#total;
  }

  /** Counts one more; or says which limit is reached, and counts nothing. */
  take(client: string): "taken" | "busy" | "too-many-uploads" {
    const own = this.#perClient.get(client) ?? 0;
    if (own >= this.limits.perClient) return "too-many-uploads";
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
