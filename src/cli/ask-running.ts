import { type AskRunning, checkCommand, type NotAsked, readCheckAnswer } from "../check/running-slotd.ts";
import { ControlError, sendCommand } from "../ops/control.ts";

/** Asks the slotd that listens on this control socket; see AskRunning. */
export function askRunningAt(socket: string): AskRunning {
  return async (question) => {
    try {
      const { isDone, text } = await sendCommand(socket, checkCommand(question));
      return (isDone ? readCheckAnswer(text) : undefined) ?? older(socket);
    } catch (error) {
      if (!(error instanceof ControlError)) throw error;
      return isNobody(error.cause) ? undefined : silent(socket, error);
    }
  };
}

/** Nothing is there, or what a dead slotd has left. */
function isNobody(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause && ["ENOENT", "ECONNREFUSED"].includes(String(cause.code));
}

function older(socket: string): NotAsked {
  return {
    text: `The slotd that listens on ${socket} has another version, which the check cannot contact. The check does not log in beside it.`,
    advice: "Restart it, and run the check again.",
  };
}

function silent(socket: string, { message, cause }: ControlError): NotAsked {
  const isDenied =
    cause instanceof Error && "code" in cause && ["EACCES", "EPERM"].includes(String(cause.code));
  if (!isDenied) {
    return {
      text: `A slotd appears to run here, but the check got ${message}. The check does not log in beside it.`,
      advice: "Restart it, and run the check again.",
    };
  }
  return {
    text: `A slotd may run here, but this user may not use its control socket ${socket}. The check does not log in beside it.`,
    advice:
      "Run the check as root or as the user that runs slotd; for another slotd, set ops.socket (SLOTD_OPS_SOCKET) to that slotd's path.",
  };
}
