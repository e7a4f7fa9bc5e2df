import type { DomainConfig } from "../../config/config.ts";
import type { AddressedObject, AddressRecord } from "../../http/http-receiver.ts";
import { LedgerAwayError } from "../../ledger/errors.ts";
import { type Limits, noLimits } from "../../ledger/ledger.ts";
import { limitRefusal } from "../../ledger/quota/limit-refusal.ts";
import type { Logger } from "../../ops/log.ts";
import type { Refusal } from "../../slot/refusal.ts";
import type { Seconds } from "../../slot/slot.ts";
import type { Inventory } from "../../store/inventory.ts";
import type { SpentAddresses } from "../../store/spent-addresses.ts";
import { ledgerLimitsOf } from "../ledgers/ledger-limits.ts";
import type { LedgerWorker } from "../ledgers/ledger-worker.ts";

export interface AddressRecordDeps {
  /** undefined: addresses are not remembered. */
  readonly spent: SpentAddresses | undefined;
  readonly generation: () => Promise<number>;
  /** undefined: nothing is written down. */
  readonly worker: LedgerWorker | undefined;
  /** Where the domain's files are, if nothing is written down. */
  readonly inventory: Pick<Inventory, "remove"> | undefined;
  readonly now: () => Date;
  readonly log: Logger;
}

/** How long a reservation waits for an upload that is not under way any more. */
const patience: Seconds = 60;

/** How uploads to the receivers of one domain are written down. */
export function addressRecord(config: DomainConfig, deps: AddressRecordDeps): AddressRecord {
  const { spent, generation, worker, now } = deps;
  const { domain } = config;
  const record = worker?.recordOf(config);
  const reserve = async (object: AddressedObject, limits: Limits): Promise<Refusal | undefined> => {
    if (record === undefined) return undefined;
    const { token, filename, size, expiry } = object;
    const about = { token, filename, size, domain, purpose: "message", jid: accountOf(object, config) };
    const putUntil = new Date(now().getTime() + patience * 1000);
    const outcome = await record.ledger.reserve({ ...about, putUntil, expires: expiry }, limits);
    if ("over" in outcome) return limitRefusal(outcome, "message", now());
    if (outcome.evicted.length > 0) record.evicted(outcome.evicted);
    return undefined;
  };
  const tell = (error: unknown): void => {
    const text = error instanceof Error ? error.message : String(error);
    deps.log.warn({ domain }, `An upload to a receiver cannot be written down: ${text}`);
  };
  return {
    async spent(tokens) {
      if (spent === undefined) return undefined;
      try {
        const since = await generation();
        for (const token of tokens) if (await spent.has(token, since)) return deleted;
        return undefined;
      } catch (error) {
        if (!(error instanceof LedgerAwayError)) throw error;
        tell(error);
        return away(now());
      }
    },
    async reserve(object) {
      try {
        return await reserve(
          object,
          ledgerLimitsOf(config, { jid: accountOf(object, config), purpose: "message" }),
        );
      } catch (error) {
        if (!(error instanceof LedgerAwayError)) throw error;
        return away(now());
      }
    },
    async release(token) {
      if (worker?.isAlone(token)) await worker.ledger.release(token).catch(tell);
    },
    async restore(object) {
      try {
        if (worker !== undefined && (await worker.ledger.find(object.token)) === undefined)
          await reserve(object, noLimits);
      } catch (error) {
        tell(error);
      }
    },
    async remove(object) {
      try {
        await (worker?.inventoryOf(domain) ?? deps.inventory)?.remove([object]);
      } catch (error) {
        tell(error);
      }
    },
  };
}

function accountOf({ owner }: AddressedObject, { domain }: DomainConfig): string {
  return owner ?? domain;
}

const deleted: Refusal = {
  kind: "expired",
  text: "The file of this slot was deleted, and the slot cannot be used again. Request a new slot.",
};

function away(now: Date): Refusal {
  return {
    kind: "ledger-away",
    text: "No upload can be taken at present, because it cannot be looked up whether there is room for it. Try again a little later.",
    retryAt: new Date(Math.ceil(now.getTime() / 1000 + 15) * 1000),
  };
}
