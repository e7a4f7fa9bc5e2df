import { global, type Option, perDomain } from "./option.ts";
import { boolean, byteSizeOrNone, path } from "./types.ts";

export const diskPath = {
  ...perDomain,
  ...path("a path"),
  default: "./data",
  prose: 'Where the files live with `backend = "disk"`.',
  example: '"/var/lib/slotd"',
} as const satisfies Option;

/** The disk stores: their folders, and what they have in common. */
export const diskOptions = {
  "disk.path": diskPath,
  "disk.reserve": {
    ...global,
    ...byteSizeOrNone("1GiB"),
    default: "256MiB",
    prose:
      "The space on the file system of `disk.path` that uploads leave free: an upload that would use it is answered 507, and downloads go on. Uploads under way count with what they bring in ten minutes at their pace, and with 16 MiB at most while they bring nothing: so one that announces much and is slow takes no room from the others. 0 switches it off.",
    example: '"5GiB"',
  },
  "disk.fsync": {
    ...global,
    ...boolean,
    default: true,
    prose:
      "Whether the answer 201 means that the file survives a power cut: file and folder are synced to the disk before it. Without it a file survives a crash of slotd, but not one of the machine.",
    example: "true",
  },
} as const satisfies Record<string, Option>;
