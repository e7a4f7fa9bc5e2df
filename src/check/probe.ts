import { type Credentials, presign } from "../sigv4/presign.ts";
import type { Bytes, Seconds } from "../slot/slot.ts";
import { CredentialsError } from "../store/credentials.ts";
import { objectPath, parseBucketUrl, urlOf } from "../store/object-url.ts";
import { type S3Answer, sendHttp, type Transport } from "../store/s3/s3-answer.ts";
import { s3Bucket } from "../store/s3/s3-bucket.ts";
import { type S3Client, s3Client } from "../store/s3/s3-client.ts";
import { trustingTransport } from "./http/trusting.ts";
import type { S3Target } from "./target.ts";

/** The name that broke most uploads elsewhere: a space, an accent, quotes, signs that URLs give a meaning. */
const HARD_NAME = "slotd check: très 'cool' (1) + 100%.txt";
export const PROBE_TYPE = "text/plain; charset=utf-8";
const TIMEOUT = 15_000;

/** A slot that the check made for itself. */
export interface ProbeSlot {
  readonly token: string;
  readonly filename: string;
  /** The whole key, prefix included. */
  readonly key: string;
  readonly putUrl: string;
  /** The object's own URL, where the bucket is. */
  readonly ownUrl: string;
  /** The same below `s3.public_url`. */
  readonly publicUrl: string;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** What a slot of a probe may have differently. */
export interface ProbeChanges {
  readonly filename?: string;
  readonly size?: Bytes;
  readonly region?: string;
  readonly date?: Date;
  readonly expires?: Seconds;
}

export interface ProbeDeps {
  readonly now: () => Date;
  readonly randomBytes: (size: number) => Uint8Array;
  readonly signal: AbortSignal;
  /** The origin of a web client, for CORS. */
  readonly origin: string;
  /** What tokens begin with: by it a slotd that runs tells the check from clients. Absent: nothing. */
  readonly mark?: string | undefined;
  /** An authority to trust beside the usual ones, in PEM. */
  readonly ca?: string | undefined;
}

/** One bucket under test, with what was written to it. */
export class S3Probe {
  readonly target: S3Target;
  readonly deps: ProbeDeps;
  /** Sends requests signed in their header; it is stopped by the signal. */
  readonly client: S3Client;
  /** The file that the first check has uploaded. */
  sample: ProbeSlot | undefined;
  readonly #transport: Transport | undefined;
  readonly #written = new Map<string, ProbeSlot>();

  constructor(target: S3Target, deps: ProbeDeps) {
    this.target = target;
    this.deps = deps;
    const { bucketUrl, region } = target;
    this.#transport = deps.ca === undefined ? undefined : trustingTransport(deps.ca);
    this.client = s3Client({
      bucketUrl,
      region,
      credentials: () => this.#keys(),
      now: deps.now,
      timeout: TIMEOUT,
      transport: this.#transport,
    });
  }

  /** Makes a slot just as slotd does for clients. */
  makeSlot(changes: ProbeChanges = {}): ProbeSlot {
    const { target, deps } = this;
    const { mark = "" } = deps;
    const token = mark + Buffer.from(deps.randomBytes(16)).toString("hex").slice(mark.length);
    const filename = changes.filename ?? HARD_NAME;
    const body = new Uint8Array(Buffer.from(`slotd check ${token}\n`));
    const bucket = s3Bucket({
      ...{ bucketUrl: target.bucketUrl, addAcl: target.addAcl, echoDeclared: target.isOwn },
      credentials: target.credentials,
      region: changes.region ?? target.region,
    });
    const { putUrl, getUrl } = bucket.slot(
      { token, filename, size: changes.size ?? body.length, contentType: PROBE_TYPE },
      changes.expires ?? Math.max(target.expirationTime, 60),
      changes.date ?? deps.now(),
    );
    return {
      ...{ token, filename, putUrl, body, ownUrl: getUrl },
      key: `${this.client.root.keyPrefix}${token}/${filename}`,
      publicUrl: this.urlOf({ token, filename }),
    };
  }

  /** Where anyone would GET an object of this name, whoever made it. */
  urlOf({ token, filename }: Pick<ProbeSlot, "token" | "filename">): string {
    const front = parseBucketUrl(this.target.publicUrl);
    return urlOf(front, objectPath(front, token, filename));
  }

  #keys(): Credentials {
    const keys = this.target.credentials.current(this.deps.now());
    if (keys === undefined) throw new CredentialsError();
    return keys;
  }

  /** What a private bucket's GET URL would redirect to. */
  presignedGet(slot: ProbeSlot): string {
    const { host } = parseBucketUrl(this.target.bucketUrl);
    const query = presign({
      ...{ method: "GET", host, path: new URL(slot.ownUrl).pathname, headers: {}, expires: 300 },
      ...{ date: this.deps.now(), region: this.target.region, credentials: this.#keys() },
    });
    return `${slot.ownUrl}?${query}`;
  }

  /** PUTs to a slot what it is for, but for `changes`; what may be there now is removed at the end. */
  async put(
    slot: ProbeSlot,
    changes: {
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: Uint8Array<ArrayBuffer>;
    } = {},
  ): Promise<S3Answer> {
    this.noteWritten(slot);
    const headers = { "content-type": PROBE_TYPE, ...changes.headers };
    const answer = await this.send("PUT", slot.putUrl, headers, changes.body ?? slot.body);
    if (!isOk(answer)) this.noteNotWritten(slot);
    return answer;
  }

  /** Has what may be in a slot from now on removed at the end. */
  noteWritten(slot: ProbeSlot): void {
    this.#written.set(slot.key, slot);
  }

  /** Takes that back: the store has refused it. */
  noteNotWritten(slot: ProbeSlot): void {
    this.#written.delete(slot.key);
  }

  /** Sends a request as a client would. */
  send(
    method: string,
    url: string,
    headers: Readonly<Record<string, string>> = {},
    body?: Uint8Array<ArrayBuffer>,
  ): Promise<S3Answer> {
    const { signal } = this.deps;
    const transport = this.#transport === undefined ? {} : { transport: this.#transport };
    return sendHttp({
      ...{ method, url, headers, signal, timeout: TIMEOUT, ...transport },
      ...(body ? { body } : {}),
    });
  }

  /** What may be there now. */
  get written(): readonly ProbeSlot[] {
    return [...this.#written.values()];
  }

  /**
   * Removes what was written, also when the signal is aborted.
   *
   * @returns the keys that could not be removed.
   */
  async removeWritten(): Promise<readonly string[]> {
    const left: string[] = [];
    for (const key of this.#written.keys()) {
      try {
        await this.client.deleteObject(key);
        this.#written.delete(key);
      } catch {
        left.push(key);
      }
    }
    return left;
  }
}

/** Whether an answer is a success. Source: RFC 9110 §15.3. */
export function isOk({ status }: Pick<S3Answer, "status">): boolean {
  return status >= 200 && status < 300;
}

/** An answer in a few words: "403 AccessDenied". */
export function brief({ status, code }: Pick<S3Answer, "status" | "code">): string {
  return code === undefined ? String(status) : `${status} ${code}`;
}
