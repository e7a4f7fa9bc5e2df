import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { configOf, warningsOf } from "./load-text.ts";

const page = readFileSync(join(import.meta.dirname, "../../../docs/receivers.md"), "utf8");
const [common = "", ...tables] = [...page.matchAll(/```toml\n(.*?)```/gs)].map(([, toml = ""]) => toml);

/** The table of a section after the lines that all need; what stands at the top of the file first. */
function together(section: string): string {
  const top = section.startsWith("[") ? "" : section.slice(0, section.indexOf("["));
  return `${top}${common}${section.slice(top.length)}`.replace(
    "/3f1c...",
    "/0123456789abcdef0123456789abcdef",
  );
}

test("docs/receivers.md has an example for each module", () => {
  const kinds = tables.map((toml) => /protocol = "(\w+)"/.exec(toml)?.[1] ?? "service_url");
  expect(kinds).toEqual(["v2", "jwt", "v1", "service_url", "service_url", "token"]);
});

test.each(tables.map((toml) => [toml]))("slotd accepts it, without a warning:\n%s", (toml) => {
  const config = configOf(together(toml));
  expect(config.receivers.length + config.service_url.length).toBe(1);
  expect(warningsOf(together(toml))).toEqual([]);
});
