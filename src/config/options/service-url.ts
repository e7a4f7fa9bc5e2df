import { z } from "zod";
import { prepareDomain } from "../../slot/jid.ts";
import { isPath, isSecretPath } from "../secret-path.ts";
import { formatListen, type HttpListen, isLoopback, parseDomain, parseNetwork } from "../values.ts";
import { servedDomainRule } from "./named-domain.ts";
import { from, global, type Option } from "./option.ts";
import type { Rule } from "./rule.ts";
import { domains } from "./top.ts";
import { listen as listenType, text } from "./types.ts";

export const serviceUrlDomain = {
  ...global,
  schema: text(parseDomain),
  kind: "text",
  expected: "one of the domains served",
  derived: from([domains], ([[first = ""]]) => first),
  defaultWords: "the served domain, if there is only one",
  prose:
    "The served domain whose policy, quotas, ledger and store apply to these slots. Its `access` must allow the users of `service_url.NAME.hosts`.",
  example: '"example.org"',
} as const satisfies Option;

const listen = {
  ...global,
  ...listenType,
  isMandatory: "always",
  prose:
    "The address at which slotd waits for the questions of this ejabberd. The listener is separate from `http.listen` and answers nothing else. Use a loopback address, or set `service_url.NAME.path`.",
  example: '"127.0.0.1:5082"',
} as const satisfies Option;

const secretPath = {
  ...global,
  schema: z.string().refine(isPath),
  kind: "text",
  expected: 'a path such as "/0123...", of letters, digits and . _ ~ - /',
  isSecret: true,
  default: "/",
  prose:
    "The path of `service_url` in ejabberd.yml. It is mandatory if `service_url.NAME.listen` is neither a loopback address nor a Unix socket, and must then contain at least 128 random bits, such as the output of `openssl rand -hex 16`. The question carries no other proof. slotd never logs the path.",
  example: '"/3b0f6f1e..."',
} as const satisfies Option;

/** The questions of ejabberd's option service_url. */
export const serviceUrlOptions = {
  "service_url.NAME.listen": listen,
  "service_url.NAME.path": secretPath,
  "service_url.NAME.addresses": {
    ...global,
    schema: z.array(text(parseNetwork)).min(1).max(1000),
    kind: "list",
    expected: 'a list of IP addresses and networks such as "10.0.0.0/8"',
    default: ["127.0.0.0/8", "::1"],
    prose:
      "The addresses from which slotd accepts questions. If a proxy of `http.trusted_proxies` sends the question, the address in its X-Forwarded-For must be in this list. A Unix socket accepts every process that has access to it.",
    example: '["10.1.2.3"]',
  },
  "service_url.NAME.hosts": {
    ...global,
    schema: z.array(text((raw) => preparedDomain(raw))).min(1),
    kind: "list",
    expected: "a list of one or more domains",
    derived: from([serviceUrlDomain], ([domain]) => [prepareDomain(domain)]),
    defaultWords: "`service_url.NAME.domain`",
    prose:
      "The domains whose users may receive slots in this way. The question names a JID without proof, so list only domains that this ejabberd serves.",
    example: '["example.org"]',
  },
  "service_url.NAME.domain": serviceUrlDomain,
} as const satisfies Record<string, Option>;

function preparedDomain(raw: string): string | undefined {
  const domain = parseDomain(raw);
  return domain === undefined ? undefined : prepareDomain(domain);
}

/** Whether only this machine reaches an address. */
function isPrivate(address: HttpListen): boolean {
  return "unix" in address || isLoopback(address.host);
}

/** Where others than this machine reach the listener, its path is the proof. */
const pathRule: Rule = ({ named, breach }) => {
  for (const table of named("service_url")) {
    const address = table.find(listen).value?.is;
    const { setting, value } = table.find(secretPath);
    if (address === undefined || value === undefined || isPrivate(address) || isSecretPath(value.is))
      continue;
    breach(secretPath, setting ?? table.at, {
      expected: `a path with at least 128 random bits, because other machines can reach ${formatListen(address)}`,
      got: setting === undefined ? "none" : "one that is too short or not random",
      advice: `Set ${table.at.key}.path to "/" and the output of: openssl rand -hex 16`,
    });
  }
};

/** Two listeners cannot have one address. */
const listenRule: Rule = ({ named, breach }) => {
  const taken = new Map<string, string>();
  for (const table of named("service_url")) {
    const { setting, value } = table.find(listen);
    if (value === undefined) continue;
    const address = formatListen(value.is);
    const other = taken.get(address);
    if (other !== undefined) {
      breach(listen, setting, { expected: `an address that [${other}] does not use`, got: address });
    }
    taken.set(address, table.at.key);
  }
};

export const serviceUrlRules: readonly Rule[] = [
  servedDomainRule("service_url", serviceUrlDomain),
  pathRule,
  listenRule,
];
