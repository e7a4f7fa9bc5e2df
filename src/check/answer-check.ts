import type { DomainConfig } from "../config/config.ts";
import { type CheckAnswer, type CheckQuestion, type ComponentAnswer, loginMark } from "./running-slotd.ts";
import type { Asker } from "./xmpp/own-requests.ts";
import { lookThroughServer } from "./xmpp/through-server.ts";

/** A component of the slotd that runs, with what it goes by. */
export interface RunningComponent extends Pick<Asker, "ask"> {
  readonly config: DomainConfig;
  readonly isOnline: boolean;
}

export interface AnswerCheckDeps {
  readonly components: () => readonly RunningComponent[];
  /** Knows a new mark of objects, eight hex digits. */
  readonly addMark: (mark: string) => void;
  readonly randomBytes: (length: number) => Uint8Array;
  /** Milliseconds of a clock that never goes back. */
  readonly monotonic: () => number;
}

/**
 * Makes what answers "slotd check" in the slotd that runs: it looks with its own components, so that the check need not
 * log in a second time, and says how its objects are to be named. One look at a component at a time.
 */
export function checkAnswerer(deps: AnswerCheckDeps): (question: CheckQuestion) => Promise<CheckAnswer> {
  let last: Promise<unknown> = Promise.resolve();
  return async (question) => {
    const mark = Buffer.from(deps.randomBytes(4)).toString("hex");
    deps.addMark(mark);
    const looked = last.then(() => lookWith(question, deps));
    last = looked.catch(() => undefined);
    return { mark, uid: process.getuid?.(), component: await looked };
  };
}

async function lookWith(
  { host, nonce = "", login }: CheckQuestion,
  { components, monotonic }: AnswerCheckDeps,
): Promise<ComponentAnswer | undefined> {
  const component = components().find(({ config }) => config.host === host);
  if (component === undefined) return undefined;
  const { config, isOnline } = component;
  const asker: Asker = {
    ...{ host: config.host, domain: config.domain },
    ask: (question, timeout) => component.ask(question, timeout),
  };
  const seen = isOnline ? await lookThroughServer(asker, { monotonic, yieldsToOther: false }) : undefined;
  return { isOnline, isSameLogin: loginMark(config, nonce) === login, seen };
}
