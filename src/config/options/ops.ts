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
    prose: "How long uploads and downloads under way may take to finish when slotd is stopped.",
    example: "30",
  },
  "log.level": {
    ...global,
    ...oneOf("debug", "info", "warn", "error"),
    default: "info",
    prose: "What is logged: this level and those above it.",
    example: '"info"',
  },
  "log.format": {
    ...global,
    ...oneOf("auto", "text", "json"),
    default: "auto",
    prose: 'How it is logged; `"auto"` is text on a terminal and JSON elsewhere.',
    example: '"json"',
  },
  "ops.listen": {
    ...global,
    schema: z.union([z.literal("off").transform(() => undefined), text((raw) => parseAddress(raw, 0))]),
    kind: "text",
    expected: '"host:port" with a port from 0 to 65535 (0 takes a free one), or "off"',
    write: (address: ListenAddress | undefined) => (address === undefined ? "off" : formatAddress(address)),
    default: "127.0.0.1:5081",
    prose:
      'Where Prometheus finds the metrics (`/metrics`) and monitors the health (`/healthz`, `/readyz`); `"off"` for nowhere. Whoever reaches it may read it: keep it on loopback or a private network.',
    example: '"127.0.0.1:5081"',
  },
  "ops.socket": {
    ...global,
    ...path("a path"),
    defaultWords: "`/run/slotd/slotd.sock`, where that folder is there",
    prose: "The Unix socket that `slotd reload` talks to a running slotd by; only the user that runs it may.",
    example: '"/run/slotd/slotd.sock"',
  },
} as const satisfies Record<string, Option>;
