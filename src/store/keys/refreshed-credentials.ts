import { areValid, type OpenCredentials, type TimedCredentials } from "../credentials.ts";

export interface RefreshDeps {
  readonly now: () => Date;
  /** Is told when no credentials could be had; those from before stay in force until they expire. */
  readonly onProblem: (error: unknown) => void;
  /** Is told when others are in force. */
  readonly onChange?: (credentials: TimedCredentials) => void;
  /** Milliseconds to wait at least before the next attempt; 10,000 when absent. */
  readonly minWait?: number;
}

/** Milliseconds from one look at credentials that do not expire to the next. */
const lasting = 5 * 60_000;

/** Milliseconds: the longest wait; timers cannot count much further than 24 days. */
const longest = 24 * 3_600_000;

/**
 * Credentials from a provider that is asked over the network, and asked again when half of their life is over: so
 * the present ones are still good for a long while when the next attempt fails, and a URL seldom has to be short.
 *
 * Resolves when the first attempt is over, with or without success: a service that starts before its machine has
 * credentials gets them when they are there.
 */
export async function refreshCredentials(
  provider: () => Promise<TimedCredentials>,
  deps: RefreshDeps,
): Promise<OpenCredentials> {
  const { now, onProblem, onChange, minWait = 10_000 } = deps;
  let credentials: TimedCredentials | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isStopped = false;
  const refresh = async (): Promise<void> => {
    try {
      const fresh = await provider();
      const isOther = credentials !== undefined && fresh.accessKeyId !== credentials.accessKeyId;
      credentials = fresh;
      if (isOther) onChange?.(fresh);
    } catch (error) {
      onProblem(error);
    }
    if (isStopped) return;
    const wait = Math.max(minWait, Math.min(longest, waitAfter(credentials, now())));
    timer = setTimeout(refresh, wait).unref();
  };
  await refresh();
  return {
    current: (date) => (credentials && areValid(credentials, date) ? credentials : undefined),
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}

function waitAfter(credentials: TimedCredentials | undefined, now: Date): number {
  if (credentials === undefined) return 0;
  if (credentials.expiration === undefined) return lasting;
  return (credentials.expiration.getTime() - now.getTime()) / 2;
}
