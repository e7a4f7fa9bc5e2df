import type { Option } from "./option.ts";
import {
  hasFileKey,
  isOptionName,
  type OptionName,
  optionNames,
  optionOf,
  tableOf,
  variableOf,
} from "./options.ts";
import { exampleFor, type Problem } from "./problem.ts";
import { placeOf } from "./secret-file.ts";
import { find, type Layers } from "./settings.ts";
import { hostPlaceholder, parseDomain, replaceHost } from "./values.ts";

/** Adds a problem for each mandatory option that some domain lacks; those of the bucket only where S3 is in force. */
export function checkMandatory(
  layers: Layers,
  domains: readonly string[],
  file: string | undefined,
  problems: Problem[],
): void {
  const scopes = domains.length === 0 ? [undefined] : domains;
  for (const name of optionNames) {
    const lacking = scopes.filter((domain) => isLacking(layers, domain, name));
    const isEverywhere = lacking.length === scopes.length && lacking.length > 0;
    for (const domain of isEverywhere ? [undefined] : lacking) {
      problems.push(missing(layers, domain, name, file));
    }
  }
}

function isLacking(layers: Layers, domain: string | undefined, name: OptionName): boolean {
  const { isMandatory, mandatoryWith } = optionOf(name);
  if (isMandatory === "no" || !isConditionMet(layers, domain, mandatoryWith)) return false;
  const { setting, value } = find(layers, domain, name);
  if (setting !== undefined || value !== undefined) return false;
  return isMandatory === "always" || find(layers, domain, "backend").value?.is === "s3";
}

function isConditionMet(
  layers: Layers,
  domain: string | undefined,
  condition: Option["mandatoryWith"],
): boolean {
  if (condition === undefined || !isOptionName(condition.name)) return true;
  return find(layers, domain, condition.name).value?.is === condition.value;
}

function missing(
  layers: Layers,
  domain: string | undefined,
  name: OptionName,
  file: string | undefined,
): Problem {
  const { expected, isMandatory, mandatoryWith } = optionOf(name);
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
  const isChosen = mandatoryWith !== undefined && mandatoryWith.value !== "static";
  const condition = isChosen ? ` and ${mandatoryWith.name} = "${mandatoryWith.value}"` : "";
  const forS3 = isMandatory === "for s3" ? s3Advice(layers, domain, name) : "";
  return {
    place,
    key: [...own, name].join("."),
    expected,
    got: "nothing",
    advice: `It is mandatory${isMandatory === "for s3" ? ' with backend = "s3"' : ""}${condition}: ${add}.${forS3}`,
    example: exampleFor(name, place),
  };
}

/** Said once, at the first of the bucket's options: whoever wants no bucket did not ask for one. */
function s3Advice(layers: Layers, domain: string | undefined, name: OptionName): string {
  if (name !== "s3.bucket_url") return "";
  const isDefault = find(layers, domain, "backend").setting === undefined;
  return isDefault
    ? ' backend defaults to "s3"; with backend = "disk" slotd keeps the files itself and needs no bucket.'
    : ' With backend = "disk" no bucket is needed.';
}

/** Adds a problem for each host that is no domain once `@HOST@` is replaced, or that two domains share. */
export function checkHosts(
  layers: Layers,
  domains: readonly string[],
  file: string | undefined,
  problems: Problem[],
): void {
  const owners = new Map<string, string>();
  for (const domain of domains) {
    const { value, setting } = find(layers, domain, "host");
    if (value === undefined) continue;
    const host = parseDomain(replaceHost(value.is, domain));
    const at = { place: setting?.place ?? placeOf(file), key: setting?.key ?? "host" };
    const owner = host === undefined ? undefined : owners.get(host);
    if (host === undefined) {
      const got = `${JSON.stringify(replaceHost(value.is, domain))} for ${domain}`;
      problems.push({
        ...at,
        expected: optionOf("host").expected,
        got,
        example: exampleFor("host", at.place),
      });
    } else if (owner !== undefined) {
      problems.push({
        ...at,
        expected: `a different host for each domain`,
        got: `${JSON.stringify(host)} for both ${owner} and ${domain}`,
        advice: `Put ${hostPlaceholder} into it, or set host in [domain.${JSON.stringify(domain)}].`,
        example: exampleFor("host", at.place),
      });
    } else owners.set(host, domain);
  }
}
