import { createHmac, randomBytes } from "node:crypto";
import type { DomainConfig } from "../config/config.ts";
import type { SeenThroughServer } from "./xmpp/through-server.ts";

/** What the check asks the slotd that runs here, by its control socket. */
export interface CheckQuestion {
  /** The component to look with; absent: only how the check is to be told from clients. */
  readonly host?: string;
  /** What `loginMark` makes of the login that the configuration has, and with what. */
  readonly nonce?: string;
  readonly login?: string;
}

/** What it answers. */
export interface CheckAnswer {
  /** Eight hex digits with which the tokens of the check's objects are to begin. */
  readonly mark: string;
  /** The user that it runs as. */
  readonly uid: number | undefined;
  /** undefined: it does not serve that component. */
  readonly component: ComponentAnswer | undefined;
}

export interface ComponentAnswer {
  readonly isOnline: boolean;
  /** Whether it goes by the same address and secret. */
  readonly isSameLogin: boolean;
  /** undefined while it is not online. */
  readonly seen: SeenThroughServer | undefined;
}

/** Why a slotd that seems to run here cannot be asked. */
export interface NotAsked {
  /** In a sentence, and what to do in another. */
  readonly text: string;
  readonly advice: string;
}

/**
 * The slotd that runs here, if one does. undefined: none does. `NotAsked`: one may, and there is no way to tell what it
 * does.
 */
export type AskRunning = (question: CheckQuestion) => Promise<CheckAnswer | NotAsked | undefined>;

/** The control socket's command for a question. */
export function checkCommand(question: CheckQuestion): string {
  return `check ${JSON.stringify(question)}`;
}

/** Reads the command; undefined when it is another one, or cannot be read. */
export function readCheckCommand(command: string): CheckQuestion | undefined {
  if (!command.startsWith("check ")) return undefined;
  try {
    const value: unknown = JSON.parse(command.slice("check ".length));
    if (typeof value !== "object" || value === null) return undefined;
    const text = (name: string): string | undefined => {
      const field: unknown = Reflect.get(value, name);
      return typeof field === "string" ? field : undefined;
    };
    const [host, nonce, login] = [text("host"), text("nonce"), text("login")];
    return {
      ...(host === undefined ? {} : { host }),
      ...(nonce === undefined || login === undefined ? {} : { nonce, login }),
    };
  } catch {
    return undefined;
  }
}

/** Reads what the control socket gave; undefined when another version of slotd has given it. */
export function readCheckAnswer(text: string): CheckAnswer | undefined {
  try {
    const answer: unknown = JSON.parse(text);
    // What follows was written by `JSON.stringify` of a CheckAnswer, by a slotd that knows the command.
    const isOurs =
      typeof answer === "object" && answer !== null && "mark" in answer && typeof answer.mark === "string";
    return isOurs ? (answer as CheckAnswer) : undefined;
  } catch {
    return undefined;
  }
}

/** The question about a component. */
export function questionAbout(config: DomainConfig): CheckQuestion {
  const nonce = randomBytes(16).toString("hex");
  return { host: config.host, nonce, login: loginMark(config, nonce) };
}

/** Tells two logins apart without telling the secret. */
export function loginMark({ domain, host, xmpp }: DomainConfig, nonce: string): string {
  const login = [domain, host, xmpp.address, xmpp.tls, xmpp.secret];
  return createHmac("sha256", nonce).update(JSON.stringify(login)).digest("hex");
}
