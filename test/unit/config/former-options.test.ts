import { describe, expect, test } from "bun:test";
import { usesHttp } from "../../../src/config/places.ts";
import { describeConfig } from "../../../src/config/reference/describe.ts";
import { configOf, domainOf, loadText, messageAt, messageOf, minimal, problemsOf } from "./load-text.ts";

const two = minimal.replace('["example.org"]', '["example.org", "example.net"]');
const old = '[former.old]\nkind = "ejabberd"\nurls = ["https://up.example.org:5443/upload/"]\n';

test("a former service is a table with a name of the operator's choice", () => {
  const config = configOf(
    `${minimal}${old}[former.older-2]\nkind = "prosody"\nurls = ["https://a/", "http://b/x"]\n`,
  );
  expect(config.former).toEqual([
    { name: "old", kind: "ejabberd", urls: ["https://up.example.org:5443/upload"], domain: "example.org" },
    { name: "older-2", kind: "prosody", urls: ["https://a", "http://b/x"], domain: "example.org" },
  ]);
});

test("it may be written as dotted keys and as an inline table, and may be called like an option", () => {
  const text = `former.kind.urls = ["https://a"]\nformer.kind.kind = "folder"\nformer.NAME = { kind = "folder", urls = ["https://b"] }\n${minimal}`;
  expect(configOf(text).former.map(({ name, urls }) => [name, urls])).toEqual([
    ["kind", ["https://a"]],
    ["NAME", ["https://b"]],
  ]);
});

test("a domain has the former services that are its own", () => {
  const config = configOf(`${two}${old}domain = "example.net"\n`);
  expect(config.domains.map(({ former }) => former.map(({ name }) => name))).toEqual([[], ["old"]]);
});

test("their files are reached through slotd, also with a public bucket", () => {
  const s3 = `${minimal.replace('"disk"', '"s3"')}[s3]\nbucket_url = "https://b"\nregion = "r"\naccess_key_id = "a"\nsecret_access_key = "s"\n`;
  expect([domainOf(s3), domainOf(s3 + old)].map(usesHttp)).toEqual([false, true]);
});

test("slotd config prints each table as the file has it", () => {
  const result = loadText(`${two}${old}domain = "example.net"\n`);
  if (!result.ok) throw new Error("it is right");
  const text = describeConfig(result.config, result.givenAt);
  expect(text).toContain('[former.old]\nkind = "ejabberd"\nurls = ["https://up.example.org:5443/upload"]\n');
  expect(text).toContain('domain = "example.net"');
  expect(configOf(text).former).toEqual(result.config.former);
});

test("slotd config says that the domain of the only one is the default", () => {
  expect(describeConfig(configOf(minimal + old))).toContain('domain = "example.org" # default\n');
});

describe("refuses, with the line", () => {
  test.each([
    ['kind = "snikket"', 'former.old.kind: expected "prosody", "prosody-http-upload"'],
    ["urls = []", "former.old.urls: expected a list of 1 to 16 different"],
    ['urls = ["https://a", "http://A/"]', "former.old.urls: expected a list of 1 to 16 different"],
    ['urls = ["https://a/%zz"]', 'got "https://a/%zz".'],
    ['urls = ["ftp://a"]', 'got "ftp://a".'],
    ['urls = ["https://a/?x"]', 'got "https://a/?x".'],
    ['url = "https://a"', "expected a known option, got an unknown one. Did you mean former.old.urls?"],
    ['knid = "folder"', "Did you mean former.old.kind?"],
    ['retention = "3d"', "retention belongs before the first table"],
    ['domain = "example.com"', 'expected one of the domains served (example.org), got "example.com".'],
    ['sub.kind = "x"', "expected a known option"],
  ])("%s", (line, text) => {
    const rest = ['kind = "folder"', 'urls = ["https://z"]'].filter(
      (one) => one[0] !== line[0] || line === 'knid = "folder"' || line.startsWith("url ="),
    );
    expect(messageAt(`${minimal}[former.old]\n${line}\n${rest.join("\n")}\n`, 5)).toContain(text);
  });

  test.each([
    ["[former]\nkind = 1", "former.kind: expected a table, [former.kind], got a value."],
    ['[former."a b"]\nkind = 1', 'expected a name of 1 to 64 letters, digits, "-" and "_", got "a b".'],
    ['[former."a.b"]\nkind = 1', 'got "a.b". The table is [former.NAME], with a name of your choice.'],
    ["former = 1", "former: expected a table, [former], got a value."],
    [
      "[[former.old]]\nkind = 1",
      "expected a table in single brackets, [former.old], got an array of tables.",
    ],
    ["[fromer.old]\nkind = 1", "got an unknown one. Did you mean [former.old]?"],
    ['[domain."example.org".former.old]\nkind = "folder"', "Move it to the table [former.old]."],
  ])("%s", (text, message) => {
    expect(
      messageOf(`${text}\n`.startsWith("former") ? `${text}\n${minimal}` : `${minimal}${text}\n`),
    ).toContain(message);
  });

  test("a URL with a password is not shown", () => {
    const text = `${minimal}[former.old]\nkind = "folder"\nurls = ["https://u:hush-hush@a"]\n`;
    expect(messageOf(text)).toContain("former.old.urls: expected");
    expect(messageOf(text)).not.toContain("hush-hush");
  });
});

test("each table lacks what it lacks by itself", () => {
  const text = `${minimal}[former.a]\nkind = "folder"\n[former.b]\nurls = ["https://b"]\n`;
  expect(problemsOf(text).map(({ key, place }) => [key, "line" in place && place.line])).toEqual([
    ["former.a.urls", 4],
    ["former.b.kind", 6],
  ]);
  expect(messageOf(text)).toContain("It is mandatory: add it to the table [former.b]. Example: kind = ");
});

test("with several domains each table says which one it belongs to", () => {
  const message = messageOf(two + old);
  expect(message).toContain(
    "slotd.toml:4: former.old: expected one of the domains served (example.org, example.net), got no domain. Set former.old.domain.",
  );
});

describe("two tables", () => {
  const table = (name: string, ...urls: string[]) =>
    `[former.${name}]\nkind = "prosody"\nurls = ${JSON.stringify(urls)}\n`;

  test("may share their address space, and may have bases within each other's", () => {
    for (const other of [
      table("b", "https://a/x", "https://b"),
      table("b", "http://A/%78/"),
      table("b", "https://a/x/y", "https://a"),
    ])
      expect(configOf(minimal + table("a", "https://a/x", "https://c") + other).former).toHaveLength(2);
  });

  test("that share a URL share the first one", () => {
    const text = minimal + table("a", "https://a/x") + table("b", "https://b", "https://a/x");
    expect(messageOf(text)).toContain(
      'slotd.toml:9: former.b.urls: expected the same first URL as in [former.a], which has "https://a/x" too, got "https://b". Both tables share the URL,',
    );
  });

  test("so does a first URL that another table has as a second one", () => {
    const text = minimal + table("a", "https://a", "https://b") + table("b", "https://b");
    expect(messageOf(text)).toContain(
      'Write "https://a" first in both, or remove "https://b" from one of them.',
    );
  });
});

test("a base may be slotd's own public URL", () => {
  const text = `${minimal}http.public_url = "https://up.example.org"\n[former.a]\nkind = "prosody"\nurls = ["https://up.example.org"]\n`;
  expect(configOf(text).former).toHaveLength(1);
});

test("the environment does not reach them, and says so", () => {
  expect(messageOf(minimal, { env: { SLOTD_FORMER_OLD_KIND: "folder" } })).toContain(
    "The environment does not reach the tables [former.NAME]: write it into the file.",
  );
});
