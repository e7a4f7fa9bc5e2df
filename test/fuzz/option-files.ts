import { ok } from "node:assert/strict";
import { loadConfig } from "../../src/config/load.ts";
import { optionNames, optionOf } from "../../src/config/options/table.ts";
import { formatProblems } from "../../src/config/problem.ts";
import { describeConfig } from "../../src/config/reference/describe.ts";
import { mutate } from "./random.ts";
import type { FuzzTarget } from "./target.ts";

const secret = "5ecret-of-the-component";
const minimal = `domains = ["example.org", "example.net"]
backend = "disk"
max_file_size = "50MiB"
[xmpp]
address = "127.0.0.1:5347"
secret = "${secret}"
[http]
listen = "[::1]:5080"
public_url = "https://upload.@HOST@"
[domain."example.net"]
access = ["*"]
`;
const lines = optionNames.map((name) => `${name} = ${optionOf(name).example}\n`);
const corpus = [minimal, ...lines.map((line) => line + minimal)];
const pieces = [
  ..."[]{}=\"'.,#\n\\ \t\0-+_",
  ...[
    '"""',
    "'''",
    "[[",
    "]]",
    "1e999",
    "0x",
    "inf",
    "nan",
    "1979-05-27T07:32:00Z",
    "true",
    "-1",
    "9007199254740993",
  ],
  ...[
    "@HOST@",
    "\\u0000",
    "\\uD800",
    "\u202e",
    "://",
    "user:pw@",
    "%",
    "*.",
    "domain.",
    "a = 1",
    "[domain.x]",
  ],
];

/** Whatever an operator writes is either a configuration, or problems that can be read. */
export const optionFiles: FuzzTarget = {
  name: "option files",
  inputs: 20_000,
  make: (random) => mutate(random.of(corpus), random, corpus, pieces),
  check(input) {
    const result = loadConfig({
      env: { SLOTD_CONFIG: "/conf/slotd.toml" },
      cwd: "/conf",
      readFile: (path) => {
        if (path === "/conf/slotd.toml") return input;
        throw Object.assign(new Error("no such file"), { code: "ENOENT" });
      },
    });
    const text = result.ok ? describeConfig(result.config) : formatProblems(result.problems);
    ok(text.trim() !== "", "nothing is said");
    ok(!/[^\P{Cc}\n\t]/u.test(text), "the text steers the terminal");
    // Where the change did not carry the secret to another option.
    if (
      input.split(secret).length === 2 &&
      input.includes(`\nsecret = "${secret}"\n`) &&
      /\n\[xmpp\]\n/.test(input)
    )
      ok(!text.includes(secret), "the secret is shown");
  },
};
