import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const slotd = fileURLToPath(new URL("../../../bin/slotd", import.meta.url));
const packageJson = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8"));

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "slotd-cli-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(words: readonly string[], env: Record<string, string> = {}, program = slotd) {
  const outside = Object.entries(process.env).filter(([name]) => !name.startsWith("SLOTD_"));
  const options = { cwd: folder, encoding: "utf8", env: { ...Object.fromEntries(outside), ...env } } as const;
  const { status, stdout, stderr } = spawnSync(program, words, options);
  return { code: status, out: stdout, err: stderr };
}

describe("bin/slotd", () => {
  test("prints its version", () => {
    const expected = { code: 0, out: `slotd ${packageJson.version}\n`, err: "" };
    expect(run(["--version"])).toEqual(expected);
    expect(run(["version"])).toEqual(expected);
    expect(run(["-V"])).toEqual(expected);
  });

  test("runs through a link", () => {
    symlinkSync(slotd, join(folder, "linked"));
    expect(run(["--version"], {}, join(folder, "linked")).code).toBe(0);
  });

  test("prints its help, which lists every command", () => {
    const { code, out, err } = run(["--help"]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    for (const name of ["serve", "init", "slot", "config", "help"]) expect(out).toContain(`\n  ${name}`);
    expect(run(["help"]).out).toBe(out);
    expect(run(["help", "--help"])).toEqual({ code: 0, out, err: "" });
  });

  test.each(["serve", "init", "slot", "config"])("prints the help of %s in both ways", (name) => {
    const { code, out, err } = run(["help", name]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain(`Usage: slotd ${name}`);
    expect(run([name, "--help"]).out).toBe(out);
  });

  test.each([
    [[], "a command is missing", '"slotd --help" lists the commands.'],
    [["serv"], 'unknown command "serv"; did you mean "serve"?', '"slotd --help" lists the commands.'],
    [["frobnicate"], 'unknown command "frobnicate"', '"slotd --help" lists the commands.'],
    [["help", "slto"], 'unknown command "slto"; did you mean "slot"?', '"slotd --help" lists the commands.'],
    [
      ["--verison"],
      'unknown option "--verison"; did you mean "--version"?',
      '"slotd --help" lists the commands.',
    ],
    [
      ["serve", "--confg", "x"],
      'unknown option "--confg" of "slotd serve"; did you mean "--config"?',
      '"slotd help serve" shows its options.',
    ],
    [
      ["config", "slotd.toml"],
      'unexpected "slotd.toml"; "slotd config" takes options only',
      '"slotd help config" shows its options.',
    ],
    [
      ["slot", "--domain", "a.org"],
      '"slotd slot" needs --filename NAME and --size BYTES',
      '"slotd help slot" shows its options.',
    ],
    [
      ["slot", "--domain", "a.org", "--filename", "f", "--size", "abc"],
      'expected --size BYTES to be a whole number from 0 to 9007199254740991, got "abc"',
      '"slotd help slot" shows its options.',
    ],
  ])("ends with 2 for %j, and says what was meant", (words, message, hint) => {
    expect(run(words)).toEqual({ code: 2, out: "", err: `slotd: ${message}\n${hint}\n` });
  });

  test("ends with 1 for a bad configuration, with every problem", () => {
    writeFileSync(
      join(folder, "bad.toml"),
      'domains = ["a.org"]\ntoken_bytes = 1\n[xmpp]\nsecret = ["hush-1"]\n[s3]\nregion = 42\n',
    );
    const { code, out, err } = run(["config", "--config", "bad.toml"]);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toContain("bad.toml:2: token_bytes: ");
    expect(err).toContain('bad.toml:6: s3.region: expected a text such as "eu-west-1", got 42.');
    expect(err).toContain("bad.toml: s3.bucket_url: ");
    expect(err).toEndWith("slotd: the configuration has 6 problems.\n");
    expect(err).not.toContain("hush");
  });

  test("ends with 1 when the file that is named does not exist", () => {
    expect(run(["config", "--config", "none.toml"])).toMatchObject({ code: 1, out: "" });
    expect(run(["config"], { SLOTD_CONFIG: "none.toml" }).err).toContain(
      "none.toml: expected a configuration file",
    );
  });

  test("writes a configuration once, and shows it without its secret", () => {
    expect(run(["init", "--domain", "example.net"])).toMatchObject({ code: 0, err: "" });
    expect(run(["init"])).toMatchObject({ code: 1, out: "" });
    const secret = /^secret = "(\w+)"$/m.exec(readFileSync(join(folder, "slotd.toml"), "utf8"))?.[1];
    const { code, out, err } = run(["config"], { SLOTD_TOKEN_BYTES: "8" });
    expect(code).toBe(0);
    expect(out).toContain(
      '[domain."example.net".xmpp]\ncomponent = "on" # default\naddress = "127.0.0.1:5347" # default, set in slotd.toml:27\nsecret = "(redacted)"\n',
    );
    expect(out).toContain("token_bytes = 8\n");
    expect(err).toStartWith("slotd: warning: token_bytes: 8 random bytes are few");
    expect(secret).toBeString();
    expect(out + err).not.toContain(secret ?? "");
  });

  test("goes by no .env and runs no bunfig.toml of the folder that it is started in", () => {
    writeFileSync(join(folder, ".env"), "SLOTD_LOG_LEVEL=nonsense\n");
    writeFileSync(join(folder, "bunfig.toml"), 'preload = ["./preload.ts"]\n');
    writeFileSync(join(folder, "preload.ts"), 'console.log("preloaded");\n');
    writeFileSync(join(folder, "env.toml"), 'domains = ["a.org"]\nbackend = "disk"\nxmpp.secret = "x"\n');
    expect(run(["config", "--config", "env.toml"])).toMatchObject({ code: 0, err: "" });
    expect(run(["--version"]).out).toBe(`slotd ${packageJson.version}\n`);
  });

  test("does not mind a reader that stops early", () => {
    const { status, stderr } = spawnSync("sh", ["-c", `"${slotd}" --help | head -c 1`], { encoding: "utf8" });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  });
});
