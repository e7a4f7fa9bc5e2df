import { exampleFor } from "./example.ts";
import { find, type Layers, lookUp, settingOf } from "./in-force.ts";
import { namedTableOf, type Where, withName } from "./options/named-table.ts";
import { hasFileKey, type OptionName, optionNames, optionOf, tableOf, variableOf } from "./options/table.ts";
import { backend } from "./options/top.ts";
import type { Problem } from "./problem.ts";
import { placeOf } from "./sources/secret-file.ts";
import { isInForce } from "./tables.ts";

/** Adds a problem for each mandatory option that some domain lacks; those of the bucket only where S3 is in force. */
export function checkMandatory(
  layers: Layers,
  domains: readonly string[],
  file: string | undefined,
  problems: Problem[],
): void {
  const scopes = domains.length === 0 ? [undefined] : domains;
  for (const name of optionNames.filter((option) => namedTableOf(option) === undefined)) {
    const lacking = scopes.filter((domain) => isLacking(layers, domain, name));
    const isEverywhere = lacking.length === scopes.length && lacking.length > 0;
    for (const domain of isEverywhere ? [undefined] : lacking) {
      problems.push(missing(layers, domain, name, file));
    }
  }
  checkNamed(layers, problems);
}

/** The same for each table with a name. */
function checkNamed(layers: Layers, problems: Problem[]): void {
  for (const [table, members] of layers.named) {
    const names = optionNames.filter((name) => namedTableOf(name) === table);
    for (const [member, { at }] of members) {
      const where = { table, name: member };
      for (const name of names.filter((option) => isLacking(layers, where, option))) {
        problems.push({
          place: at.place,
          key: withName(name, where),
          expected: optionOf(name).expected,
          got: "nothing",
          advice: `It is mandatory: add it to the table [${withName(tableOf(name), where)}].`,
          example: exampleFor(name, at.place),
        });
      }
    }
  }
}

function isLacking(layers: Layers, where: Where, name: OptionName): boolean {
  const option = optionOf(name);
  const valueIn = (other: typeof option) => lookUp(layers, where, other);
  if (option.isMandatory === "no" || !isInForce(option, valueIn)) return false;
  if (settingOf(layers, where, option) !== undefined) return false;
  return option.isMandatory === "always" || find(layers, where, backend).value?.is === "s3";
}

function missing(
  layers: Layers,
  domain: string | undefined,
  name: OptionName,
  file: string | undefined,
): Problem {
  const { expected, isMandatory, onlyWith } = optionOf(name);
  const place = placeOf(file);
  const table = tableOf(name);
  const own = domain === undefined ? [] : [`domain.${JSON.stringify(domain)}`];
  const where = [...own, ...(table === "" ? [] : [table])].join(".");
  const variables = [name, ...(hasFileKey(name) ? [`${name}_file`] : [])].map(variableOf).join(" or ");
  const inFile = `add it to ${where === "" ? "the top of the file" : `the table [${where}]`}`;
  const add =
    file === undefined
      ? `set ${variables}, or make a file with "slotd init"`
      : `${inFile}, or set ${variables}`;
  const conditions = [
    ...(isMandatory === "with table" ? ['backend = "s3"'] : []),
    // What the others are the default for needs no word.
    ...(onlyWith !== undefined && !["static", "on"].includes(onlyWith.value)
      ? [`${onlyWith.name} = "${onlyWith.value}"`]
      : []),
  ];
  const condition = conditions.length === 0 ? "" : ` with ${conditions.join(" and ")}`;
  const forS3 = isMandatory === "with table" ? s3Advice(layers, domain, name) : "";
  return {
    place,
    key: [...own, name].join("."),
    expected,
    got: "nothing",
    advice: `It is mandatory${condition}: ${add}.${forS3}`,
    example: exampleFor(name, place),
  };
}

/** Said once, at the first of the bucket's options: whoever wants no bucket did not ask for one. */
function s3Advice(layers: Layers, domain: string | undefined, name: OptionName): string {
  if (name !== "s3.bucket_url") return "";
  const isDefault = find(layers, domain, backend).setting === undefined;
  return isDefault
    ? ' backend defaults to "s3"; with backend = "disk" slotd keeps the files itself and needs no bucket.'
    : ' With backend = "disk" no bucket is needed.';
}
