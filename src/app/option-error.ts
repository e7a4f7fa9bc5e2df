import type { OptionName } from "../config/options/table.ts";

/** The system refused what an option asks for. The message names the option, the reason and what to do. */
export class OptionError extends Error {
  /** The system's own code, such as EACCES. */
  readonly code: string;
  readonly option: OptionName;

  constructor(option: OptionName, value: string, code: string, cause: Error) {
    const reason = (option.endsWith(".listen") ? listenReasons : folderReasons)[code];
    super(`${option} = ${JSON.stringify(value)}: ${reason ?? sentence(cause.message)}`, { cause });
    this.name = "OptionError";
    this.code = code;
    this.option = option;
  }
}

/**
 * Does what an option asks for.
 *
 * @param value the option's value, as the message shows it; it must hold no secret.
 * @throws {OptionError} instead of the error of a system call; anything else as it is.
 */
export async function forOption<Result>(
  option: OptionName,
  value: string,
  work: () => Result | Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    // The classes of slotd itself have codes in small letters, and say what is wrong.
    if (!(error instanceof Error) || !/^E[A-Z0-9]+$/.test(code)) throw error;
    throw new OptionError(option, value, code, error);
  }
}

const mayNotListen =
  "this user may not listen there. Only root and CAP_NET_BIND_SERVICE may use ports below 1024, and a Unix socket needs a folder that the user may write: choose another address.";

const listenReasons: Readonly<Record<string, string>> = {
  EADDRINUSE: "another program listens there, perhaps another slotd. Stop it, or choose another address.",
  EADDRNOTAVAIL:
    "this machine does not have that address. Choose an address of this machine, or 0.0.0.0 or [::] for all.",
  EACCES: mayNotListen,
  EPERM: mayNotListen,
  ENOENT: "the folder of the Unix socket does not exist. Create it, or choose another path.",
};

const notAFolder = "a file with that name exists. Choose a folder, or a path below one.";
const mayNotWrite =
  "this user may not write there. Give the user that runs slotd write access, or choose another path.";

const folderReasons: Readonly<Record<string, string>> = {
  EEXIST: notAFolder,
  ENOTDIR: notAFolder,
  EACCES: mayNotWrite,
  EPERM: mayNotWrite,
  ENOENT: "slotd cannot create it there. Create the folder, or choose another path.",
  EROFS:
    "the file system is read-only there. Under the systemd unit, slotd may write only to /var/lib/slotd: choose that folder, or add ReadWritePaths= to the unit.",
  ENOSPC: "the file system is full.",
};

function sentence(text: string): string {
  return /[.?!]$/.test(text) ? text : `${text}.`;
}
