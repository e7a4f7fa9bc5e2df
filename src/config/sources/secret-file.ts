import { resolve } from "node:path";
import type { OptionName } from "../options/table.ts";
import { keyOf, optionOf } from "../options/table.ts";
import { type Place, type Problem, show } from "../problem.ts";
import { type Given, readSetting, type Setting, type Settings, withoutSource } from "../settings.ts";

/** What reading a file needs: `readFile` gives its text as UTF-8 and throws an error with a `code` as node:fs does. */
export interface Files {
  /** Relative paths start here. */
  readonly folder: string;
  readFile(path: string): string;
}

/** A secret as it was given: itself, the file that holds it, or wrongly both. */
export interface GivenSecret {
  readonly itself?: Given;
  readonly fromFile?: Given;
}

/** Reads each secret, from its file where that is given, without one line break at its end. */
export function readSecrets(
  secrets: ReadonlyMap<OptionName, GivenSecret>,
  files: Files,
  problems: Problem[],
): Settings {
  const settings: Settings = new Map();
  for (const [name, { itself, fromFile }] of secrets) {
    const setting = fromFile === undefined ? undefined : readSecretFile(fromFile, files, problems);
    if (itself !== undefined) settings.set(name, readSetting(itself, problems));
    else if (setting !== undefined) settings.set(name, setting);
    if (itself !== undefined && fromFile !== undefined) problems.push(bothGiven(itself, fromFile));
  }
  return settings;
}

function bothGiven(itself: Given, fromFile: Given): Problem {
  return {
    place: withoutSource(itself.place),
    key: itself.key,
    expected: `either it or ${fromFile.key}`,
    got: "both",
    advice: "Remove one of them.",
  };
}

function readSecretFile(given: Given, files: Files, problems: Problem[]): Setting {
  const { key, place, raw } = given;
  const fail = (expected: string, got: string): Setting => {
    problems.push({ place, key, expected, got, example: exampleOf(given) });
    return { key, place, value: undefined, isValid: false };
  };
  if (typeof raw !== "string" || raw === "" || raw.includes("\0")) {
    return fail("the path of a file that contains the secret", given.text ?? show(raw));
  }
  const path = resolve(files.folder, raw);
  const content = readText(path, files);
  if ("reason" in content) return fail("a file that can be read", `${path}: ${content.reason}`);
  const secret = content.text.replace(/\r?\n$/, "");
  if (secret === "") return fail("a file that contains the secret", `${path}, which is empty`);
  const result = optionOf(given.name).schema.safeParse(secret);
  if (!result.success) return fail(`a file that contains ${optionOf(given.name).expected}`, path);
  return { key, place, value: result.data, isValid: true, file: path };
}

function exampleOf({ name, place }: Given): string {
  const last = keyOf(name);
  return place.kind === "environment"
    ? `${place.variable}=/etc/slotd/${last}`
    : `${last}_file = "/etc/slotd/${last}"`;
}

/** Reads a file, or says in a few words why that cannot be done. */
export function readText(
  path: string,
  files: Pick<Files, "readFile">,
): { text: string } | { reason: string; isAbsent: boolean } {
  try {
    return { text: files.readFile(path) };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (code === "") throw error;
    return { reason: reasons[code] ?? `it cannot be read (${code})`, isAbsent: code === "ENOENT" };
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  ENOTDIR: "there is no such file",
  EACCES: "slotd is not permitted to read it",
  EPERM: "slotd is not permitted to read it",
  EISDIR: "it is a folder",
  ELOOP: "its links go round in a circle",
};

/** The place for messages about a whole file or, without one, about nothing in particular. */
export function placeOf(file: string | undefined): Place {
  return file === undefined ? { kind: "nowhere" } : { kind: "file", file };
}
