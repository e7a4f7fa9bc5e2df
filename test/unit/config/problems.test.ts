import { describe, expect, test } from "bun:test";
import { formatProblems } from "../../../src/config/problem.ts";
import { loadText, messageAt, messageOf, minimal, problemsOf } from "./load-text.ts";

test("a wrong value is told as a compiler does", () => {
  expect(
    messageOf(`${minimal}[s3]\nregion = 42\n`),
  ).toBe(`slotd.toml:5: s3.region: expected a text such as "eu-west-1", got 42. Example: region = "eu-west-1"
  5 | region = 42
    | ^`);
});

test("a problem is data too", () => {
  expect(problemsOf(`${minimal}token_bytes = 1\n`)).toMatchObject([
    {
      place: { kind: "file", file: "slotd.toml", line: 4, column: 1, source: "token_bytes = 1" },
      key: "token_bytes",
      expected: expect.stringContaining("from 8 to 96 (fewer could be guessed"),
      got: "1",
      example: "token_bytes = 32",
    },
  ]);
});

describe("refuses, with the line and what came", () => {
  test.each([
    ["token_bytes = 7", "got 7."],
    ["token_bytes = 97", "got 97."],
    ["token_bytes = 16.5", "got 16.5."],
    ["token_bytes = true", "got true."],
    ["expiration_time = 0", "from 1 to 604800"],
    ["expiration_time = 604801", "got 604801."],
    ['expiration_time = "60"', 'got "60".'],
    ["expiration_time = 2020-01-01", "got 2020-01-01."],
    ["expiration_time = 2020-01-01T00:00:00Z", "got 2020-01-01T00:00:00Z."],
    ["expiration_time = 99999999999999999999", "got 99999999999999999999."],
    ["max_file_size = 0", "got 0."],
    ["max_file_size = -1", "got -1."],
    ["max_file_size = inf", "got inf."],
    ['max_file_size = "50 furlongs"', 'got "50 furlongs".'],
    ['host = "up load.@HOST@"', 'got "up load.@HOST@".'],
    ['access = "*"', 'got "*". Example: access = ['],
    ["access = []", "got []."],
    ['access = ["a.org", "alice@a.org/phone"]', 'got "alice@a.org/phone".'],
    ["access = [1]", "got 1."],
    ['xmpp.address = "localhost"', 'got "localhost".'],
    ['xmpp.address = "a:0"', "from 1 to 65535"],
    ['xmpp.tls = "yes"', 'expected true or false, got "yes".'],
    ['http.listen = "5080"', 'got "5080".'],
    ['http.public_url = "upload.example.org"', 'got "upload.example.org".'],
    ['http.public_url = "https://a/?x=1"', "without user name"],
    ['s3.bucket_url = "https://a/?x"', 'got "https://a/?x".'],
    ['s3.region = ""', 'got "".'],
    ["s3.add_acl = 1", "got 1."],
    ['disk.path = ""', 'got "".'],
    ['log.level = "loud"', '"debug", "info", "warn" or "error", got "loud".'],
    ['log.format = "xml"', '"auto", "text" or "json"'],
    ["host = { a = 1 }", "got a table."],
    ['acces = ["*"]', "Did you mean access?"],
    ['region = "x"', "Did you mean s3.region?"],
    ['s3.regoin = "x"', "s3.regoin: expected a known option, got an unknown one. Did you mean s3.region?"],
    ['"s3.region" = "x"', "expected a known option"],
    ["domain = 1", "expected a table for each domain"],
    [
      'domain."example.org".log.level = "info"',
      "one that applies to all domains. Move it to the table [log].",
    ],
    ['domain."example.org".domains = ["a"]', "Move it to the top of the file."],
    ['domain."example.org".token_bytes = 1', 'domain."example.org".token_bytes: expected'],
    ['domain."example.ogr".token_bytes = 16', 'got one for "example.ogr". Did you mean "example.org"?'],
    ['domain."other.net".token_bytes = 16', "expected a table for one of the domains served (example.org)"],
  ])("%s", (line, text) => {
    const toml = `# a comment\n\n${line}\n${minimal}`;
    expect(problemsOf(toml)).toHaveLength(1);
    expect(messageAt(toml, 3)).toContain(text);
    expect(messageOf(toml)).toContain(`\n  3 | ${line}\n    | ^`);
  });

  test.each([
    ["s3 = 3", "s3: expected a table, [s3], got a value."],
    ['"quite\\u001b new" = 1', "expected a known option, got an unknown one."],
    ['domain."example.org" = 1', "expected a table for each domain"],
  ])("%s, without the line: who knows what the value is", (line, text) => {
    const message = messageOf(`${line}\n${minimal}`);
    expect(message).toStartWith("slotd.toml:1: ");
    expect(message).toContain(text);
    expect(message).not.toContain("\n");
  });

  test.each([
    [
      `${minimal}[ops]\nlisten = "off"\nretention = "30d"\n`,
      "Line 6 is in the table [ops], which begins in line 4. retention belongs before the first table: move it above line 4.",
    ],
    [
      `${minimal}[ops]\nlisten = "off"\n\n[http]\nretention = "30d"\n`,
      "Line 8 is in the table [http], which begins in line 7. retention belongs before the first table: move it above line 4.",
    ],
    [
      `${minimal}[http]\npublic_url = "https://u.example"\n\n[disk]\nmax_uploads = 5\n`,
      "max_uploads belongs in the table [http]: move it below line 4.",
    ],
    [
      `${minimal}[disk]\nmax_uploads = 5\n`,
      "max_uploads belongs in the table [http], which the file does not have yet: add [http] above it.",
    ],
    [
      `${minimal}[domain."example.org".disk]\nretention = "1d"\n`,
      'retention belongs in the table [domain."example.org"], which the file does not have yet: add [domain."example.org"] above it.',
    ],
  ])("an option in the wrong table, with where it belongs: %j", (toml, advice) => {
    expect(messageOf(toml)).toContain(advice);
    expect(problemsOf(toml)).toHaveLength(1);
  });

  test("a backend that there is not", () => {
    expect(messageAt(minimal.replace('"disk"', '"tape"'), 2)).toContain(
      'expected "s3" or "disk", got "tape".',
    );
  });

  test.each([
    ["[[s3]]", "expected a table in single brackets, [s3]"],
    ["[S33]", "Did you mean [s3]?"],
    ["[nonsense]", "expected one of the tables [s3], [xmpp], [contact], [disk], [http], "],
    ["[host]", "got a table."],
    ["[domain.example.org]", 'write it in quotes: [domain."example.org"].'],
    ['[domain."example.org".s33]', "Did you mean [s3]?"],
    ["[[domain]]", "expected a table for each domain"],
  ])("%s, and not the keys in it once more", (header, text) => {
    const toml = `${minimal}${header}\nanything = 1\n`;
    expect(messageAt(toml, 4)).toContain(text);
    expect(problemsOf(toml)).toHaveLength(1);
  });
});

describe("domains", () => {
  test.each([
    '["a b"]',
    '["a@b.org"]',
    '["a/b"]',
    '["http://a.org"]',
    "[]",
    '"a.org"',
    '["a.org", "A.org"]',
    "[1]",
  ])("refuses %s", (list) => {
    const toml = `domains = ${list}\nbackend = "disk"\nxmpp.secret = "x"\n`;
    expect(problemsOf(toml)).toHaveLength(1);
    expect(messageAt(toml, 1)).toContain("expected a list of one or more different domains, got ");
  });
});

describe("what is mandatory and missing", () => {
  test("is named with its table", () => {
    expect(messageOf('domains = ["a.org"]\nbackend = "disk"\n')).toBe(
      'slotd.toml: xmpp.secret: expected a text that is not empty, got nothing. It is mandatory: add it to the table [xmpp], or set SLOTD_XMPP_SECRET or SLOTD_XMPP_SECRET_FILE. Example: secret = "a long random text"',
    );
    expect(messageOf('backend = "disk"\nxmpp.secret = "x"\n')).toContain("add it to the top of the file");
  });

  test("is a bucket only where the backend is S3, and the way without one is said", () => {
    const message = messageOf('domains = ["a.org"]\nxmpp.secret = "x"\n');
    for (const name of ["bucket_url", "region", "access_key_id", "secret_access_key"]) {
      expect(message).toContain(`slotd.toml: s3.${name}: expected`);
    }
    expect(message).toContain(
      'backend defaults to "s3"; with backend = "disk" slotd stores the files itself',
    );
    expect(message).toContain("the table [s3]");
  });

  test("is asked for in the table of the one domain that needs it", () => {
    const message = messageOf(`${minimal.replace("]", ', "b.org"]')}[domain."b.org"]\nbackend = "s3"\n`);
    expect(message).toContain('domain."b.org".s3.region: ');
    expect(message).toContain('add it to the table [domain."b.org".s3]');
    expect(message).not.toContain("slotd.toml: s3.region");
  });

  test("is asked for as variables when there is no file", () => {
    const message = messageOf(undefined, { env: { SLOTD_LOG_LEVEL: "info" } });
    expect(message).toContain("slotd: domains: ");
    expect(message).toContain("Example: SLOTD_DOMAINS=example.org");
    expect(message).toContain('set SLOTD_S3_REGION, or create a file with "slotd init"');
  });

  test("is not asked for where there is no configuration at all: that is said, and where it was looked for", () => {
    expect(messageOf(undefined)).toBe(
      'slotd: expected a configuration file, got none: there is neither /conf/slotd.toml nor /etc/slotd/slotd.toml. Create one with "slotd init", name another file with --config FILE or SLOTD_CONFIG, or set the options in SLOTD_ variables.',
    );
  });

  test("is not said to be missing when it is wrong", () => {
    expect(problemsOf('domains = ["a.org"]\nbackend = "disk"\nxmpp.secret = 1\n')).toHaveLength(1);
  });
});

describe("the environment", () => {
  test.each([
    [
      "SLOTD_S3_REGOIN",
      "x",
      "SLOTD_S3_REGOIN: expected a variable that slotd knows, got an unknown one. Did you mean SLOTD_S3_REGION?",
    ],
    ["SLOTD_FROBNICATE", "x", "Remove it; docs/options.md lists them all."],
    ["SLOTD_TOKEN_BYTES", "many", "SLOTD_TOKEN_BYTES: token_bytes: expected a whole number"],
    ["SLOTD_TOKEN_BYTES", "1e1", 'got "1e1". Example: SLOTD_TOKEN_BYTES=32'],
    ["SLOTD_XMPP_TLS", "yes", 'xmpp.tls: expected true or false, got "yes". Example: SLOTD_XMPP_TLS=true'],
    ["SLOTD_DOMAINS", "a.org,b c", 'got "b c".'],
    ["SLOTD_ACCESS", "", 'got "". Example: SLOTD_ACCESS=example.org,bot@example.net'],
  ])("%s=%s", (variable, value, text) => {
    const env = { [variable]: value };
    expect(problemsOf(minimal, { env })).toHaveLength(1);
    expect(messageOf(minimal, { env })).toContain(text);
  });
});

describe("a syntax error", () => {
  test.each([
    ["max_file_size = ", 1, 17],
    ["a = 1\na = 2", 2, 1],
    ['domains = ["a"', 1, 15],
    ["a = 01", 1, 5],
    ["a = {\n}", 2, 1],
    ["a = 1\r\n\ta = tru\r\n", 2, 6],
    ["a = 1\n\u0000", 2, 1],
  ])("in %j has its line and column", (text, line, column) => {
    const [problem] = problemsOf(text);
    expect(problem?.place).toMatchObject({ kind: "file", line, column });
  });

  test("is shown with a caret", () => {
    expect(messageOf('backend = "disk\n')).toStartWith(
      "slotd.toml:1:16: expected valid TOML 1.0, got an error: unterminated string constant.",
    );
    expect(messageOf('backend = "disk\n')).toEndWith(`\n  1 | backend = "disk\n    | ${" ".repeat(15)}^`);
  });

  test("does not steer the terminal", () => {
    expect(messageOf("a = \u001b[31m")).not.toContain("\u001b");
  });
});

test("everything wrong comes at once, by line, the environment last", () => {
  const result = loadText(
    `domains = ["a.org", "b.org"]
host = "same.example"
token_bytes = 1
[s3]
region = 1
[log]
level = "loud"
[domain."c.org"]
host = "x"
`,
    { env: { SLOTD_BACKEND: "tape", SLOTD_WHAT: "1" } },
  );
  if (result.ok) throw new Error("expected problems");
  const starts = formatProblems(result.problems)
    .split("\n")
    .filter((line) => /^\S/.test(line))
    .map((line) => line.split(": expected")[0]);
  expect(starts).toEqual([
    "slotd.toml:2: host",
    "slotd.toml:3: token_bytes",
    "slotd.toml:5: s3.region",
    "slotd.toml:7: log.level",
    'slotd.toml:8: domain."c.org"',
    "slotd.toml: xmpp.secret",
    "SLOTD_BACKEND: backend",
    "SLOTD_WHAT",
  ]);
});

test("no message steers a terminal, whatever the file holds", () => {
  const message = messageOf('domains = ["a"]\nbackend = "d\u009b31m"\nxmpp.secret = "x"\n');
  expect(message).toContain('got "d\\u009b31m"');
  expect(message).not.toMatch(/[^\P{Cc}\n]/u);
});
