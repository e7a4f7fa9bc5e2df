import { namedTableOf } from "../options/named-table.ts";
import type { Option } from "../options/option.ts";
import {
  hasFileKey,
  type OptionName,
  optionNames,
  optionOf,
  tableNames,
  tableOf,
  variableOf,
} from "../options/table.ts";
import { tomlText } from "./toml-text.ts";

/** Writes the reference of all options, docs/options.md, from their table. */
export function optionsReference(): string {
  const top = optionNames.filter((name) => !name.includes("."));
  const sections = [
    section("Top of the file", top),
    ...tableNames.flatMap((table) => {
      const names = optionNames.filter((name) => tableOf(name) === table);
      return names.length === 0 ? [] : [section(`\`[${table}]\``, names)];
    }),
  ];
  return `${[introduction, summary(), ...sections].join("\n\n")}\n`;
}

const introduction = `# Options

<!-- Made from src/config/options/ by scripts/options-doc.ts: change it there. -->

slotd reads the first of these files: \`--config FILE\`, the file that \`SLOTD_CONFIG\` names, \`./slotd.toml\`, and
\`/etc/slotd/slotd.toml\`. \`slotd init\` writes a configuration, and \`slotd config\` prints the active options.

- The file is TOML 1.0. slotd does not start with an unknown key, a wrong value or a missing mandatory option. It
  reports all problems at once.
- You can also set options in the environment: \`SLOTD_\` and its name in capitals, with \`_\` for the dot
  (\`SLOTD_S3_REGION\`). Separate the items of a list with commas. The environment overrides the file, but not a
  domain's own table.
- A domain's own table overrides options for that domain: \`[domain."example.net"]\`,
  \`[domain."example.net".s3]\` and so on.
- A table with \`NAME\` in its heading may be there several times, each time with another name of 1 to 64 letters,
  digits, \`-\` and \`_\`: \`[former.old]\`, \`[former.older]\`. Its options are in force for that table only. Set them in
  the file: the environment and a domain's own table do not reach them.
- slotd can also read every secret from a file: \`xmpp.secret_file = "/run/secrets/xmpp"\`, or
  \`SLOTD_XMPP_SECRET_FILE\`. It ignores one line break at the end of the file. You cannot set both a secret and its
  file in one place.
- Relative paths are relative to the folder of the configuration file or, without one, to the current folder.`;

function summary(): string {
  const rows = optionNames.map((name) => {
    const option = optionOf(name);
    return `| [\`${name}\`](#${anchor(name)}) | ${defaultText(option)} | ${cell(option.prose)} |`;
  });
  return ["| option | default | meaning |", "|---|---|---|", ...rows].join("\n");
}

function section(title: string, names: readonly OptionName[]): string {
  return [`## ${title}`, ...names.map(entry)].join("\n\n");
}

function entry(name: OptionName): string {
  const option = optionOf(name);
  const isNamed = namedTableOf(name) !== undefined;
  const keys = [name, ...(hasFileKey(name) ? [`${name}_file`] : [])];
  const variables = isNamed ? ["none"] : keys.map((key) => `\`${variableOf(key)}\``);
  const facts = [
    `- Value: ${option.expected}`,
    `- Default: ${defaultText(option)}${option.unit === undefined || option.default === undefined ? "" : ` ${option.unit}`}`,
    `- Example: \`${name} = ${option.example}\``,
    `- Environment: ${variables.join(", ")}`,
    ...(option.isSecret
      ? [`- Secret: slotd never prints it; \`${name}_file\` names a file that contains it`]
      : []),
    ...(option.hasFile ? [`- \`${name}_file\` names a file that contains it`] : []),
    ...(option.isPerDomain || isNamed ? [] : ["- For all domains: a domain's own table cannot override it"]),
  ];
  return `### \`${name}\`\n\n${option.prose}\n\n${facts.join("\n")}`;
}

function defaultText({ default: value, defaultWords, isMandatory, onlyWith }: Option): string {
  if (value !== undefined) return `\`${tomlText(value)}\``;
  if (defaultWords !== undefined) return defaultWords;
  const condition = onlyWith && ` with \`${onlyWith.name} = "${onlyWith.value}"\``;
  return isMandatory === "with table" ? `none: mandatory for \`s3\`${condition ?? ""}` : "none: mandatory";
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

/** As GitHub and most others make them of a heading. */
function anchor(name: string): string {
  return name.toLowerCase().replaceAll(".", "");
}
