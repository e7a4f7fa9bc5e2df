import type { DomainConfig } from "../../config/config.ts";
import type { UploadObserver } from "../../http/upload-observer.ts";
import type { Refusal } from "../../slot/refusal.ts";
import type { CredentialSource } from "../../store/credentials.ts";
import type { SigningKeys } from "../../store/keys/signing-keys.ts";
import type { Watched } from "../../store/keys/watched.ts";
import type { ObjectStore } from "../../store/object-store.ts";
import type { SpentAddresses } from "../../store/spent-addresses.ts";

/** A data folder: its store stays open as long as slotd uses it; the keys are read again when they change. */
export interface DataFolder {
  readonly store: ObjectStore;
  readonly keys: Watched<SigningKeys>;
}

/** What is open for the domains. */
export interface Opened {
  keysOf(domain: DomainConfig): Watched<SigningKeys> | undefined;
  credentialsOf(domain: DomainConfig): CredentialSource | undefined;
  folderOf(path: string): DataFolder;
  /** Why the store that these domains share cannot be used at present. */
  unavailableFor(domains: readonly DomainConfig[]): Refusal | undefined;
  /** Where it is remembered which files of a domain were deleted. */
  spentOf(domain: DomainConfig): SpentAddresses | undefined;
  /** Who wants to know of uploads for these domains. */
  observerOf(domains: readonly DomainConfig[]): UploadObserver | undefined;
}
