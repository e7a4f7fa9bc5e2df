import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ReceiverProtocol, ReceiverRequest, ReceiverSettings } from "../../../src/receive/receiver.ts";

/** A slot that a real server gave, or that its formula makes, as the files in vectors/ have it. */
export interface Vector {
  readonly requested_filename?: string;
  readonly put_url: string;
  readonly size?: number;
  readonly requested_content_type?: string;
  readonly content_type?: string;
  readonly put_headers?: { readonly Authorization: string };
  readonly signed_path?: string;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly valid_at?: number;
  readonly expired_at?: number;
  readonly expect?: number;
}

export interface VectorFile {
  readonly file: string;
  readonly base_url: string;
  readonly secret: string;
  readonly protocol: string;
  readonly vectors: readonly Vector[];
}

const folder = join(import.meta.dirname, "vectors");

export const vectorFiles: readonly VectorFile[] = readdirSync(folder)
  .sort()
  .map((file) => ({ file, ...JSON.parse(readFileSync(join(folder, file), "utf8")) }));

/** A receiver without bounds of its own. */
export function receiverOf(
  secret: string,
  protocol: ReceiverProtocol,
  also: Partial<ReceiverSettings> = {},
): ReceiverSettings {
  return {
    ...{ secret, protocol, maxFileSize: undefined, retention: undefined, hosts: [], jidInUrl: undefined },
    types: { allowed: undefined, denied: [] },
    ...also,
  };
}

/** The PUT of a client that does what the slot says. */
export function putOf({ base_url }: Pick<VectorFile, "base_url">, vector: Vector): ReceiverRequest {
  const mark = vector.put_url.indexOf("?");
  const path = mark < 0 ? vector.put_url : vector.put_url.slice(0, mark);
  return {
    path: decodeURIComponent(path.slice(base_url.length)),
    rawQuery: mark < 0 ? "" : vector.put_url.slice(mark + 1),
    size: vector.size ?? 0,
    contentType: vector.requested_content_type ?? vector.content_type,
    authorization: vector.put_headers?.Authorization,
  };
}
