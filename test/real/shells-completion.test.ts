import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { manuals } from "../../scripts/package/share.ts";
import { makeFolder, removeFolder } from "../peers/process.ts";

const files = manuals("2026-11-25");
let folder: string;
beforeAll(() => {
  folder = makeFolder("shells");
  writeFileSync(join(folder, "my.toml"), "");
  for (const [path, text] of Object.entries(files))
    writeFileSync(join(folder, path.replaceAll("/", ".")), text);
});
afterAll(() => removeFolder(folder));

/** What a shell on a terminal prints when these keys are pressed. */
function typed(shell: string, keys: string): string {
  const { stdout } = spawnSync("script", ["-qec", shell, "/dev/null"], {
    cwd: folder,
    input: keys,
    encoding: "utf8",
    timeout: 20_000,
    env: {
      PATH: process.env.PATH ?? "",
      TERM: "dumb",
      HOME: folder,
      LC_ALL: "C.UTF-8",
      INPUTRC: "/dev/null",
    },
  });
  return stdout;
}

test("bash completes a command, its option and a file, by the Tab key", () => {
  const keys = [
    "source ./bash-completion.completions.slotd",
    "slotd() { printf 'ran:%s\\n' \"$*\"; }",
    "slotd rel\t--sock\t./my\t",
    "exit\n",
  ];
  expect(typed("bash --norc --noprofile -i", keys.join("\n"))).toContain("ran:reload --socket ./my.toml");
});

test("zsh completes a command, its option and a value, by the Tab key", () => {
  const keys = [
    "autoload -Uz compinit && compinit -u -D",
    "source ./zsh.vendor-completions._slotd",
    "slotd() { printf 'ran:%s\\n' \"$*\" }",
    "slotd fil\t--purp\tpro\t",
    "exit\n",
  ];
  expect(typed("zsh -f -i", keys.join("\n"))).toMatch(/ran:files --purpose[= ]profile/);
});

describe("fish completes", () => {
  const offered = (line: string) => {
    const script = `source ./fish.vendor_completions.d.slotd.fish; complete -C '${line}'`;
    const { stdout, stderr } = spawnSync("fish", ["--no-config", "-c", script], {
      cwd: folder,
      encoding: "utf8",
      env: { PATH: process.env.PATH ?? "", HOME: folder, LC_ALL: "C.UTF-8" },
    });
    expect(stderr).toBe("");
    return stdout.split("\n").map((entry) => entry.split("\t")[0]);
  };

  test("commands, options, values and files", () => {
    expect(offered("slotd re")).toEqual(expect.arrayContaining(["reload", "reconcile"]));
    expect(offered("slotd reload --so")).toContain("--socket");
    expect(offered("slotd files --purpose pro")).toContain("profile");
    expect(offered("slotd serve --config ./m")).toContain("./my.toml");
    expect(offered("slotd completion z")).toContain("zsh");
  });
});

describe("the manual pages", () => {
  test.each(Object.keys(files).filter((path) => path.startsWith("man/")))(
    "%s has nothing to warn of",
    (path) => {
      const lint = spawnSync("mandoc", ["-T", "lint", "-W", "warning", path.replaceAll("/", ".")], {
        cwd: folder,
        encoding: "utf8",
      });
      expect([lint.status, lint.stdout]).toEqual([0, ""]);
    },
  );

  test("show every command and option as text", () => {
    const text = spawnSync("mandoc", ["-T", "ascii", "man.man1.slotd.1"], { cwd: folder, encoding: "utf8" });
    const plain = text.stdout.replace(new RegExp(`.${String.fromCharCode(8)}`, "g"), "");
    for (const words of ["slotd reload", "--socket PATH", "slotd completion SHELL", "EXIT STATUS"])
      expect(plain).toContain(words);
  });
});
