import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { commands } from "../../../src/cli/commands.ts";
import { bashCompletion } from "../../../src/cli/completion/bash.ts";
import { main } from "../../../src/cli/main.ts";
import { fakeIo } from "./fake-io.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "slotd-completion-"));
  mkdirSync(join(folder, "a folder"));
  writeFileSync(join(folder, "my slotd.toml"), "");
  writeFileSync(join(folder, "completion.bash"), bashCompletion(commands));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What bash offers for the words before the cursor, the last one unfinished. */
function offered(...words: string[]): string[] {
  const script = `source ./completion.bash
compopt() { :; }
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_slotd
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync("bash", ["--norc", "-c", script, "bash", "slotd", ...words], {
    cwd: folder,
    encoding: "utf8",
  });
  expect(stderr).toBe("");
  return stdout.split("\n").filter((line) => line !== "");
}

describe("in bash", () => {
  test("every command is offered, by its first letters too", () => {
    expect(offered("")).toEqual([...commands.map(({ name }) => name), "help", "--help", "--version"]);
    expect(offered("re")).toEqual(["reload", "reconcile"]);
    expect(offered("help", "rel")).toEqual(["reload"]);
  });

  test.each(commands.map((command) => [command.name, command] as const))(
    "every option of %s is offered",
    (name, { options }) => {
      expect(offered(name, "--")).toEqual([...options.map((option) => `--${option.name}`), "--help"]);
    },
  );

  test("values: files with blanks in their names, one of a few words, and nothing for a free text", () => {
    expect(offered("serve", "--config", "my")).toEqual(["my slotd.toml"]);
    expect(offered("serve", "--config", "=", "my")).toEqual(["my slotd.toml"]);
    expect(offered("serve", "--config", "=")).toContain("my slotd.toml");
    expect(offered("files", "--purpose", "p")).toEqual(["profile", "permanent"]);
    expect(offered("files", "--jid", "")).toEqual([]);
    expect(offered("completion", "z")).toEqual(["zsh"]);
  });
});

test("the command prints each script, and refuses another shell", async () => {
  for (const shell of ["bash", "zsh", "fish"]) {
    const io = fakeIo(folder);
    expect(await main(["completion", shell], io)).toBe(0);
    for (const { name, options } of commands) {
      expect(io.out()).toContain(name);
      for (const option of options) expect(io.out()).toContain(option.name);
    }
  }
  const io = fakeIo(folder);
  expect(await main(["completion", "zhs"], io)).toBe(2);
  expect(io.err()).toContain('expected SHELL to be one of bash, zsh, fish, got "zhs"; did you mean "zsh"?');
});
