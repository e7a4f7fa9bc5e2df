import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { commands } from "../../../src/cli/commands.ts";
import { commandHelp, generalHelp } from "../../../src/cli/help.ts";
import { optionNames, optionOf } from "../../../src/config/options/table.ts";
import { metricList } from "../../../src/ops/metric-list.ts";
import { lintProse } from "./lint.ts";

const root = resolve(import.meta.dirname, "../../..");
/** STYLE.md shows what not to write; options.md and metrics.md are checked at their source. */
const exempt = ["STYLE.md", "options.md"];

const pages = ["", "docs"].flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith(".md") && !exempt.includes(name))
    .map((name) => join(folder, name)),
);

test.each(pages)("%s follows docs/STYLE.md", async (page) => {
  expect(await lintProse(page, readFileSync(join(root, page), "utf8"))).toEqual([]);
});

test.each(optionNames)("the prose of %s follows docs/STYLE.md", async (name) => {
  expect(await lintProse(name, optionOf(name).prose)).toEqual([]);
});

test.each(Object.values(metricList))("the help of $name follows docs/STYLE.md", async ({ name, help }) => {
  expect(await lintProse(name, help)).toEqual([]);
});

test.each(["help", ...commands.map(({ name }) => name)])(
  "the help of %s follows docs/STYLE.md",
  async (name) => {
    const command = commands.find((each) => each.name === name);
    const help = command === undefined ? generalHelp() : commandHelp(command);
    // Lines of the help are indented, which would be code in Markdown.
    expect(await lintProse(`slotd ${name}`, help.replace(/^ +/gm, "\n"))).toEqual([]);
  },
);

test("the alerts and the dashboard follow docs/STYLE.md", async () => {
  const alerts = readFileSync(join(root, "docs/alert-rules.yml"), "utf8").matchAll(
    /(?:summary|description): "(.*)"$/gm,
  );
  const { panels } = JSON.parse(readFileSync(join(root, "docs/grafana-dashboard.json"), "utf8"));
  const texts = [
    ...[...alerts].map(([, text = ""]) => text),
    ...panels.flatMap(({ title, description = "" }: { title: string; description?: string }) => [
      title,
      description,
    ]),
  ];
  expect(texts.length).toBeGreaterThan(80);
  expect(await lintProse("alerts and dashboard", texts.join("\n\n"))).toEqual([]);
});

test.each([
  "The file is read anew.",
  "The new keys are in force.",
  "slotd keeps files for ever.",
  "Prosody lets one component\nin at a time.",
  "- No package of it is\n  to be had.",
  "| a | b |\n|---|---|\n| two services of one name | a hard name |",
  "### Deeds\n",
  `slotd ${"reads the file and ".repeat(20)}ends.`,
])("a planted sentence is found: %j", async (text) => {
  expect(await lintProse("planted", text)).not.toEqual([]);
});

test("code is exempt", async () => {
  expect(await lintProse("code", "`anew`\n\n    for ever\n\n```\ndeeds\n```\n")).toEqual([]);
});
