import type { OptionName } from "../config/options/table.ts";
import { tomlText } from "../config/reference/toml-text.ts";
import type { TakenOver, Values } from "./take-over.ts";

/** What the configuration that was read cannot say. */
export interface Rest {
  readonly domains: readonly string[];
  /** Whether the domains are only an example, to be edited. */
  readonly isExample: boolean;
  readonly address: string;
  readonly secret: string;
  /** Whether the component port has TLS from the first byte. */
  readonly hasTls: boolean;
}

/** Writes what was taken over as a slotd.toml. */
export function slotdToml({ values, overrides }: TakenOver, rest: Rest): string {
  const edit = rest.isExample ? "# EDIT THIS LINE: put your own domains here.\n" : "";
  const tables = [...overrides].map(
    ([domain, own]) => `[domain.${JSON.stringify(domain)}]\n${lines(own, (name) => name)}`,
  );
  return `${[
    `# The configuration of slotd. All options: docs/options.md. The active options: slotd config
# This file contains secrets: only the user that runs slotd may read it.

# The XMPP domains to serve.
${edit}domains = ${tomlText(rest.domains)}
backend = "s3"
${lines(values, (name) => (name.includes(".") ? undefined : name))}`,
    `[s3]\n${lines(values, (name) => (name.startsWith("s3.") ? name.slice(3) : undefined))}`,
    `[xmpp]
# The XMPP server's component port, and the same secret as there.
address = ${tomlText(rest.address)}
secret = ${tomlText(rest.secret)}
${rest.hasTls ? "tls = true\n" : ""}`,
    ...tables,
  ].join("\n")}`;
}

function lines(values: Values, keyOf: (name: OptionName) => string | undefined): string {
  return [...values]
    .map(([name, value]) => [keyOf(name), value] as const)
    .map(([key, value]) => (key === undefined ? "" : `${key} = ${tomlText(value)}\n`))
    .join("");
}
