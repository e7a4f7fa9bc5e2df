import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import {
  environmentKeys,
  knownKeys,
  optionNames,
  optionOf,
  variableOf,
} from "../../../../src/config/options/table.ts";
import { optionsReference } from "../../../../src/config/reference/options-doc.ts";
import { problemsOf } from "../load-text.ts";

const page = readFileSync(new URL("../../../../docs/options.md", import.meta.url), "utf8");

test("docs/options.md is what the table of options gives (bun scripts/options-doc.ts writes it)", () => {
  expect(page).toBe(optionsReference());
});

test("every option and every variable is in it", () => {
  for (const key of knownKeys) expect(page).toContain(`\`${key}`);
  for (const key of environmentKeys) expect(page).toContain(`\`${variableOf(key)}\``);
});

test("every example is a value that its option takes", () => {
  for (const name of optionNames) {
    const problems = problemsOf(`${name} = ${optionOf(name).example}\n[nonsense]\n`);
    // A certificate needs its key beside it, and the URLs of a former service its kind.
    const wrong = problems.filter(({ place, got }) => "line" in place && !/^(nothing|none)/.test(got ?? ""));
    expect(wrong.map(({ key }) => key)).toEqual(["nonsense"]);
  }
});

test("every default is a value that its option takes", () => {
  for (const name of optionNames) {
    const { default: value, schema } = optionOf(name);
    if (value !== undefined) expect(schema.safeParse(value).success).toBe(true);
  }
});
