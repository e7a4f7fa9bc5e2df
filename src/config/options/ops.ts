import { z } from "zod";
import { formatAddress, type ListenAddress, parseAddress } from "../values.ts";
import { global, type Option } from "./option.ts";
import { integer, oneOf, path, text } from "./types.ts";

/** What the operator sees of slotd, and how it ends. */
export const opsOptions = {
  shutdown_grace: {
    ...global,
    ...integer(0, 3600, "number of seconds"),
    default: 30,
    unit: "seconds",
    prose: "The time that uploads and downloads in progress have to finish when slotd stops.",
    example: "30",
  },
  "log.level": {
    ...global,
    ...oneOf("debug", "info", "warn", "error"),
    default: "info",
    prose: "The lowest level that slotd logs.",
    example: '"info"',
  },
  "log.format": {
    ...global,
    ...oneOf("auto", "text", "json"),
    default: "auto",
    prose: 'The format of the log. `"auto"` means text on a terminal and JSON elsewhere.',
    example: '"json"',
  },
  "ops.listen": {
    ...global,
    schema: z.union([z.literal("off").transform(() => undefined), text((raw) => parseAddress(raw, 0))]),
    kind: "text",
    expected: '"host:port" with a port from 0 to 65535 (0: any free port), or "off"',
    write: (address: ListenAddress | undefined) => (address === undefined ? "off" : formatAddress(address)),
    default: "127.0.0.1:5081",
    prose:
      'The address at which slotd serves metrics for Prometheus (`/metrics`) and health checks (`/healthz`, `/readyz`). `"off"` disables it. It has no authentication: keep it on loopback or a private network.',
    example: '"127.0.0.1:5081"',
  },
  "ops.socket": {
    ...global,
    ...path("a path"),
    defaultWords: "`/run/slotd/slotd.sock`, if that folder exists",
    prose:
      "The Unix socket over which `slotd reload` and `slotd check` contact a running slotd. Only the user that runs slotd, and root, may use it.",
    example: '"/run/slotd/slotd.sock"',
  },
} as const satisfies Record<string, Option>;
