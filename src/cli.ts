import { randomBytes } from "node:crypto";
import { constants, setPriority } from "node:os";
import { main } from "./cli/main.ts";

// A reader that has seen enough ("slotd --help | head") is no fault.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

process.exitCode = await main(process.argv.slice(2), {
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
  env: process.env,
  cwd: process.cwd(),
  isTerminal: process.stdout.isTTY === true,
  randomBytes: (size) => randomBytes(size),
  now: () => new Date(),
  lowerPriority: () => setPriority(constants.priority.PRIORITY_BELOW_NORMAL),
});
