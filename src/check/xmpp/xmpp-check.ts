import { readFile } from "node:fs/promises";
import type { DomainConfig } from "../../config/config.ts";
import { componentSecret } from "../../config/places.ts";
import { version } from "../../version.ts";
import { pingRoute, versionRoute } from "../../xmpp/basics.ts";
import { tryLogin } from "../../xmpp/login.ts";
import { Router } from "../../xmpp/router.ts";
import { type Finding, ok, warn, wrong } from "../finding.ts";
import type { Check } from "../run-checks.ts";
import { type AskRunning, type CheckAnswer, type NotAsked, questionAbout } from "../running-slotd.ts";
import { seenChecks } from "./seen-checks.ts";
import { lookThroughServer, type SeenThroughServer } from "./through-server.ts";

export interface XmppContext {
  readonly domain: DomainConfig;
  /** The components of the whole configuration. */
  readonly hosts: readonly string[];
  readonly askRunning: AskRunning;
  readonly signal: AbortSignal;
  /** Set by the first check, when a component was online. */
  seen?: SeenThroughServer;
}

/** The component's handshake with the XMPP server, and what is seen through that. */
export const xmppChecks: readonly Check<XmppContext>[] = [
  { name: "handshake", needs: [], run: checkHandshake },
  ...seenChecks,
];

/** A second login beside a slotd that runs could throw it off, or take requests from it: so that one is asked. */
async function checkHandshake(context: XmppContext): Promise<Finding> {
  const { domain: config } = context;
  const running = await context.askRunning(questionAbout(config));
  if (running !== undefined && isNotAsked(running)) return warn(running.text, running.advice);
  const component = running?.component;
  if (component?.seen === undefined) return logIn(context);
  context.seen = component.seen;
  if (component.isSameLogin) return ok(`The slotd that runs here is connected as ${config.host}.`);
  return warn(
    `The slotd that runs here is connected as ${config.host}, with another xmpp.address or xmpp.secret than this configuration has. The ones here were not tried: a second login could disconnect it.`,
    'Have it take over this configuration with "slotd reload", and run the check again.',
  );
}

function isNotAsked(running: CheckAnswer | NotAsked): running is NotAsked {
  return "advice" in running;
}

async function logIn(context: XmppContext): Promise<Finding> {
  const { domain: config, signal } = context;
  const { domain, host, xmpp } = config;
  const { host: server, port } = xmpp.address;
  const secret = componentSecret(config);
  if (secret === undefined) throw new Error(`slotd is no component for ${domain}`);
  const ca = xmpp.tlsCa === undefined ? undefined : await readFile(xmpp.tlsCa, "utf8");
  const monotonic = () => performance.now();
  const problem = await tryLogin(
    {
      settings: { host, domain, address: `${server}:${port}`, secret },
      connectTo: { host: server, port, tls: xmpp.tls ? { ca } : undefined },
      router: new Router(host, [pingRoute, versionRoute("slotd check", version)]),
    },
    { monotonic, random: Math.random },
    signal,
    async (component) => {
      const asker = {
        ...{ host, domain },
        ask: (...asked: Parameters<typeof component.ask>) => component.ask(...asked),
      };
      context.seen = await lookThroughServer(asker, { monotonic, yieldsToOther: true, signal });
    },
  );
  if (problem === undefined) return ok(`The XMPP server lets ${host} in.`);
  if (problem.kind === "conflict") {
    return warn(
      `The secret is right, and another connection holds ${host} already.`,
      "If that is slotd, set ops.socket to a path that it and the check can use: then the check asks it. If not, another program took the name: stop it.",
    );
  }
  const [text, advice] = split(problem.text);
  const { serverText } = problem;
  return wrong(serverText === undefined ? text : `${text} The server says: "${serverText}".`, advice);
}

/** The texts of a stream's problems say first what is wrong and then what to do. */
function split(text: string): readonly [string, string] {
  const end = text.search(/[.?] (?=[A-Z])/) + 1;
  return end === 0 ? [text, "See the log of the XMPP server."] : [text.slice(0, end), text.slice(end + 1)];
}
