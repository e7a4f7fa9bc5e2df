import { namedTableOf } from "../../src/config/options/named-table.ts";
import type { Option } from "../../src/config/options/option.ts";
import {
  hasFileKey,
  type OptionName,
  optionNames,
  optionOf,
  tableNames,
  tableOf,
  variableOf,
} from "../../src/config/options/table.ts";
import { tomlText } from "../../src/config/reference/toml-text.ts";
import { version } from "../../src/version.ts";
import { bold, example, head, italic, plain, prose, section, subsection, tagged } from "./roff.ts";

/** The page slotd.toml(5), made from the table of options. @param date of the release, as 2026-11-25. */
export function manualOfToml(date: string): string {
  const tables = ["", ...tableNames].map((table) => ({
    title: table === "" ? "Top of the file" : `[${table}]`,
    names: optionNames.filter((name) => tableOf(name) === table),
  }));
  return `${[
    head("SLOTD.TOML", 5, date, version),
    section("NAME", "slotd.toml \\- configuration of slotd"),
    section(
      "DESCRIPTION",
      prose(
        "slotd reads the first of these files: `--config FILE`, the file that `SLOTD_CONFIG` names, `./slotd.toml`, and `/etc/slotd/slotd.toml`. `slotd init` writes a configuration, `slotd config` prints the active options, and `slotd reload` makes a running slotd read the file again.",
      ),
      ".PP",
      prose(
        'The file is TOML 1.0. You can also set any option in the environment. A domain\'s own table overrides options for that domain: `[domain."example.net"]`, `[domain."example.net".s3]`. Relative paths are relative to the folder of the file. A table with `NAME` in its heading may be there several times, each time with another name; the environment does not reach it. A key that ends in `_file` names a file that contains the secret.',
      ),
    ),
    section(
      "OPTIONS",
      ...tables
        .filter(({ names }) => names.length > 0)
        .map(({ title, names }) => subsection(title, ...names.map(describe))),
    ),
    section(
      "EXAMPLE",
      example(`domains = ["example.org"]
backend = "disk"

[xmpp]
secret_file = "/etc/slotd/xmpp-secret"

[disk]
path = "/var/lib/slotd"

[http]
listen = "127.0.0.1:5080"
public_url = "https://upload.example.org"`),
    ),
    section("SEE ALSO", ".BR slotd (1)"),
  ].join("\n")}\n`;
}

function describe(name: OptionName): string {
  const option = optionOf(name);
  const keys = [name, ...(hasFileKey(name) ? [`${name}_file`] : [])];
  const isNamed = namedTableOf(name) !== undefined;
  const facts = [
    `Value: ${prose(option.expected)}. Default: ${defaultOf(option)}.`,
    ...(option.isPerDomain || isNamed ? [] : ["For all domains."]),
    ...(isNamed ? [] : [`Environment: ${keys.map((key) => bold(variableOf(key))).join(", ")}.`]),
  ];
  return tagged(
    bold(name),
    prose(option.prose),
    ".br",
    ...facts,
    ".br",
    `Example: ${italic(`${name} = ${option.example}`)}`,
  );
}

function defaultOf({ default: value, defaultWords, isMandatory, unit }: Option): string {
  if (value !== undefined) return `${bold(tomlText(value))}${unit === undefined ? "" : ` ${plain(unit)}`}`;
  if (defaultWords !== undefined) return prose(defaultWords);
  return isMandatory === "with table" ? "none, mandatory for s3" : "none, mandatory";
}
