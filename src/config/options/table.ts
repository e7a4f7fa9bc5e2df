import { accessOptions } from "./access.ts";
import { diskOptions } from "./disk.ts";
import { formerOptions, formerRules } from "./former.ts";
import { httpOptions, httpRules } from "./http.ts";
import { ledgerOptions, ledgerRules } from "./ledger.ts";
import { namedTableOf } from "./named-table.ts";
import { opsOptions } from "./ops.ts";
import type { InForce, Option } from "./option.ts";
import { purposeOptions, purposeRules, retention } from "./purpose.ts";
import { receiverOptions, receiverRules } from "./receivers.ts";
import type { Rule } from "./rule.ts";
import { s3Options } from "./s3.ts";
import { serviceUrlOptions, serviceUrlRules } from "./service-url.ts";
import { backend, topOptions, topRules } from "./top.ts";
import { xmppOptions } from "./xmpp.ts";

/** Every option of slotd, once, in the order of the reference. */
export const options = {
  ...topOptions,
  ...accessOptions,
  retention,
  ...s3Options,
  ...xmppOptions,
  ...diskOptions,
  ...httpOptions,
  ...ledgerOptions,
  ...purposeOptions,
  ...opsOptions,
  ...formerOptions,
  ...receiverOptions,
  ...serviceUrlOptions,
} as const satisfies Record<string, Option>;

/** What the options are held against, in the order in which problems are told. */
export const rules: readonly Rule[] = [
  ...topRules,
  ...ledgerRules,
  ...purposeRules,
  ...httpRules,
  ...formerRules,
  ...receiverRules,
  ...serviceUrlRules,
];

/** The tables that are in force only where an option has a certain value; else nothing in them counts. */
export const optionalTables = { s3: { option: backend, value: "s3" } } as const;

export type OptionName = keyof typeof options;

/** The value of an option that is in force. */
export type OptionValue<Name extends OptionName> = InForce<(typeof options)[Name]>;

/** The names of all options, in the order of the reference. */
export const optionNames = Object.keys(options) as readonly OptionName[];

/** The table that an option stands in: "s3", "purpose.message"; "" for the top of the file. */
export function tableOf(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf(".")));
}

/** What an option is called in its table. */
export function keyOf(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}

/** The tables that options stand in, and those that hold such tables. */
export const tableNames: readonly string[] = [
  ...new Set(optionNames.map(tableOf).flatMap((table) => [tableOf(table), table])),
].filter((table) => table !== "");

/** Whether an option has this dotted name. */
export function isOptionName(name: string): name is OptionName {
  return Object.hasOwn(options, name);
}

const namesByOption = new Map<Option, OptionName>(optionNames.map((name) => [options[name], name]));

/** The name of an entry of the table. */
export function nameOf(option: Option): OptionName {
  const name = namesByOption.get(option);
  if (name === undefined) throw new Error("an option is asked for that is not in the table");
  return name;
}

/** An option's entry in the table, by its general type. */
export function optionOf(name: OptionName): Option {
  return options[name];
}

/** Whether an option's value may stand in a file, which the key `<option>_file` names. */
export function hasFileKey(name: OptionName): boolean {
  const { isSecret, hasFile } = optionOf(name);
  return isSecret || hasFile === true;
}

/** The option whose value the key `<option>_file` names a file for; undefined for any other key. */
export function secretOfFileKey(key: string): OptionName | undefined {
  const name = key.endsWith("_file") ? key.slice(0, -"_file".length) : "";
  return isOptionName(name) && hasFileKey(name) ? name : undefined;
}

/** Every key that a configuration may hold: the options, and the file keys of those that have one. */
export const knownKeys: readonly string[] = optionNames.flatMap((name) =>
  hasFileKey(name) ? [name, `${name}_file`] : [name],
);

/** The keys that have an environment variable: all but those of tables with names. */
export const environmentKeys: readonly string[] = knownKeys.filter((key) => namedTableOf(key) === undefined);

/** Whether an option holds a URL, and so by mistake a user name and a password. */
export function isUrlOption(name: string): boolean {
  return /[._]urls?$/.test(name);
}

/** The environment variable of one of those keys: `s3.region` is `SLOTD_S3_REGION`. */
export function variableOf(key: string): string {
  return `SLOTD_${key.toUpperCase().replaceAll(".", "_")}`;
}
