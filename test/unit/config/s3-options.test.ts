import { describe, expect, test } from "bun:test";
import { credentialsOf } from "../../../src/config/credentials.ts";
import { domainOf, messageOf, warningsOf } from "./load-text.ts";

const top = 'domains = ["a.example", "b.example"]\nxmpp.secret = "hush"\n';
const place = 'bucket_url = "https://s3.example/b"\nregion = "r"\n';
const keys = 'access_key_id = "K"\nsecret_access_key = "hush"\n';

describe("the keys of a bucket", () => {
  test("may come from AWS's chain, and then none is wanted here", () => {
    const { s3 } = domainOf(`${top}[s3]\n${place}credentials = "aws"\n`);
    expect(credentialsOf(s3!)).toEqual({ kind: "aws" });
  });

  test("may come from one file, whose path is wanted then", () => {
    const text = `${top}[s3]\n${place}credentials = "file"\n`;
    expect(credentialsOf(domainOf(`${text}credentials_file = "keys.json"\n`).s3!)).toEqual({
      kind: "file",
      path: "/conf/keys.json",
    });
    expect(messageOf(text)).toContain(
      'It is mandatory with backend = "s3" and s3.credentials = "file": add it to the table [s3], or set SLOTD_S3_CREDENTIALS_FILE.',
    );
  });

  test("may each stand in a file, the id too", () => {
    const files = { "/run/id": "ID\n", "/run/secret": "S\n", "/run/token": "T\n" };
    const text = `${top}[s3]\n${place}access_key_id_file = "/run/id"\nsecret_access_key_file = "/run/secret"\nsession_token_file = "/run/token"\n`;
    expect(credentialsOf(domainOf(text, { files }).s3!)).toEqual({
      kind: "static",
      ...{ accessKeyId: "ID", secretAccessKey: "S", sessionToken: "T" },
      files: { accessKeyId: "/run/id", secretAccessKey: "/run/secret", sessionToken: "/run/token" },
    });
    const env = { SLOTD_S3_ACCESS_KEY_ID_FILE: "/run/id" };
    const rest = `${top}[s3]\n${place}secret_access_key = "S"\n`;
    expect(credentialsOf(domainOf(rest, { files, env }).s3!)).toMatchObject({ accessKeyId: "ID" });
  });

  test("are wanted where nothing else is said", () => {
    const message = messageOf(`${top}[s3]\n${place}`);
    expect(message).toContain("set SLOTD_S3_ACCESS_KEY_ID or SLOTD_S3_ACCESS_KEY_ID_FILE");
    expect(message).toContain("set SLOTD_S3_SECRET_ACCESS_KEY or SLOTD_S3_SECRET_ACCESS_KEY_FILE");
  });
});

describe("buckets that are reached through slotd", () => {
  const modes = ['access = "private"', 'upload = "proxy"'];
  const own = '[domain."b.example".s3]\nbucket_url = "https://s3.example/other"\n';

  test.each(modes)("need a public URL each: %s", (mode) => {
    const text = `${top}[s3]\n${place}${keys}${mode}\n`;
    expect(messageOf(text + own)).toBe(
      'slotd.toml: http.public_url: expected a different URL for each bucket that clients reach through slotd, got "http://127.0.0.1:5080" for both a.example and b.example. Put @HOST@ into it, or set http.public_url in [domain."b.example"]. Example: public_url = "https://upload.@HOST@"',
    );
    expect(domainOf(`${text}${own}[http]\npublic_url = "https://up.@HOST@"\n`).s3?.bucketUrl).toBe(
      "https://s3.example/b",
    );
    expect(domainOf(text).http.publicUrl).toBe("http://127.0.0.1:5080");
  });

  test("cannot share one with files on disk", () => {
    const text = `${top}[s3]\n${place}${keys}${modes[0]}\n[domain."b.example"]\nbackend = "disk"\n`;
    expect(messageOf(text)).toContain("for both a.example and b.example");
  });

  test("may share one with buckets that are not", () => {
    expect(domainOf(`${top}[s3]\n${place}${keys}[domain."b.example".s3]\n${modes[0]}\n`).domain).toBe(
      "a.example",
    );
  });

  test("want https, and take no CDN when they are private", () => {
    const text = `${top}[s3]\n${place}${keys}${modes[0]}\npublic_url = "https://cdn.example"\n[http]\npublic_url = "http://up.example"\n`;
    const warnings = warningsOf(text).join("\n");
    expect(warnings).toContain("http.public_url: http://up.example is not https");
    expect(warnings).toContain('s3.public_url: it has no effect with s3.access = "private"');
  });
});
