import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import packageJson from "../../package.json" with { type: "json" };
import { makeFolder, removeFolder, runToEnd } from "../peers/process.ts";

const root = join(import.meta.dirname, "../..");
const folder = makeFolder("package");
const tarball = join(folder, `slotd-${packageJson.version}.tgz`);

/** Runs a command in a folder as a user who has npm and nothing of this project. */
function run(cwd: string, ...words: string[]): ReturnType<typeof runToEnd> {
  const quoted = words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
  const env = { NODE_PATH: undefined, npm_config_local_prefix: undefined, INIT_CWD: undefined };
  return runToEnd({ name: "npm", command: ["sh", "-c", `cd '${cwd}' && ${quoted}`], env }, 120_000);
}

beforeAll(async () => {
  const { ok, output } = await run(root, "npm", "pack", "--pack-destination", folder);
  expect(ok, output).toBe(true);
}, 60_000);
afterAll(() => removeFolder(folder));

test("the package holds the program and its documents, and neither tests nor data", async () => {
  const { output } = await run(folder, "tar", "-tzf", tarball);
  const files = output.trim().split("\n");
  for (const file of ["bin/slotd", "src/cli.ts", "docs/options.md", "LICENSE", "README.md", "package.json"])
    expect(files).toContain(`package/${file}`);
  expect(files.filter((file) => /^package\/(test|scripts|node_modules|data|dist)\//.test(file))).toEqual([]);
});

test.each([
  ["as npm does it", []],
  ["without any install script", ["--ignore-scripts"]],
])(
  "installed in an empty folder %s, npx slotd runs --help, init and config",
  async (name, flags) => {
    const empty = join(folder, name.replaceAll(" ", "-"));
    mkdirSync(empty);
    const install = ["npm", "install", "--prefer-offline", "--no-audit", "--no-fund", ...flags, tarball];
    const installed = await run(empty, ...install);
    expect(installed.ok, installed.output).toBe(true);
    const npx = (...words: string[]) => run(empty, "npx", "--no-install", "slotd", ...words);
    const version = await npx("--version");
    expect(version.output).toContain(`slotd ${packageJson.version}\n`);
    expect((await npx("--help")).output).toContain("Usage: slotd COMMAND");
    const init = await npx("init", "--domain", "example.net");
    expect(init.ok, init.output).toBe(true);
    expect(readFileSync(join(empty, "slotd.toml"), "utf8")).toContain('domains = ["example.net"]');
    expect((await npx("config")).output).toContain('[domain."example.net"]');
  },
  180_000,
);
