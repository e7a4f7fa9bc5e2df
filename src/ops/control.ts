import { connect, createServer, type Socket } from "node:net";
import { listenOnUnix, type OwnSocket, SocketInUseError } from "../net/unix-socket.ts";

/** Where slotd looks for its control socket when `ops.socket` is not given. */
export const DEFAULT_SOCKET = "/run/slotd/slotd.sock";

/** What a running slotd answers to a command. */
export interface ControlAnswer {
  readonly isDone: boolean;
  /** For people; may have several lines, and ends without a line break. */
  readonly text: string;
}

/** Carries out a command; undefined when there is no such command. */
export type ControlHandler = (command: string) => Promise<ControlAnswer> | undefined;

export interface ControlServer {
  /** Takes no more commands and removes the socket. */
  stop(): Promise<void>;
}

/** There is no slotd to talk to, or the socket cannot be had. */
export class ControlError extends Error {
  readonly code = "control";
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = "ControlError";
  }
}

const longestCommand = 1000;

/**
 * Takes commands on a Unix socket that only its owner may use (mode 0600): one line comes, one line of JSON goes
 * back. A socket that a dead slotd left behind is replaced; one that is answered is left alone.
 *
 * @throws {ControlError} when the socket cannot be had.
 */
export async function startControl(path: string, handle: ControlHandler): Promise<ControlServer> {
  const server = createServer((socket) => serve(socket, handle));
  let own: OwnSocket;
  try {
    own = await listenOnUnix(server, path, 0o600);
  } catch (error) {
    if (error instanceof SocketInUseError)
      throw new ControlError(`another slotd uses the control socket ${path}`, error);
    throw new ControlError(`cannot create the control socket ${path}: ${reasonOf(error)}`, error);
  }
  return {
    async stop() {
      server.close();
      own.remove();
    },
  };
}

/**
 * Gives a command to the slotd that listens at `path`, and waits for its answer for up to `timeout` milliseconds.
 *
 * @throws {ControlError} when nobody listens there, it may not be used, or no answer comes.
 */
export function sendCommand(path: string, command: string, timeout = 60_000): Promise<ControlAnswer> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string, cause?: unknown) => {
      socket.destroy();
      reject(new ControlError(`no response from a slotd at ${path}: ${reason}`, cause));
    };
    let text = "";
    const socket = connect({ path }, () => socket.write(`${command}\n`));
    socket.setEncoding("utf8");
    socket.setTimeout(timeout, () => fail(`none within ${timeout / 1000} s`));
    socket.on("data", (chunk: string) => {
      text += chunk;
    });
    socket.on("error", (error) => fail(reasonOf(error), error));
    socket.on("close", () => {
      const answer = parseAnswer(text);
      if (answer === undefined) fail("it closed the connection without one");
      else resolve(answer);
    });
  });
}

function serve(socket: Socket, handle: ControlHandler): void {
  let text = "";
  socket.setEncoding("utf8");
  socket.setTimeout(10_000, () => text.includes("\n") || socket.destroy());
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk: string) => {
    if (text.includes("\n")) return;
    text += chunk;
    if (text.length > longestCommand) socket.destroy();
    else if (text.includes("\n")) void answer(socket, text.slice(0, text.indexOf("\n")), handle);
  });
}

async function answer(socket: Socket, command: string, handle: ControlHandler): Promise<void> {
  const none = Promise.resolve({ isDone: false, text: `This slotd does not know the command "${command}".` });
  const result = await (handle(command) ?? none).catch((error: unknown) => ({
    isDone: false,
    text: reasonOf(error),
  }));
  socket.end(`${JSON.stringify(result)}\n`);
}

function parseAnswer(text: string): ControlAnswer | undefined {
  if (!text.endsWith("\n")) return undefined;
  try {
    const answer: unknown = JSON.parse(text);
    if (typeof answer !== "object" || answer === null || !("isDone" in answer) || !("text" in answer))
      return undefined;
    return { isDone: answer.isDone === true, text: String(answer.text) };
  } catch {
    return undefined;
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
