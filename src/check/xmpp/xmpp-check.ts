import { readFile } from "node:fs/promises";
import type { DomainConfig } from "../../config/config.ts";
import { tryLogin } from "../../xmpp/login.ts";
import { Router } from "../../xmpp/router.ts";
import { type Finding, ok, warn, wrong } from "../finding.ts";
import type { Check } from "../run-checks.ts";

export interface XmppContext {
  readonly domain: DomainConfig;
  readonly signal: AbortSignal;
}

/** The component's handshake with the XMPP server. */
export const xmppChecks: readonly Check<XmppContext>[] = [
  { name: "handshake", needs: [], run: checkHandshake },
];

async function checkHandshake({ domain: config, signal }: XmppContext): Promise<Finding> {
  const { domain, host, xmpp } = config;
  const { host: server, port } = xmpp.address;
  const ca = xmpp.tlsCa === undefined ? undefined : await readFile(xmpp.tlsCa, "utf8");
  const problem = await tryLogin(
    {
      settings: { host, domain, address: `${server}:${port}`, secret: xmpp.secret },
      connectTo: { host: server, port, tls: xmpp.tls ? { ca } : undefined },
      router: new Router(host, []),
    },
    { monotonic: () => performance.now(), random: Math.random },
    signal,
  );
  if (problem === undefined) return ok(`The XMPP server lets ${host} in.`);
  if (problem.kind === "conflict") {
    return warn(
      `The secret is right, and another connection holds ${host} already.`,
      "That is as it should be while slotd runs. If it does not, another program took the name: stop it.",
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
