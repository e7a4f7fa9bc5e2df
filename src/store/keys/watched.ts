import { stat } from "node:fs/promises";

export interface WatchOptions<Value> {
  /** The files that the value is made of. */
  readonly paths: readonly string[];
  /** Reads them. What it throws is told to `onProblem`, and the value stays as it was. */
  readonly read: () => Promise<Value>;
  /** Must not throw. */
  readonly onProblem: (error: unknown) => void;
  /** Is told of each new value. Must not throw. */
  readonly onChange?: (value: Value) => void;
  /** Milliseconds from one look to the next; 1000 when absent. */
  readonly interval?: number;
}

/** A value made of files, as they were last found. */
export interface Watched<Value> {
  readonly value: Value;
  /** Reads them now. @throws what `read` throws; the value stays as it was then. */
  refresh(): Promise<void>;
  stop(): void;
}

/**
 * Reads files now, and again when one of them changes. They are looked at once a second: unlike notices of the
 * file system this sees what happens on another machine and behind a link, which is how containers get new secrets.
 * A change counts when it is the same at two looks, so that files written one after the other are not read between.
 *
 * @throws what `read` throws the first time.
 */
export async function watchFiles<Value>(options: WatchOptions<Value>): Promise<Watched<Value>> {
  const { paths, read, onProblem, onChange, interval = 1000 } = options;
  let known = await fingerprint(paths);
  let value = await read();
  // Reading may make what was absent; that is no change.
  const found = await fingerprint(paths);
  if (found !== known) {
    known = found;
    value = await read();
  }
  let last = known;
  let isStopped = false;
  const look = async (): Promise<void> => {
    const found = await fingerprint(paths);
    const isSettled = found === last;
    last = found;
    if (found === known || !isSettled) return;
    known = found;
    try {
      value = await read();
      onChange?.(value);
    } catch (error) {
      onProblem(error);
    }
  };
  const next = (): ReturnType<typeof setTimeout> =>
    setTimeout(() => {
      look().finally(() => {
        if (!isStopped) timer = next();
      });
    }, interval).unref();
  let timer = next();
  return {
    get value() {
      return value;
    },
    async refresh() {
      const found = await fingerprint(paths);
      value = await read();
      known = found;
      last = found;
    },
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}

async function fingerprint(paths: readonly string[]): Promise<string> {
  const all = await Promise.all(
    paths.map((path) =>
      stat(path).then(
        ({ ino, mtimeMs, size }) => `${ino} ${mtimeMs} ${size}`,
        () => "absent",
      ),
    ),
  );
  return all.join("\n");
}
