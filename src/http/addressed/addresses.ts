import { AddressIndex } from "../../address/address-index.ts";
import { type AddressRule, readAddress, readDecodedAddress } from "../../address/address-key.ts";
import { spaceName } from "../../address/address-space.ts";
import { addressToken } from "../../address/address-token.ts";
import { LiteralBaseIndex } from "../../address/literal-base-index.ts";
import type { Refusal } from "../../slot/refusal.ts";
import type { ObjectSigner } from "../../store/object-signer.ts";
import type { ObjectStore } from "../../store/object-store.ts";
import type { RequestHead } from "../request-head.ts";
import type { BoundedLookup } from "./bounded-lookup.ts";

/** The addresses that had a file once, or were known without one. */
export interface SpentAddresses {
  /** Whether there will never be a file with this token again. What it throws counts as "no". */
  has(token: string): Promise<boolean>;
}

/** Where the files of addresses are. */
export type AddressedStore =
  | {
      readonly kind: "folder";
      readonly open: ObjectStore["open"];
      /** Why it cannot be used at present. */
      unavailable?(): Refusal | undefined;
    }
  | { readonly kind: "bucket"; readonly objects: BoundedLookup; readonly signer: ObjectSigner };

/** Files that slotd did not name, by the rule of the service that made their URLs. */
export interface AddressedFiles {
  /** The public bases, as `readAddressBase` reads them; the first one names the address space. */
  readonly urls: readonly string[];
  readonly rule: AddressRule;
  /** "path": only the URLs say the filename. */
  readonly filenameFrom: "file" | "path";
  /** Whether the answer for an address that is spent is 410. */
  readonly tellsGone: boolean;
  readonly store: AddressedStore;
  /** A base without a final slash, to whose last segment what follows it may stick. */
  readonly openBase?: string | undefined;
  /** None is spent when absent. */
  readonly spent?: SpentAddresses | undefined;
}

interface Table {
  readonly space: string;
  readonly files: AddressedFiles;
}

/** A file that a request may be for. */
export interface Candidate {
  readonly token: string;
  /** As `readAddress` gives it. */
  readonly lastSegment: string;
  readonly files: AddressedFiles;
}

/**
 * What the addresses of requests may name. The time of one question grows with the path, and with the few tables that
 * share its base.
 */
export class Addresses {
  readonly #index: AddressIndex<Table>;
  readonly #lookups: ReadonlySet<BoundedLookup>;
  /** For what is under no other base. */
  readonly #open: LiteralBaseIndex<Table>;

  /** @throws {TypeError} when a base is none. */
  constructor(all: readonly AddressedFiles[]) {
    this.#index = new AddressIndex(
      all.flatMap((files) => {
        const value = { space: spaceName(files.urls[0] ?? ""), files };
        return files.urls.map((url) => ({ url, value }));
      }),
    );
    this.#lookups = new Set(all.flatMap(({ store }) => (store.kind === "bucket" ? [store.objects] : [])));
    this.#open = new LiteralBaseIndex(
      all.flatMap((files) => {
        const value = { space: spaceName(files.urls[0] ?? ""), files };
        return files.openBase === undefined ? [] : [{ url: files.openBase, addsSlash: false, value }];
      }),
    );
  }

  /** The files that a request may be for, each once; undefined when it is under no base. */
  at({ host, rawPath }: Pick<RequestHead, "host" | "rawPath">): readonly Candidate[] | undefined {
    const found = this.#index.find(host, rawPath);
    if (found.length === 0) return this.#atOpenBase(host, rawPath);
    const candidates = new Map<AddressedStore, Map<string, Candidate>>();
    for (const { value, rest } of found) {
      const { space, files } = value;
      const address = readAddress(files.rule, rest);
      if (address === undefined) continue;
      const token = addressToken(space, address.key);
      const inStore = candidates.get(files.store) ?? new Map<string, Candidate>();
      candidates.set(files.store, inStore);
      if (!inStore.has(token)) inStore.set(token, { token, lastSegment: address.lastSegment, files });
    }
    return [...candidates.values()].flatMap((inStore) => [...inStore.values()]);
  }

  /** A file was stored under this token: whatever is remembered of the address is to be asked for again. */
  forget(token: string): void {
    for (const lookup of this.#lookups) lookup.forget(token);
  }

  #atOpenBase(host: string, rawPath: string): readonly Candidate[] | undefined {
    const found = this.#open.find(host, rawPath);
    if (found === undefined) return undefined;
    const { space, files } = found.value;
    const address = readDecodedAddress(files.rule, found.path);
    if (address === undefined) return [];
    return [{ token: addressToken(space, address.key), lastSegment: address.lastSegment, files }];
  }
}
