import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { main } from "../../../../src/cli/main.ts";
import { loadConfig } from "../../../../src/config/load.ts";
import { fakeIo } from "../fake-io.ts";

const root = mkdtempSync(join(tmpdir(), "slotd-init-from-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const fixtures = join(import.meta.dir, "../../../fixtures");

async function initFrom(from: string, ...args: string[]) {
  const folder = mkdtempSync(join(root, "run-"));
  const io = fakeIo(folder);
  const code = await main(["init", "--from", from, ...args], io);
  const file = join(folder, "slotd.toml");
  return { code, file, text: existsSync(file) ? readFileSync(file, "utf8") : undefined, ...io };
}

describe("slotd init --from", () => {
  test.each(["mongooseim.cfg", "mongooseim.toml"])(
    "makes the same slotd.toml of %s, ready to load",
    async (name) => {
      const { code, text, file, out } = await initFrom(join(fixtures, name));
      expect(code).toBe(0);
      expect(text).toBe(readFileSync(join(fixtures, "slotd-from-mongooseim.toml"), "utf8"));
      expect(statSync(file).mode & 0o777).toBe(0o600);
      const loaded = loadConfig({ file, env: {}, cwd: root });
      if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
      expect(
        loaded.config.domains.map(({ domain, host, expirationTime, maxFileSize, s3, xmpp }) => [
          ...[domain, host, expirationTime, maxFileSize, s3?.region, s3?.addAcl, xmpp.secret],
        ]),
      ).toEqual([
        ["example.org", "upload.example.org", 120, undefined, "eu-west-1", true, 'component "secret"'],
        ["example.net", "files.example.net", 60, 5_000_000, "eu-central-1", false, 'component "secret"'],
        [
          "chat.example.com",
          "upload.chat.example.com",
          120,
          undefined,
          "eu-west-1",
          true,
          'component "secret"',
        ],
      ]);
      expect(out()).toMatch(
        /mongooseim\.\w+:\d+: iqdisc(\.type)? is not imported: slotd answers every request/,
      );
      expect(out()).toContain("anonymous.example.org is not in domains");
      expect(out()).toContain("(upload.example.org, files.example.net, upload.chat.example.com)");
      expect(out()).toContain("shaper_rule holds slotd back on this listener");
      expect(out()).toContain("MongooseIM lists each component on every domain.");
      expect(out()).not.toContain("bPxRfiCY");
    },
  );

  test("of a snippet takes the domains from --domain, and makes a fresh secret", async () => {
    const snippet = join(root, "snippet.toml");
    writeFileSync(
      snippet,
      '[modules.mod_http_upload]\ns3.bucket_url = "https://b.example"\ns3.region = "r"\ns3.access_key_id = "a"\ns3.secret_access_key = "s"\n',
    );
    const { code, text, out } = await initFrom(snippet, "--domain", "example.com");
    expect(code).toBe(0);
    expect(text).toContain('domains = ["example.com"]');
    expect(text).toMatch(/\nsecret = "[0-9a-f]{48}"\n/);
    expect(out()).toContain("[[listen.component]]");
    expect(out()).not.toContain("does not start with it yet");
    const without = await initFrom(snippet);
    expect(without.text).toContain("# EDIT THIS LINE");
    expect(without.out()).toContain("The file names no domain");
  });

  test("of a listener with TLS writes a slotd.toml with xmpp.tls", async () => {
    const file = join(root, "tls.toml");
    writeFileSync(
      file,
      '[general]\nhosts = ["a.example"]\n[[listen.component]]\nport = 8888\npassword = "pw"\ntls.certfile = "c.pem"\n' +
        '[modules.mod_http_upload]\ns3.bucket_url = "https://b.example"\ns3.region = "r"\ns3.access_key_id = "a"\ns3.secret_access_key = "s"\n',
    );
    const { code, file: written, out } = await initFrom(file);
    expect(code).toBe(0);
    const loaded = loadConfig({ file: written, env: {}, cwd: root });
    expect(loaded.ok && loaded.config.domains[0]?.xmpp.tls).toBe(true);
    expect(out()).toContain("set xmpp.tls_ca");
  });

  test("is for MongooseIM only", async () => {
    const { code, err } = await initFrom(join(fixtures, "mongooseim.cfg"), "--for", "prosody");
    expect(code).toBe(2);
    expect(err()).toContain("--from reads a configuration of MongooseIM");
  });

  test("says what is still to be written when the bucket is not whole", async () => {
    const snippet = join(root, "partly.cfg");
    writeFileSync(snippet, '{mod_http_upload, [{s3, [{bucket_url, "https://b.example"}]}]}.');
    const { code, out } = await initFrom(snippet, "--domain", "example.com");
    expect(code).toBe(0);
    expect(out()).toContain("s3.region is missing");
    expect(out()).toContain("slotd does not start with it yet:\nslotd.toml");
  });

  test.each([
    ["breaks off", '{mod_http_upload, [\n {host, "upload.@HOST@"},\n', "cut.cfg:1: the file ends inside"],
    ["breaks off", '[modules.mod_http_upload]\nhost = "upload', "cut.toml:2:"],
    ["is of another module", "{mod_muc, []}.", "no mod_http_upload"],
  ])("writes nothing when what it reads %s", async (_, text, message) => {
    const file = join(root, text.startsWith("[") ? "cut.toml" : "cut.cfg");
    writeFileSync(file, text);
    const { code, text: written, err } = await initFrom(file);
    expect(code).toBe(1);
    expect(written).toBeUndefined();
    expect(err()).toContain(message);
    expect(err()).toContain("slotd: slotd.toml was not written.");
  });

  test("says that there is no such file", async () => {
    const { code, err } = await initFrom(join(root, "nowhere.cfg"));
    expect(code).toBe(1);
    expect(err()).toContain("cannot be read");
  });

  test("does not write over a slotd.toml", async () => {
    const first = await initFrom(join(fixtures, "mongooseim.cfg"));
    const io = fakeIo(join(first.file, ".."));
    expect(await main(["init", "--from", join(fixtures, "mongooseim.toml")], io)).toBe(1);
    expect(io.err()).toContain("exists already");
  });
});
