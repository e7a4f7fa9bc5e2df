import { describe, expect, test } from "bun:test";
import { usesHttp } from "../../../src/config/places.ts";
import { describeConfig } from "../../../src/config/reference/describe.ts";
import { configOf, domainOf, messageOf, minimal } from "./load-text.ts";

const s3 = `${minimal.replace('"disk"', '"s3"')}[s3]\nbucket_url = "https://b"\nregion = "r"\naccess_key_id = "a"\nsecret_access_key = "s"\n`;
const table =
  '[receivers.main]\nurl = "https://up.example.org/files/"\nprotocol = "v2"\nsecret = "a long text"\n';

test("a receiver is a table with a name of the operator's choice, and goes by its domain's limits", () => {
  expect(configOf(minimal + table).receivers).toEqual([
    {
      ...{ name: "main", url: "https://up.example.org/files/", protocol: "v2", domain: "example.org" },
      ...{ secret: "a long text", secretFile: undefined, hosts: undefined, jidInUrl: undefined },
      ...{ maxFileSize: 10_485_760, retention: 2_592_000, allowedTypes: undefined },
    },
  ]);
});

test("its URL stays as it is written, with or without a final slash", () => {
  const urls = ["https://up.example.org/files", "https://up.example.org/files/", "https://up.example.org"];
  for (const url of urls) {
    expect(configOf(minimal + table.replace("https://up.example.org/files/", url)).receivers[0]?.url).toBe(
      url,
    );
  }
});

test("its secret may be in a file, and is never shown", () => {
  const files = { "/run/secret": "from a file\n" };
  const config = configOf(minimal + table.replace('secret = "a long text"', 'secret_file = "/run/secret"'), {
    files,
  });
  expect(config.receivers[0]).toMatchObject({ secret: "from a file", secretFile: "/run/secret" });
  expect(describeConfig(config)).not.toContain("from a file");
  expect(describeConfig(configOf(minimal + table))).not.toContain("a long text");
});

test("its files are reached through slotd, also with a public bucket", () => {
  const jwt = table.replace("v2", "jwt");
  expect([domainOf(s3), domainOf(s3 + jwt)].map(usesHttp)).toEqual([false, true]);
});

describe("refuses", () => {
  const other = table.replace("main", "other").replace("files", "others");
  test.each([
    [table.replace('"v2"', '"v3"'), 'receivers.main.protocol: expected "v1", "v2", "token" or "jwt"'],
    [table.replace('"a long text"', '""'), "receivers.main.secret: expected a text that is not empty"],
    [table.replace("/files/", "/../"), "receivers.main.url: expected an http or https URL"],
    [table.replace('protocol = "v2"\n', ""), "receivers.main.protocol"],
    [
      `${table}domain = "example.net"\n`,
      "receivers.main.domain: expected one of the domains served (example.org)",
    ],
    [`${table}${other}`, "receivers.other.secret: expected another secret than that of [receivers.main]"],
    [
      `${table}${other.replace("others/", "files").replace("a long", "another")}`,
      "receivers.other.url: expected another URL than that of [receivers.main]",
    ],
    [
      `${table}jid_in_url = "sha1"\nhosts = ["example.org"]\n`,
      'receivers.main.jid_in_url: expected protocol = "v1"',
    ],
    [`${table.replace("v2", "v1")}jid_in_url = "sha1"\n`, "receivers.main.jid_in_url: expected"],
    [`${table}hosts = []\n`, "receivers.main.hosts: expected a list of one or more domains"],
  ])("%s", (toml, message) => {
    expect(messageOf(minimal + toml)).toContain(message);
  });

  test("a base that a former service of another domain has", () => {
    const two = minimal.replace('["example.org"]', '["example.org", "example.net"]');
    const former =
      '[former.old]\nkind = "folder"\nurls = ["https://up.example.org/files"]\ndomain = "example.net"\n';
    expect(messageOf(`${two}${former}${table}domain = "example.org"\n`)).toContain(
      'receivers.main.domain: expected "example.net", as in [former.old]',
    );
  });

  test("on S3 without a ledger what never expires, and takes a JWT", () => {
    for (const protocol of ["v1", "v2", "token"]) {
      expect(messageOf(s3 + table.replace("v2", protocol))).toContain(
        'receivers.main.protocol: expected "jwt", or a ledger',
      );
    }
    expect(configOf(s3 + table.replace("v2", "jwt")).receivers).toHaveLength(1);
    expect(configOf(`ledger.url = "sqlite:x.db"\n${s3}${table}`).receivers).toHaveLength(1);
  });
});
