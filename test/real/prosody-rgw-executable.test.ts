import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import packageJson from "../../package.json" with { type: "json" };
import { build } from "../../scripts/executable.ts";
import { serviceContract } from "../contract/service.ts";
import { makeFolder, removeFolder, runToEnd } from "../peers/process.ts";
import { startProsody } from "../peers/servers/prosody.ts";

// Where no node_modules is near.
const folder = makeFolder("executable");
const executable = join(folder, "slotd");

beforeAll(() => {
  build(executable);
  process.env.TEST_SLOTD = executable;
}, 60_000);
afterAll(() => {
  delete process.env.TEST_SLOTD;
  removeFolder(folder);
});

serviceContract("dist/slotd with Prosody", startProsody);

describe("dist/slotd", () => {
  /** As on a machine with nothing but a system: no Node, no npm and no Bun in the path. */
  const run = (...words: [string, ...string[]]) =>
    runToEnd({
      name: "slotd",
      command: ["env", "-i", "PATH=/nowhere", executable, ...words],
    });

  test("prints its version and help without anything else installed", async () => {
    expect(await run("--version")).toEqual({ ok: true, output: `slotd ${packageJson.version}\n` });
    expect((await run("--help")).output).toContain("Usage: slotd COMMAND");
  });

  test("has every command in it", async () => {
    const config = join(folder, "slotd.toml");
    expect((await run("init", "--domain", "example.org", "--config", config)).ok).toBe(true);
    expect((await run("config", "--config", config)).output).toContain('domains = ["example.org"]');
    const words = [
      "slot",
      "--config",
      config,
      "--domain",
      "example.org",
      "--filename",
      "a.txt",
      "--size",
      "5",
    ];
    expect((await run(words[0] ?? "", ...words.slice(1))).output).toContain("X-Amz-Signature=");
    expect((await run("reload", "--socket", join(folder, "none.sock"))).output).toContain(
      "no response from a slotd",
    );
  });
});
