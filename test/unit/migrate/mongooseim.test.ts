import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readMongooseim } from "../../../src/migrate/mongooseim.ts";
import type { TakenOver } from "../../../src/migrate/take-over.ts";

const fixture = (name: string) => readFileSync(join(import.meta.dir, "../../fixtures", name), "utf8");

function taken(text: string, file = "snippet"): TakenOver {
  const outcome = readMongooseim(text, file);
  if ("problem" in outcome) throw new Error(outcome.problem);
  return outcome;
}

function problem(text: string, file = "snippet"): string {
  const outcome = readMongooseim(text, file);
  return "problem" in outcome ? outcome.problem : "none";
}

const texts = ({ notes }: TakenOver) => notes.map(({ line, text }) => `${line ?? "-"}: ${text}`);

const s3 = `{s3, [{bucket_url, "https://s3-eu-west-1.amazonaws.com/mybucket"}, {region, "eu-west-1"},
      {access_key_id, "AKIAIOSFODNN7EXAMPLE"}, {secret_access_key, "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}]}`;

describe("the Erlang form", () => {
  test.each([
    ["alone", "."],
    ["with the comma that stood behind it", ","],
    ["with nothing behind it", ""],
  ])("of mod_http_upload %s is read", (_, end) => {
    const { values, domains } = taken(`{mod_http_upload, [
        {host, "upload.@HOST@"},
        {backend, s3},
        {expiration_time, 120},
        ${s3}
       ]}${end}`);
    expect(Object.fromEntries(values)).toEqual({
      expiration_time: 120,
      "s3.bucket_url": "https://s3-eu-west-1.amazonaws.com/mybucket",
      "s3.region": "eu-west-1",
      "s3.access_key_id": "AKIAIOSFODNN7EXAMPLE",
      "s3.secret_access_key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    });
    expect(domains).toEqual([]);
  });

  test("cut off in the middle is reported with the line, and nothing of it is taken", () => {
    const text = fixture("mongooseim.cfg");
    const cut = text.slice(0, text.indexOf("{access_key_id"));
    const line = cut.slice(0, cut.lastIndexOf("{s3, [") + 5).split("\n").length;
    expect(problem(cut, "mongooseim.cfg")).toBe(
      `mongooseim.cfg:${line}: the file ends inside the bracket that is opened here. Nothing was taken over.`,
    );
  });

  test("takes binaries for texts, and IPv6 and tuples for addresses", () => {
    const { component, domains } = taken(`{hosts, [<<"Example.ORG">>]}.
      {listen, [{{5347, {127,0,0,2}}, ejabberd_service, [{password, <<"pw">>}]}]}.
      {modules, [{mod_http_upload, [${s3}]}]}.`);
    expect(component).toEqual({ address: "127.0.0.2:5347", secret: "pw", hasTls: false });
    expect(domains).toEqual(["example.org"]);
    const any = taken(
      `{listen, [{5347, ejabberd_service, [{ip, {0,0,0,0,0,0,0,0}}]}]}. {mod_http_upload, [${s3}]}.`,
    );
    expect(any.component).toEqual({ address: "127.0.0.1:5347", secret: undefined, hasTls: false });
  });

  test("adds a host's own modules to the general ones where it says so", () => {
    const { domains } = taken(`{hosts, ["a.example", "b.example"]}. {modules, [{mod_http_upload, [${s3}]}]}.
      {host_config, "a.example", [{{add, modules}, [{mod_disco, []}]}]}.
      {host_config, "b.example", [{modules, [{mod_disco, []}]}]}.`);
    expect(domains).toEqual(["a.example"]);
  });
});

describe("the TOML form", () => {
  test("cut off in the middle is reported with the line, without the secret", () => {
    const text = fixture("mongooseim.toml");
    const cut = text.slice(0, text.indexOf("K7MDENG"));
    const said = problem(cut, "mongooseim.toml");
    expect(said).toStartWith(`mongooseim.toml:${cut.split("\n").length}:`);
    expect(said).toContain("Nothing was taken over.");
    expect(said).not.toContain("wJalr");
  });

  test("is told from the other form by how it begins", () => {
    const toml = '# %\n[modules.mod_http_upload]\nhost = "files.@HOST@"\n';
    expect(taken(toml).values.get("host")).toBe("files.@HOST@");
    expect(taken('% #\n[{mod_http_upload, [{host, "files.@HOST@"}]}]').values.get("host")).toBe(
      "files.@HOST@",
    );
    expect(taken('override_global.\n{mod_http_upload, [{host, "f.@HOST@"}]}.').values.get("host")).toBe(
      "f.@HOST@",
    );
  });

  test("of dynamic domains names the host types, whose domains it does not hold", () => {
    const read = taken(`[general]
host_types = ["with uploads"]
[modules.mod_http_upload]
s3.bucket_url = "https://b.example"
[[host_config]]
host_type = "with uploads"
[host_config.modules.mod_http_upload]
expiration_time = 5
`);
    expect(texts(read)).toContain(
      '-: The domains of the host type "with uploads" are in MongooseIM\'s database; add them to domains.',
    );
    expect(texts(read)).toContain(
      '5: The settings of the host type "with uploads" are not imported: slotd has them for domains; repeat them in a table for each of its domains.',
    );
  });
});

describe("what is not taken over is named with its line and the reason", () => {
  const notesOf = (lines: string) => texts(taken(`[modules.mod_http_upload]\n${lines}`)).join("\n");

  test.each([
    [
      'iqdisc.type = "no_queue"',
      "2: iqdisc.type is not imported: slotd answers every request at once by itself.",
    ],
    ["unheard_of = 1", "2: unheard_of is not imported: slotd has no such option."],
    ["token_bytes = 4", "2: token_bytes is not imported: slotd expects a whole number of bytes from 8 to 96"],
    [
      "expiration_time = 0",
      "2: expiration_time is not imported: slotd expects a whole number of seconds from 1",
    ],
    ['s3.bucket_url = ""', "2: s3.bucket_url is not imported: slotd expects an http or https URL"],
    ['backend = "riak"', '2: backend is not imported: slotd has "s3" and "disk"'],
    ['host = "upload.@HOST@"', "-: s3.secret_access_key is missing: slotd needs it"],
  ])("%s", (line, note) => {
    expect(notesOf(line)).toContain(note);
  });

  test("a secret is not named", () => {
    expect(notesOf("s3.secret_access_key = 12345678")).toContain("s3.secret_access_key is not imported");
    expect(notesOf("s3.secret_access_key = 12345678")).not.toContain("12345678");
  });

  test("one host for several domains", () => {
    const read = taken(
      '[general]\nhosts = ["a.example", "b.example"]\n[modules.mod_http_upload]\nhost = "u.example"\n',
    );
    expect(texts(read).join("\n")).toContain(
      "host is u.example for every domain; slotd needs a component for each",
    );
  });

  test("no mod_http_upload at all", () => {
    expect(problem('[general]\nhosts = ["a.example"]\n')).toContain("there is no mod_http_upload in it");
    expect(problem('{hosts, ["a.example"]}.')).toContain("there is no mod_http_upload in it");
  });
});

test.each(["infinity", "undefined"])("a limit of %s is none, in both forms", (word) => {
  expect(taken(`{mod_http_upload, [{max_file_size, ${word}}]}.`).values.get("max_file_size")).toBe(
    "infinity",
  );
  const toml = `[modules.mod_http_upload]\nmax_file_size = "${word}"\n`;
  expect(taken(toml).values.get("max_file_size")).toBe("infinity");
});

test("the samples of both forms are the same for slotd", () => {
  const [erlang, toml] = ["mongooseim.cfg", "mongooseim.toml"].map((name) => taken(fixture(name), name));
  const { notes: fromErlang, ...one } = erlang as TakenOver;
  const { notes: fromToml, ...other } = toml as TakenOver;
  expect(one).toEqual(other);
  expect(fromErlang).toHaveLength(fromToml.length);
});

describe("the listener for components", () => {
  const module = `[modules.mod_http_upload]
s3.bucket_url = "https://b.example"
s3.region = "r"
s3.access_key_id = "a"
s3.secret_access_key = "s"
`;
  const listener = (port: number, ...more: string[]) =>
    ["[[listen.component]]", `port = ${port}`, 'password = "pw"', ...more, ""].join("\n");

  test.each([
    ["TOML from 6.4 on", listener(8888, 'shaper = "fast"') + module, "4: shaper"],
    ["TOML before", listener(8888, 'shaper_rule = "fast"') + module, "4: shaper_rule"],
    [
      "Erlang terms",
      `{listen, [{8888, ejabberd_service, [{shaper_rule, fast}, {password, "pw"}]}]}.
      {modules, [{mod_http_upload, [${s3}]}]}.`,
      "1: shaper_rule",
    ],
  ])("with a shaper is not reused silently: %s", (_, text, start) => {
    const { component, ...rest } = taken(text);
    expect(component.address).toBe("127.0.0.1:8888");
    expect(texts({ component, ...rest })).toContainEqual(
      expect.stringContaining(`${start} holds slotd back on this listener`),
    );
  });

  test("without a shaper is preferred, and with one that says none nothing is noted", () => {
    const text = listener(1111, 'shaper = "fast"') + listener(2222, 'shaper = "none"') + module;
    const outcome = taken(text);
    expect(outcome.component.address).toBe("127.0.0.1:2222");
    expect(texts(outcome)).toEqual(["2: slotd does not use this second listener for components."]);
  });

  test.each([
    ["dotted keys", 'tls.certfile = "c.pem"'],
    ["an inline table", 'tls = { certfile = "c.pem", mode = "tls" }'],
    ["a table", '[listen.component.tls]\n  certfile = "c.pem"'],
  ])("with TLS sets xmpp.tls, and says what its certificate must be for: %s", (_, tls) => {
    const outcome = taken(listener(8888, tls) + module);
    expect(outcome.component.hasTls).toBe(true);
    expect(texts(outcome).join()).toContain("Its certificate must be for 127.0.0.1");
  });

  test("with STARTTLS is said to be of no use", () => {
    const outcome = taken(listener(8888, 'tls.mode = "starttls"', 'tls.certfile = "c.pem"') + module);
    expect(outcome.component.hasTls).toBe(false);
    expect(texts(outcome).join()).toContain("The listener has STARTTLS, which slotd does not use");
  });

  test('with conflict_behaviour "kick_old" is said to have two slotd processes disconnect each other', () => {
    const outcome = taken(listener(8888, 'conflict_behaviour = "kick_old"') + module);
    expect(texts(outcome)).toEqual([expect.stringContaining("two slotd processes disconnect each other")]);
  });
});
