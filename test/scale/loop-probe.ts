// Preloaded into slotd (BUN_OPTIONS="--preload=..."): measures from within for how long its event loop is held. Whoever
// connects to the Unix socket LOOP_PROBE has it measured until a byte is sent, and then gets a LongestBlock as JSON.
import { openSync, readSync } from "node:fs";
import { createServer } from "node:net";
import type { LongestBlock } from "./longest-block.ts";

const schedstat = openSync(`/proc/self/task/${process.pid}/schedstat`, "r");
const buffer = Buffer.alloc(128);

/** Of the main thread, in milliseconds: how long it was on a processor, and how long it waited for one. */
function processorTimes(): readonly [ran: number, waited: number] {
  const length = readSync(schedstat, buffer, 0, buffer.length, 0);
  const [ran = 0, waited = 0] = buffer.toString("latin1", 0, length).split(" ").map(Number);
  return [ran / 1e6, waited / 1e6];
}

/** Ticks each millisecond; what a tick comes late, without what others had the processors for, is a block. */
function watch(): () => LongestBlock {
  let [last, [lastRan, lastWaited]] = [performance.now(), processorTimes()];
  let longest: LongestBlock = { block: 0, onProcessor: 0 };
  const tick = (): void => {
    const [now, [ran, waited]] = [performance.now(), processorTimes()];
    const block = now - last - (waited - lastWaited);
    if (block > longest.block) longest = { block, onProcessor: ran - lastRan };
    [last, lastRan, lastWaited] = [now, ran, waited];
  };
  const timer = setInterval(tick, 1);
  timer.unref();
  return () => {
    clearInterval(timer);
    tick();
    return longest;
  };
}

const path = process.env.LOOP_PROBE;
if (path !== undefined) {
  const server = createServer((socket) => {
    const end = watch();
    socket.on("error", () => undefined);
    socket.once("data", () => socket.end(JSON.stringify(end())));
    socket.once("close", end);
    socket.write("watching\n");
  });
  server.listen(path).unref();
}
