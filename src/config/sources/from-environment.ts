import { anyName, namedTableKeys } from "../options/named-table.ts";
import {
  environmentKeys,
  hasFileKey,
  isOptionName,
  type OptionName,
  optionOf,
  secretOfFileKey,
  variableOf,
} from "../options/table.ts";
import type { Problem } from "../problem.ts";
import { type Given, readSetting, type Settings } from "../settings.ts";
import { nearest } from "../suggest.ts";
import { type Files, type GivenSecret, readSecrets } from "./secret-file.ts";
import { isOfService } from "./service-variables.ts";

/** The variable that names the configuration file. */
export const fileVariable = "SLOTD_CONFIG";

const keysByVariable = new Map(environmentKeys.map((key) => [variableOf(key), key]));

/**
 * Reads the options from variables such as SLOTD_S3_REGION; an unknown SLOTD_ variable is a problem, but not one that
 * Kubernetes or Docker puts there for a service whose name begins with "slotd".
 */
export function settingsFromEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  files: Files,
  problems: Problem[],
): Settings {
  const settings: Settings = new Map();
  const secrets = new Map<OptionName, GivenSecret>();
  for (const [variable, text] of Object.entries(env)) {
    if (text === undefined || !variable.startsWith("SLOTD_") || variable === fileVariable) continue;
    const key = keysByVariable.get(variable);
    if (key === undefined) {
      if (!isOfService(variable, text, env)) problems.push(unknownVariable(variable));
    } else if (isOptionName(key)) {
      const given = {
        name: key,
        key,
        place: { kind: "environment", variable },
        raw: rawValue(key, text),
      } as const;
      if (hasFileKey(key)) secrets.set(key, { ...secrets.get(key), itself: given });
      else settings.set(key, readSetting(given, problems));
    } else {
      const name = secretOfFileKey(key);
      const given = { key, place: { kind: "environment", variable }, raw: text } as const;
      if (name !== undefined)
        secrets.set(name, { ...secrets.get(name), fromFile: { ...given, name } satisfies Given });
    }
  }
  return new Map([...settings, ...readSecrets(secrets, files, problems)]);
}

/** Makes of a text what TOML would have given; what is no such thing stays a text, which its schema refuses. */
function rawValue(name: OptionName, text: string): unknown {
  switch (optionOf(name).kind) {
    case "integer":
      return /^-?\d{1,16}$/.test(text) ? Number(text) : text;
    case "boolean":
      return text === "true" ? true : text === "false" ? false : text;
    case "list":
      return text.split(",").map((item) => item.trim());
    case "text":
    case "size":
      return text;
  }
}

function unknownVariable(variable: string): Problem {
  const meant = nearest(variable, [...keysByVariable.keys(), fileVariable]);
  const table = namedTableKeys.find((key) => variable.startsWith(`${variableOf(key)}_`));
  const forFile =
    table && `The environment does not reach the tables [${table}.${anyName}]: write it into the file.`;
  return {
    place: { kind: "environment", variable },
    key: "",
    expected: "a variable that slotd knows",
    got: "an unknown one",
    advice: forFile ?? meantText(meant),
  };
}

function meantText(meant: string | undefined): string {
  return meant === undefined ? "Remove it; docs/options.md lists them all." : `Did you mean ${meant}?`;
}
