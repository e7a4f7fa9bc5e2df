import { global, type Option, perDomain } from "./option.ts";
import { boolean, byteSizeOrNone, path } from "./types.ts";

export const diskPath = {
  ...perDomain,
  ...path("a path"),
  default: "./data",
  prose:
    'The folder of the files with `backend = "disk"`. With `s3.upload = "proxy"`, it contains the signing keys.',
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
      "The space on the file system of `disk.path` that uploads must leave free. slotd refuses an upload that would use this space with 507, and continues to serve downloads. An upload in progress reserves what it sends in ten minutes at its rate, and at most 16 MiB while it sends nothing, so a slow client that announces a large file does not block others. 0 disables the reserve.",
    example: '"5GiB"',
  },
  "disk.fsync": {
    ...global,
    ...boolean,
    default: true,
    prose:
      "Whether slotd syncs the file and its folder to the disk before it responds with 201, so that the file survives a power failure. If false, a file survives a crash of slotd, but not of the machine.",
    example: "true",
  },
} as const satisfies Record<string, Option>;
