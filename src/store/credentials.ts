import type { Credentials } from "../sigv4/presign.ts";
import type { Seconds } from "../slot/slot.ts";

/** What requests to a bucket are signed with, and until when. */
export interface TimedCredentials extends Credentials {
  /** When they end, for temporary ones; absent for lasting ones and where nobody knows. */
  readonly expiration?: Date;
}

/** Where the credentials of a bucket come from: they may be others from one moment to the next. */
export interface CredentialSource {
  /** Those in force; undefined when there are none, or when they have expired. Makes no request. */
  current(now: Date): TimedCredentials | undefined;
}

/** A source that has to be closed: it looks for new credentials by itself until then. */
export interface OpenCredentials extends CredentialSource {
  stop(): void;
}

/** No URL can be signed at present. Whoever asks `Bucket.unavailable` first does not meet it. */
export class CredentialsError extends Error {
  readonly code = "no-credentials";
  constructor() {
    super("There are no valid credentials for the bucket at present; the log of slotd says why.");
    this.name = "CredentialsError";
  }
}

/** Credentials that never change. */
export function fixedCredentials(credentials: Credentials): CredentialSource {
  return { current: () => credentials };
}

/** Whether credentials can sign a URL that is valid for at least a second. */
export function areValid(credentials: TimedCredentials, now: Date): boolean {
  return lifeWithin(credentials, now, 1) === 1;
}

/**
 * How long a URL signed at `date` may be valid: as long as is wanted, but never longer than the credentials are,
 * because a store refuses a URL whose session token has expired, and would then refuse it early.
 *
 * @returns whole seconds, 0 when the credentials have ended.
 */
export function lifeWithin({ expiration }: TimedCredentials, date: Date, wanted: Seconds): Seconds {
  if (expiration === undefined) return wanted;
  // The signing date has whole seconds; what it drops belongs to the URL's life.
  const start = Math.floor(date.getTime() / 1000);
  return Math.max(0, Math.min(wanted, Math.floor(expiration.getTime() / 1000) - start));
}
