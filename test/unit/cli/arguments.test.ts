import { describe, expect, test } from "bun:test";
import { parseArguments } from "../../../src/cli/arguments.ts";
import { type Command, UsageError } from "../../../src/cli/command.ts";

const command: Command = {
  name: "try",
  summary: "Tries.",
  options: [
    { name: "file", value: "FILE", isRequired: true, summary: "A file." },
    { name: "count", value: "N", range: { min: 1, max: 10 }, summary: "A number." },
    { name: "domain", value: "DOMAIN", isRepeatable: true, summary: "Domains." },
    { name: "force", summary: "A flag." },
  ],
  run: async () => 0,
};

test("options are read in both forms and in any order", () => {
  const args = parseArguments(command, [
    "--force",
    "--count=3",
    "--domain",
    "a",
    "--file",
    "a=b",
    "--domain=b",
  ]);
  expect(args.has("force")).toBe(true);
  expect(args.number("count")).toBe(3);
  expect(args.texts("domain")).toEqual(["a", "b"]);
  expect(args.required("file")).toBe("a=b");
  expect(args.text("nothing")).toBeUndefined();
});

test("a value may be empty, hold line breaks or begin with dashes after =", () => {
  expect(parseArguments(command, ["--file", ""]).text("file")).toBe("");
  expect(parseArguments(command, ["--file=--x=1\n2"]).text("file")).toBe("--x=1\n2");
  expect(parseArguments(command, ["--file", "-"]).text("file")).toBe("-");
});

describe("refuses", () => {
  test.each([
    [["--fiel", "x"], 'unknown option "--fiel" of "slotd try"; did you mean "--file"?'],
    [["--frobnicate"], 'unknown option "--frobnicate" of "slotd try"'],
    [["-f", "x"], 'unknown option "-f" of "slotd try"'],
    [["--fiel=hush"], 'unknown option "--fiel" of "slotd try"; did you mean "--file"?'],
    [["x"], 'unexpected "x"; "slotd try" takes options only'],
    [["--file"], "--file needs a value: --file FILE"],
    [
      ["--file", "--force"],
      '--file needs a value, got the option "--force"; if it is the value, write --file=--force',
    ],
    [["--force=yes", "--file", "x"], "--force takes no value"],
    [["--file", "x", "--file", "y"], '--file is given twice; "slotd try" takes it once'],
    [[], '"slotd try" needs --file FILE'],
    [["--file", "x", "--count", "abc"], 'expected --count N to be a whole number from 1 to 10, got "abc"'],
    [["--file", "x", "--count", "0"], 'expected --count N to be a whole number from 1 to 10, got "0"'],
    [["--file", "x", "--count", "1.5"], 'expected --count N to be a whole number from 1 to 10, got "1.5"'],
    [["--file", "x", "--count="], 'expected --count N to be a whole number from 1 to 10, got ""'],
    [["--file", "x", "--count", "-1"], 'expected --count N to be a whole number from 1 to 10, got "-1"'],
  ])("%j", (words, message) => {
    expect(() => parseArguments(command, words)).toThrow(new UsageError(message, command));
  });
});
