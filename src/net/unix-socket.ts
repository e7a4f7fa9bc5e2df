import { chmodSync, linkSync, lstatSync, unlinkSync } from "node:fs";
import { connect, type Server } from "node:net";
import { dirname, join } from "node:path";
import { listening } from "./listening.ts";

/** The file of a Unix socket that a server of this process made. */
export interface OwnSocket {
  /** Removes it, unless another one has come in its place. */
  remove(): void;
}

/** Somebody listens on this Unix socket, or what is there must not be touched. */
export class SocketInUseError extends Error {
  readonly code = "EADDRINUSE";
  constructor(path: string) {
    super(`Another process listens on ${path}, or its file may not be replaced.`);
    this.name = "SocketInUseError";
  }
}

/** How often a dead socket is replaced that comes back before this one is in its place. */
const mostTries = 10;

/**
 * Makes a server listen on a Unix socket with these permissions from its first moment on. What a dead process left
 * there is replaced; of two that come at once, one gets it.
 *
 * The socket is made under another name and linked to this one. For a link replaces nothing; and Bun, like Node.js,
 * removes the name that a server listened on when it is closed, whoever has it by then.
 *
 * @throws {SocketInUseError} when somebody listens there; else the system's error.
 */
export async function listenOnUnix(server: Server, path: string, mode: number): Promise<OwnSocket> {
  const made = join(dirname(path), `.${crypto.randomUUID().slice(0, 6)}`);
  await listening(server, () => server.listen(made));
  try {
    chmodSync(made, mode);
    await publish(made, path);
    const own = identityOf(made);
    return {
      remove: () => {
        if (identityOf(path) === own) unlinkIfThere(path);
      },
    };
  } catch (error) {
    server.close();
    throw error;
  } finally {
    unlinkIfThere(made);
  }
}

async function publish(made: string, path: string): Promise<void> {
  for (let left = mostTries; left > 0; left -= 1) {
    try {
      linkSync(made, path);
      return;
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error;
    }
    const found = identityOf(path);
    if (!(await isDead(path))) throw new SocketInUseError(path);
    // Another one may be there by now.
    if (identityOf(path) === found) unlinkIfThere(path);
  }
  throw new SocketInUseError(path);
}

/** Tells a file from every other one; the number of one that was removed is given again, but not its time. */
function identityOf(path: string): string | undefined {
  const found = lstatSync(path, { throwIfNoEntry: false, bigint: true });
  return found && `${found.dev} ${found.ino} ${found.mtimeNs}`;
}

/** Whether nobody listens there. */
function isDead(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect({ path }, () => {
      probe.destroy();
      resolve(false);
    });
    probe.once("error", (error) => resolve(["ECONNREFUSED", "ENOENT"].includes(codeOf(error) ?? "")));
  });
}

function unlinkIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}
