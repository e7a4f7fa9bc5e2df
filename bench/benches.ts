import type { Bench } from "./bench.ts";
import { componentStream, ledgerStream } from "./component-stream.ts";
import { httpGet, httpPut } from "./http-files.ts";
import { memory } from "./memory.ts";
import { millionFiles } from "./million-files.ts";
import { presign } from "./presign.ts";
import { receivers } from "./receivers.ts";
import { start } from "./start.ts";
import { ejabberdSlots, prosodySlots } from "./xmpp-slots.ts";

/** Every bench, in the order in which they run. */
export const benches: readonly Bench[] = [
  presign,
  componentStream,
  ledgerStream,
  prosodySlots,
  ejabberdSlots,
  httpGet,
  httpPut,
  receivers,
  memory,
  start,
  // Last: a million inodes that were freed just now slow down whoever makes a file (ext4).
  millionFiles,
];
