import type { DomainConfig } from "../../config/config.ts";
import { takesUploads } from "../../config/places.ts";
import type { SigningKeys } from "../../store/keys/signing-keys.ts";
import type { Watched } from "../../store/keys/watched.ts";
import { openKeys } from "../buckets/disk-buckets.ts";
import { forOption } from "../option-error.ts";
import { type Around, part, type Stoppable } from "../part.ts";

/** The keys that sign slotd's own PUT URLs, one file in each data folder. */
export interface FolderKeys extends Stoppable {
  readonly keys: Watched<SigningKeys>;
}

export const signingKeys = part<FolderKeys, string>({
  wanted: ({ config }) =>
    new Map(config.domains.filter(takesUploads).map(({ disk }) => [disk.path, disk.path])),
  async make(path, { deps }) {
    const keys = await forOption("disk.path", path, () =>
      openKeys(path, deps.randomBytes, deps.watchers.log),
    );
    return { keys, stop: async () => keys.stop() };
  },
  // A reload that finds a damaged file changes nothing.
  refresh: ({ keys }) => keys.refresh(),
});

/** The keys of a domain's PUT URLs; undefined where slotd takes no uploads for it. */
export function keysOf(around: Around, { disk }: DomainConfig): Watched<SigningKeys> | undefined {
  return around.of(signingKeys).get(disk.path)?.keys;
}
