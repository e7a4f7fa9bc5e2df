import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { main } from "../../../../src/cli/main.ts";
import { loadConfig } from "../../../../src/config/load.ts";
import { formatProblems } from "../../../../src/config/problem.ts";
import { readToml } from "../../../../src/config/sources/toml.ts";
import { fakeIo } from "../fake-io.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "slotd-init-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function load(file = "slotd.toml") {
  const result = loadConfig({ file, env: {}, cwd: folder });
  if (!result.ok) throw new Error(formatProblems(result.problems));
  return result;
}

async function init(...words: string[]) {
  const io = fakeIo(folder);
  return { code: await main(["init", ...words], io), out: io.out(), err: io.err() };
}

describe("slotd init", () => {
  test("writes a file that loads without problems or warnings", async () => {
    expect(await init()).toMatchObject({ code: 0, err: "" });
    const { config, warnings } = load();
    expect(warnings).toEqual([]);
    expect(config.domains).toMatchObject([
      {
        domain: "example.org",
        host: "upload.example.org",
        backend: "disk",
        maxFileSize: 10485760,
        expirationTime: 60,
      },
    ]);
    expect(config.domains[0]?.http.publicUrl).toBe("https://upload.example.org");
    expect(readFileSync(join(folder, "slotd.toml"), "utf8")).toContain("EDIT THIS LINE");
  });

  test("loads with the parts that are commented out as well", async () => {
    await init("--domain", "example.net");
    const path = join(folder, "slotd.toml");
    const text = readFileSync(path, "utf8");
    const examples = /^# (?=\[(s3|domain)|bucket_url|region|access|max_file_size)/gm;
    writeFileSync(
      path,
      text.replace(examples, "").replace("# secret_access_key_file = ", 'secret_access_key = "x" #'),
    );
    expect(text).not.toContain("EDIT THIS LINE");
    expect(load().config.domains[0]?.maxFileSize).toBe(50 * 1024 ** 2);
  });

  test("writes for the owner only, and leaves no other file", async () => {
    await init();
    expect(statSync(join(folder, "slotd.toml")).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(["slotd.toml"]);
  });

  test("takes several domains, a public URL and a file name", async () => {
    mkdirSync(join(folder, "sub"));
    const words = [
      "--domain",
      "A.org",
      "--domain=münchen.example",
      "--domain",
      "a.org",
      "--public-url",
      "https://files.@HOST@/up/",
    ];
    const { code, out } = await init(...words, "--config", "sub/x.toml");
    expect(code).toBe(0);
    const { domains } = load("sub/x.toml").config;
    expect(domains.map(({ host }) => host)).toEqual(["upload.a.org", "upload.münchen.example"]);
    expect(domains[0]?.http.publicUrl).toBe("https://files.a.org/up");
    expect(out).toContain("slotd serve --config sub/x.toml");
    expect(out).toContain("server_name files.xn--mnchen-3ya.example;");
    expect(out).toContain("location /up/ {");
  });

  test("leaves a file that exists, unless it is forced", async () => {
    const path = join(folder, "slotd.toml");
    writeFileSync(path, "mine");
    chmodSync(path, 0o644);
    expect(await init()).toEqual({
      code: 1,
      out: "",
      err: "slotd: slotd.toml exists already and is unchanged; --force overwrites it.\n",
    });
    expect(readFileSync(path, "utf8")).toBe("mine");
    expect(readdirSync(folder)).toEqual(["slotd.toml"]);
    expect((await init("--force")).code).toBe(0);
    expect(load().config.domains).toHaveLength(1);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test("says why it cannot write", async () => {
    expect(await init("--config", "no/x.toml")).toEqual({
      code: 1,
      out: "",
      err: "slotd: no/x.toml cannot be written: its folder does not exist.\n",
    });
    mkdirSync(join(folder, "slotd.toml"));
    expect((await init("--force")).err).toBe("slotd: slotd.toml cannot be written: it is a folder.\n");
    expect(readdirSync(folder)).toEqual(["slotd.toml"]);
  });

  test.each([
    [["--domain", "a b"], 'expected --domain DOMAIN to be a domain, got "a b"'],
    [["--public-url", "upload.example.org"], "expected --public-url URL to be an http or https URL"],
    [["--public-url", "https://u:leak@a.org"], "expected --public-url URL to be an http or https URL"],
  ])("refuses %j and writes nothing", async (words, message) => {
    const { code, out, err } = await init(...words);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toStartWith(`slotd: ${message}`);
    expect(err).not.toContain("leak");
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe("what slotd init prints", () => {
  const parts = (out: string) => {
    const [, ...blocks] = out.split(`${"=".repeat(78)}\n`);
    return new Map(blocks.map((block) => [block.slice(0, block.indexOf(":")), block]));
  };

  test("has a part for each server, with the file's secret and host", async () => {
    const { out } = await init("--domain", "example.net", "--domain", "example.com");
    const { domains } = load().config;
    const secret = domains[0]?.xmpp.secret ?? "";
    expect(secret).toMatch(/^[0-9a-f]{48}$/);
    const all = parts(out);
    expect([...all.keys()]).toEqual([
      ...["Prosody", "ejabberd", "MongooseIM", "Openfire", "jabberd2", "Metronome", "nginx"],
    ]);
    for (const name of ["Prosody", "ejabberd", "MongooseIM", "Openfire", "jabberd2", "Metronome"]) {
      expect(all.get(name)).toContain(name === "jabberd2" ? `<secret>${secret}</secret>` : `"${secret}"`);
      for (const { host } of domains) expect(all.get(name)).toContain(host);
    }
    for (const { host } of domains) expect(all.get("nginx")).toContain(`server_name ${host};`);
    expect(all.get("Prosody")).toContain(`Component "upload.example.net"\n  component_secret = "${secret}"`);
    expect(all.get("Prosody")).toContain("disco_items = { {");
    expect(all.get("Prosody")).toContain("a reload does not load a new Component");
    expect(all.get("Prosody")).toContain('host:activate("upload.example.net")');
    for (const name of ["MongooseIM", "jabberd2"])
      expect(all.get(name)).toContain("lists each of these on every domain");
    expect(all.get("ejabberd")).toContain("module: ejabberd_service");
    expect(all.get("ejabberd")).toContain("extra_domains");
    expect(all.get("Openfire")).toContain('address = "127.0.0.1:5275"');
    expect(all.get("nginx")).toContain("proxy_set_header Host $http_host;");
  });

  test.each([
    ["prosody", "Prosody", "127.0.0.1:5347"],
    ["ejabberd", "ejabberd", "127.0.0.1:5347"],
    ["mongooseim", "MongooseIM", "127.0.0.1:5347"],
    ["openfire", "Openfire", "127.0.0.1:5275"],
    ["jabberd2", "jabberd2", "127.0.0.1:5347"],
    ["metronome", "Metronome", "127.0.0.1:5347"],
  ])("is for --for %s what concerns that server, and the file has its port", async (name, title, address) => {
    const { code, out } = await init("--for", name);
    expect(code).toBe(0);
    expect([...parts(out).keys()]).toEqual([title, "nginx"]);
    expect(out).not.toContain("one of these");
    expect(out).not.toContain("lists each of these");
    expect(out).not.toContain("In slotd.toml");
    const { host, port } = load().config.domains[0]?.xmpp.address ?? {};
    expect(`${host}:${port}`).toBe(address);
  });

  test("is not printed for a server that nobody knows, and nothing is written", async () => {
    const { code, out, err } = await init("--for", "prosdy");
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain('got "prosdy"; did you mean "prosody"?');
    expect(readdirSync(folder)).toEqual([]);
  });

  test("is valid TOML for MongooseIM", async () => {
    const { out } = await init();
    const text = parts(out).get("MongooseIM") ?? "";
    const toml = readToml(text.slice(text.indexOf("\n#")).split("\n\nThen")[0] ?? "", "mongooseim.toml");
    expect("entries" in toml && toml.entries.map(({ path }) => path.join("."))).toEqual(["listen.component"]);
  });

  test("leaves nginx out for a public URL without TLS", async () => {
    const { out } = await init("--public-url", "http://127.0.0.1:5080");
    expect([...parts(out).keys()]).not.toContain("nginx");
  });

  test("has a fresh secret each time", async () => {
    const io = fakeIo(folder);
    const secrets = [];
    for (let round = 0; round < 2; round++) {
      expect(await main(["init", "--force"], io)).toBe(0);
      secrets.push(load().config.domains[0]?.xmpp.secret);
    }
    expect(secrets[0]).not.toBe(secrets[1]);
  });
});
