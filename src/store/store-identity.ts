/** What was found where a store keeps its identity. */
export type FoundIdentity =
  /** `isOld`: it wants to be written again, before the store's own rules remove it as an old file. */
  | { readonly is: "found"; readonly id: string; readonly isOld: boolean }
  | { readonly is: "none" }
  /** The credentials may not look there; whether there is one cannot be told. */
  | { readonly is: "denied" };

/**
 * The port for what tells one store from another: a few random characters that lie in the store itself, beside the
 * files and none of them. A volume that is not mounted has none, and another one has others. It is no secret, and no
 * address that slotd serves leads to it.
 */
export interface StoreIdentity {
  /** @throws when the store cannot be asked. */
  read(): Promise<FoundIdentity>;
  /**
   * Writes it where there is none; one that another slotd wrote meanwhile stays.
   *
   * @returns false when the credentials, or the file system, do not let it.
   * @throws when the store cannot be asked.
   */
  write(id: string): Promise<boolean>;
  /** Writes the one that is there once more, so that it is not old. The same results. */
  renew(id: string): Promise<boolean>;
}

/** What an identity looks like. */
const form = /^[0-9a-f]{16,64}$/;

/** A new identity: 128 bits. */
export function newStoreId(randomBytes: (length: number) => Uint8Array): string {
  return Buffer.from(randomBytes(16)).toString("hex");
}

/** The text that holds an identity; for a person who finds it, it says what it is. */
export function encodeIdentity(id: string): string {
  const about = "This file identifies the store to slotd. Do not move, change or delete it.";
  return `${JSON.stringify({ v: 1, id, about }, undefined, 2)}\n`;
}

/** The identity in a text; undefined when there is none in it. */
export function decodeIdentity(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const id = typeof value === "object" && value !== null && "id" in value ? value.id : undefined;
    return typeof id === "string" && form.test(id) ? id : undefined;
  } catch {
    return undefined;
  }
}
