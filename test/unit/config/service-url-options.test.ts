import { describe, expect, test } from "bun:test";
import { describeConfig } from "../../../src/config/reference/describe.ts";
import { configOf, loadText, messageOf, minimal, warningsOf } from "./load-text.ts";

const two = minimal.replace('["example.org"]', '["example.org", "example.net"]');
const secret = "/ask/0123456789abcdef0123456789abcdef";
const asked = (lines: string) => `${minimal}[service_url.main]\n${lines}\n`;

test("nobody is answered unless a table says so", () => {
  expect(configOf(minimal).service_url).toEqual([]);
});

test("with nothing but its address it is for the served domain, its users, and loopback", () => {
  expect(configOf(asked('listen = "127.0.0.1:5082"')).service_url).toEqual([
    {
      ...{ name: "main", listen: { host: "127.0.0.1", port: 5082 }, path: "/", pathFile: undefined },
      ...{ addresses: ["127.0.0.0/8", "::1"], hosts: ["example.org"], domain: "example.org" },
    },
  ]);
});

test("hosts are prepared as JIDs are", () => {
  const [table] = configOf(asked('listen = "unix:a.sock"\nhosts = ["XN--bcher-kva.example."]')).service_url;
  expect(table?.hosts).toEqual(["bücher.example"]);
});

test("the path is a secret that slotd config does not print", () => {
  const result = loadText(asked(`listen = "10.0.0.1:5082"\npath = "${secret}"`));
  if (!result.ok) throw new Error("it is right");
  expect(result.config.service_url[0]?.path).toBe(secret);
  expect(describeConfig(result.config, result.givenAt)).not.toContain(secret.slice(5));
});

describe("refuses, with the line", () => {
  test.each([
    ["", "service_url.main.listen: expected"],
    ['listen = "0.0.0.0:5082"', "service_url.main: expected a path with at least 128 random bits"],
    ['listen = "10.0.0.1:5082"\npath = "/ask"', "service_url.main.path: expected a path with at least 128"],
    ['listen = "[::]:5082"\npath = "/"', "service_url.main.path: expected a path with at least 128"],
    ['listen = "127.0.0.1:1"\npath = "ask"', "service_url.main.path: expected a path such as"],
    ['listen = "127.0.0.1:1"\npath = "/a?b"', "service_url.main.path: expected a path such as"],
    ['listen = "127.0.0.1:1"\naddresses = []', "service_url.main.addresses: expected a list of IP addresses"],
    ['listen = "127.0.0.1:1"\naddresses = ["all"]', "service_url.main.addresses: expected a list of IP"],
    ['listen = "127.0.0.1:1"\nhosts = []', "service_url.main.hosts: expected a list of one or more domains"],
    ['listen = "127.0.0.1:1"\nhosts = ["*"]', "service_url.main.hosts: expected a list of one or more"],
    ['listen = "127.0.0.1:1"\ndomain = "example.com"', "expected one of the domains served (example.org)"],
    [
      'listen = "127.0.0.1:1"\n[service_url.b]\nlisten = "127.0.0.1:1"',
      "service_url.b.listen: expected an address that [service_url.main] does not use",
    ],
  ])("%s", (lines, message) => {
    expect(messageOf(asked(lines))).toContain(message);
  });

  test("a weak path, without printing it", () => {
    const message = messageOf(asked('listen = "0.0.0.0:1"\npath = "/nearly-secret"'));
    expect(message).not.toContain("nearly-secret");
  });

  test("no domain where several are served", () => {
    const message = messageOf(`${two}[service_url.main]\nlisten = "127.0.0.1:1"\n`);
    expect(message).toContain("Set service_url.main.domain.");
  });
});

describe("warns of URLs that ejabberd changes:", () => {
  const listen = '[service_url.main]\nlisten = "127.0.0.1:1"\n';
  const s3 = `${minimal.replace('"disk"', '"s3"')}[s3]\nbucket_url = "https://b"\nregion = "r"\naccess_key_id = "a"\nsecret_access_key = "s"\n`;
  test.each([
    ["none on disk", minimal, 0],
    ["those of a bucket", s3, 1],
    ["none of a bucket behind slotd", `${s3}upload = "proxy"\n`, 0],
    ["a public URL with a tilde", `${minimal}[http]\npublic_url = "https://up.example.org/~up"\n`, 1],
  ])("%s", (_, text, count) => {
    const about = warningsOf(text + listen).filter((warning) => warning.startsWith("service_url.main"));
    expect(about).toHaveLength(count);
  });
});

describe("xmpp.component", () => {
  const table = '[service_url.main]\nlisten = "127.0.0.1:1"\n';

  test("off needs no component secret", () => {
    const [domain] = configOf(minimal.replace(/secret = .*/, 'component = "off"') + table).domains;
    expect([domain?.xmpp.component, domain?.xmpp.secret]).toEqual(["off", undefined]);
  });

  test("off is told where nothing else issues slots", () => {
    const text = minimal.replace(/secret = .*/, 'component = "off"');
    expect(warningsOf(text)).toEqual([expect.stringContaining("nobody can upload")]);
    expect(warningsOf(text + table)).toEqual([]);
  });
});
