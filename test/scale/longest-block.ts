import { connect, type Socket } from "node:net";
import { join } from "node:path";

/** The longest time that an event loop was held, in milliseconds. */
export interface LongestBlock {
  /** Wall time, without what the thread waited for a processor that others had. */
  readonly block: number;
  /** The part of it that the thread was on a processor; the rest is waiting for a disk or another thread. */
  readonly onProcessor: number;
}

/** Asks the probe in a slotd how long its event loop is held. Linux only. */
export class LoopProbe {
  readonly #path: string;

  /** @param folder where its socket is; a short path. */
  constructor(folder: string) {
    this.#path = join(folder, "loop.sock");
  }

  /** What slotd is to be started with. */
  get env(): Readonly<Record<string, string>> {
    const preload = join(import.meta.dirname, "loop-probe.ts");
    return { BUN_OPTIONS: `--preload=${preload}`, LOOP_PROBE: this.#path };
  }

  /** The longest block while `work` goes on, and what that came to. */
  async during<T>(work: () => Promise<T>): Promise<LongestBlock & { readonly result: T }> {
    const socket = connect(this.#path);
    try {
      await nextText(socket);
      const result = await work();
      socket.write("?");
      const { block, onProcessor }: LongestBlock = JSON.parse(await nextText(socket));
      return { block, onProcessor, result };
    } finally {
      socket.destroy();
    }
  }
}

function nextText(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    socket.once("data", (bytes: Buffer) => resolve(bytes.toString()));
    socket.once("error", reject);
    socket.once("end", () => reject(new Error("the probe has ended")));
  });
}
