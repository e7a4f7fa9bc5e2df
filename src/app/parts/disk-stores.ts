import type { Config, DiskConfig } from "../../config/config.ts";
import { openDiskStore } from "../../store/disk/disk-store.ts";
import type { ObjectStore } from "../../store/object-store.ts";
import { present } from "../buckets/present.ts";
import { forOption } from "../option-error.ts";
import { type Around, part, type Stoppable } from "../part.ts";

/** A data folder that is open as long as it is used. */
export interface OpenStore extends Stoppable {
  readonly store: ObjectStore;
}

export const diskStores = part<OpenStore, { readonly path: string; readonly options: DiskConfig }>({
  wanted({ config }) {
    const onDisk = config.domains.filter(({ backend }) => backend === "disk");
    return new Map(onDisk.map(({ disk: { path } }) => [keyOf(path, config), { path, options: config.disk }]));
  },
  async make({ path, options }, { deps }) {
    const store = await forOption("disk.path", path, () => openDiskStore(path, deps, options));
    return { store, stop: () => Promise.resolve() };
  },
});

/** The store in a data folder. */
export function storeIn(around: Around, path: string): ObjectStore {
  return present(around.of(diskStores).get(keyOf(path, around.config))).store;
}

function keyOf(path: string, { disk }: Config): string {
  return JSON.stringify([path, disk]);
}
