import type { AddressRule } from "./address-key.ts";

/** How a former service found its files, and what it knew of them. */
export interface FormerKind {
  readonly rule: AddressRule;
  /** "path": only the URLs say the filename, so the download takes it from the request. */
  readonly filenameFrom: "file" | "path";
  /** Whether it answered 410 for a file that it had known, and 404 for others. */
  readonly tellsGone: boolean;
}

const byPath = { rule: "path", filenameFrom: "file", tellsGone: false } as const;

/** The services whose files slotd imports, and whose URLs it answers. */
export const formerKinds = {
  prosody: { rule: "first-segment", filenameFrom: "file", tellsGone: true },
  "prosody-http-upload": byPath,
  ejabberd: byPath,
  "prosody-filer": byPath,
  "xmpp-http-upload": byPath,
  "share-php": { ...byPath, filenameFrom: "path" },
  "ngx-http-upload": { ...byPath, rule: "altered-path" },
  "hmac-file-server": byPath,
  openfire: { rule: "segment-before-last", filenameFrom: "path", tellsGone: false },
  folder: byPath,
} as const satisfies Record<string, FormerKind>;

export type FormerKindName = keyof typeof formerKinds;

/** In the order of the documentation. */
export const formerKindNames = Object.keys(formerKinds) as readonly string[] as readonly [
  FormerKindName,
  ...FormerKindName[],
];
