import { describe, expect, test } from "bun:test";
import { credentialsOf } from "../../../../src/config/credentials.ts";
import { describeConfig } from "../../../../src/config/reference/describe.ts";
import { configOf, domainOf, loadText, messageOf, minimal, problemsOf, systemError } from "../load-text.ts";

const withoutSecret = 'domains = ["example.org"]\nbackend = "disk"\n';

describe("a secret file", () => {
  const toml = `${withoutSecret}[xmpp]\nsecret_file = "xmpp-secret"\n`;

  test.each([
    ["hush", "hush"],
    ["hush\n", "hush"],
    ["hush\r\n", "hush"],
    ["hush\n\n", "hush\n"],
    [" žluť ", " žluť "],
  ])("that holds %j gives %j", (content, secret) => {
    expect(domainOf(toml, { files: { "/conf/xmpp-secret": content } }).xmpp.secret).toBe(secret);
  });

  test.each([
    [undefined, "got /conf/xmpp-secret: there is no such file."],
    [{ code: "EACCES" }, "got /conf/xmpp-secret: slotd is not permitted to read it."],
    [{ code: "EISDIR" }, "got /conf/xmpp-secret: it is a folder."],
    [{ code: "EIO" }, "got /conf/xmpp-secret: it cannot be read (EIO)."],
    ["", "got /conf/xmpp-secret, which is empty."],
    ["\n", "got /conf/xmpp-secret, which is empty."],
  ])("that cannot be used is named with the reason: %p", (content, text) => {
    const file = typeof content === "object" ? systemError(content.code) : content;
    const files = file === undefined ? {} : { "/conf/xmpp-secret": file };
    expect(problemsOf(toml, { files })).toHaveLength(1);
    expect(messageOf(toml, { files })).toStartWith("slotd.toml:4: xmpp.secret_file: expected a file");
    expect(messageOf(toml, { files })).toContain(text);
  });

  test("must be named by a text", () => {
    expect(messageOf(toml.replace('"xmpp-secret"', "5"))).toContain(
      "expected the path of a file that contains the secret, got 5.",
    );
  });

  test("beside the secret itself is an error", () => {
    const message = messageOf(`${toml}secret = "hush"\n`, { files: { "/conf/xmpp-secret": "other" } });
    expect(message).toBe(
      "slotd.toml:5: xmpp.secret: expected either it or xmpp.secret_file, got both. Remove one of them.",
    );
  });

  test("may be named by the environment, where the same holds", () => {
    const files = { "/run/secret": "from file\n" };
    const env = { SLOTD_XMPP_SECRET_FILE: "/run/secret" };
    expect(domainOf(withoutSecret, { env, files }).xmpp.secret).toBe("from file");
    expect(domainOf(minimal, { env, files }).xmpp.secret).toBe("from file");
    expect(messageOf(withoutSecret, { env: { ...env, SLOTD_XMPP_SECRET: "x" }, files })).toContain(
      "got both",
    );
    expect(messageOf(withoutSecret, { env })).toStartWith(
      "SLOTD_XMPP_SECRET_FILE: xmpp.secret_file: expected a file that can be read",
    );
  });

  test("may be a domain's own, and the S3 key's", () => {
    const text = `${minimal}[domain."example.org"]\nbackend = "s3"
s3 = { bucket_url = "https://b.example", region = "r", access_key_id = "k", secret_access_key_file = "k" }
xmpp.secret_file = "own"\n`;
    const config = domainOf(text, { files: { "/conf/k": "s3 key\n", "/conf/own": "own\n" } });
    expect(credentialsOf(config.s3!)).toMatchObject({
      secretAccessKey: "s3 key",
      files: { accessKeyId: undefined, secretAccessKey: "/conf/k" },
    });
    expect(config.xmpp.secret).toBe("own");
  });
});

describe("no message holds a secret:", () => {
  const leak = "leak-5f3a";
  test.each([
    ["a wrong type", `xmpp.secret = ["${leak}"]`],
    ["a date", `xmpp.secret = 2020-01-01 # ${leak}`],
    ["an empty one beside it", `xmpp = { secret = "${leak}", address = 1 }`],
    ["an unknown key that is nearly a secret's", `xmpp.secert = "${leak}"`],
    ["an unknown key that is like none", `xmpp.pw = "${leak}"`],
    ["a secret at the wrong level", `secret = "${leak}"`],
    ["a secret in an unknown table", `xmmp = { secret = "${leak}" }`],
    ["a secret of many lines", `xmpp.secret = ["""\n${leak}\n"""]`],
    ["a URL with a password", `s3.bucket_url = "https://me:${leak}@s3.example/"`],
    ["a public URL with a password", `http.public_url = "https://me:${leak}@@HOST@/"`],
    ["a syntax error on its line", `xmpp.secret = "${leak}`],
    ["a syntax error on the line of a misspelt one", `xmpp.secert = "${leak}`],
    ["a syntax error after a long text", `xmpp.secret = """\n${leak}\n`],
    ["a syntax error within a long text", `xmpp.secret = """\n\\q${leak}\n"""`],
    ["a key given twice", `xmpp.secret = "a"\nxmpp.secret = "${leak}"`],
    ["a secret of S3", `s3.secret_access_key = ["${leak}"]`],
  ])("%s", (_, line) => {
    const message = messageOf(`${withoutSecret}${line}\n`);
    expect(message).not.toContain(leak);
    expect(message).not.toBe("");
  });

  test("the environment", () => {
    const env = {
      SLOTD_XMPP_SECERT: leak,
      SLOTD_S3_SECRET: leak,
      SLOTD_S3_BUCKET_URL: `https://me:${leak}@x/`,
    };
    expect(messageOf(minimal, { env })).not.toContain(leak);
  });
});

describe("what is in force", () => {
  const toml = `
domains = ["example.org", "b.org"]
xmpp.secret = "leak-1"
max_file_size = "infinity"
[s3]
bucket_url = "https://b.example/"
region = "eu \\u007f"
access_key_id = "AKID"
secret_access_key = "leak-2"
[domain."b.org"]
backend = "disk"
xmpp.secret = "leak-3"
access = ["*"]
`.replace("eu \\u007f", "eu-1");

  test("is shown without secrets", () => {
    const text = describeConfig(configOf(toml));
    expect(text).not.toContain("leak");
    expect(text.match(/"\(redacted\)"/g)).toHaveLength(3);
    expect(text).toContain('host = "upload.b.org" # default\n');
    expect(text).toContain('bucket_url = "https://b.example"\n');
  });

  test("is TOML that gives the same again, but for the secrets", () => {
    const config = configOf(toml);
    const again = loadText(describeConfig(config));
    if (!again.ok) throw new Error("expected it to load");
    const redacted = config.domains.map((domain) => ({
      ...domain,
      xmpp: { ...domain.xmpp, secret: "(redacted)" },
      s3: domain.s3 && { ...domain.s3, secretAccessKey: "(redacted)" },
    }));
    expect(again.config).toEqual({ ...config, domains: redacted });
  });
});
