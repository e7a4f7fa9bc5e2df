import { readFile } from "node:fs/promises";
import { areValid, type OpenCredentials, type TimedCredentials } from "../credentials.ts";
import { watchFiles } from "./watched.ts";

/** A file of credentials is there and cannot be used. No secret is in the message. */
export class CredentialsFileError extends Error {
  readonly code = "bad-credentials-file";
  readonly path: string;
  constructor(path: string, why: string) {
    super(
      `${path} ${why}. Expected: {"AccessKeyId":"…","SecretAccessKey":"…"}, for temporary keys with "SessionToken" ` +
        'and "Expiration", as "aws sts get-session-token" prints it.',
    );
    this.name = "CredentialsFileError";
    this.path = path;
  }
}

export interface FileCredentialsDeps {
  /** Is told when changed files cannot be used; the credentials from before stay in force. */
  readonly onProblem: (error: unknown) => void;
  /** Is told when others are in force. */
  readonly onChange?: (credentials: TimedCredentials) => void;
  /** Milliseconds from one look at the files to the next; 1000 when absent. */
  readonly interval?: number;
}

/**
 * Credentials from one JSON file, which is read again when it changes.
 *
 * @throws {CredentialsFileError} when it holds none; the system's error when it cannot be read.
 */
export function openCredentialsFile(path: string, deps: FileCredentialsDeps): Promise<OpenCredentials> {
  return openWatched([path], async () => parseCredentials(path, await readFile(path, "utf8")), deps);
}

/** The files of the three parts of static credentials; a part without a file is as given. */
export interface CredentialParts {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | undefined;
  readonly files: Readonly<Record<"accessKeyId" | "secretAccessKey" | "sessionToken", string | undefined>>;
}

/**
 * Static credentials, of which parts may stand in files of their own; those are read again when one of them changes.
 *
 * @throws the system's error when a file cannot be read, {@link CredentialsFileError} when it is empty.
 */
export function openCredentialParts(
  parts: CredentialParts,
  deps: FileCredentialsDeps,
): Promise<OpenCredentials> {
  const { files } = parts;
  const paths = [files.accessKeyId, files.secretAccessKey, files.sessionToken].filter(
    (path) => path !== undefined,
  );
  const read = async (): Promise<TimedCredentials> => {
    const sessionToken = await readPart(files.sessionToken, parts.sessionToken);
    return {
      accessKeyId: (await readPart(files.accessKeyId, parts.accessKeyId)) ?? "",
      secretAccessKey: (await readPart(files.secretAccessKey, parts.secretAccessKey)) ?? "",
      ...(sessionToken !== undefined && { sessionToken }),
    };
  };
  return openWatched(paths, read, deps);
}

async function openWatched(
  paths: readonly string[],
  read: () => Promise<TimedCredentials>,
  deps: FileCredentialsDeps,
): Promise<OpenCredentials> {
  const watched = await watchFiles({ paths, read, ...deps });
  return {
    current: (now) => (areValid(watched.value, now) ? watched.value : undefined),
    stop: () => watched.stop(),
  };
}

async function readPart(path: string | undefined, given: string | undefined): Promise<string | undefined> {
  if (path === undefined) return given;
  const text = (await readFile(path, "utf8")).replace(/\r?\n$/, "");
  if (text === "") throw new CredentialsFileError(path, "is empty");
  return text;
}

/**
 * Reads credentials as AWS's tools print them: `{"AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"}`,
 * alone or under `Credentials`.
 *
 * @throws {CredentialsFileError} that names `path`.
 */
export function parseCredentials(path: string, text: string): TimedCredentials {
  const file = parseJson(path, text);
  const entry = isRecord(file) && isRecord(file.Credentials) ? file.Credentials : file;
  if (!isRecord(entry)) throw new CredentialsFileError(path, "is not a JSON object");
  const accessKeyId = textIn(path, entry, "AccessKeyId");
  const secretAccessKey = textIn(path, entry, "SecretAccessKey");
  if (accessKeyId === undefined) throw new CredentialsFileError(path, "has no AccessKeyId");
  if (secretAccessKey === undefined) throw new CredentialsFileError(path, "has no SecretAccessKey");
  const sessionToken = textIn(path, entry, "SessionToken");
  const expires = textIn(path, entry, "Expiration");
  const expiration = expires === undefined ? undefined : new Date(expires);
  if (expiration && Number.isNaN(expiration.getTime())) {
    throw new CredentialsFileError(path, "has an Expiration that is not a date such as 2026-01-31T12:00:00Z");
  }
  return {
    accessKeyId,
    secretAccessKey,
    ...(sessionToken !== undefined && { sessionToken }),
    ...(expiration !== undefined && { expiration }),
  };
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message may quote the secret.
    throw new CredentialsFileError(path, "is not JSON");
  }
}

function textIn(path: string, entry: Record<string, unknown>, name: string): string | undefined {
  const value = entry[name];
  if (value === undefined || value === null || value === "") return undefined;
  if (typeof value === "string") return value;
  throw new CredentialsFileError(path, `has an entry ${name} that is not a text`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
