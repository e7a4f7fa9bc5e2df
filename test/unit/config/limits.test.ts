import { describe, expect, test } from "bun:test";
import { ledgerLimits } from "../../../src/app/ledgers/ledger-limits.ts";
import { describeConfig } from "../../../src/config/reference/describe.ts";
import {
  formatDuration,
  formatLedgerUrl,
  parseAccess,
  parseDuration,
  parseLedgerUrl,
  parseTypeGlob,
} from "../../../src/config/values.ts";
import { configOf, domainOf, loadText, messageOf, minimal } from "./load-text.ts";

const onS3 = `domains = ["example.org"]
xmpp.secret = "hush"
[s3]
bucket_url = "https://s3.example/bucket"
region = "eu-west-1"
access_key_id = "AKID"
secret_access_key = "s3-hush"
`;
const withLedger = `${minimal}ledger.url = "sqlite:l.db"\n`;

describe("the ledger", () => {
  test("is in the data folder on disk, and none on S3, unless said otherwise", () => {
    expect(domainOf(`${minimal}disk.path = "/var/slotd"`).ledger.url).toEqual({
      kind: "sqlite",
      path: "/var/slotd/slotd.db",
    });
    expect(domainOf(onS3).ledger.url).toEqual({ kind: "none" });
    expect(domainOf(`${onS3}[ledger]\nurl = "sqlite:l.db"`).ledger.url).toEqual({
      kind: "sqlite",
      path: "/conf/l.db",
    });
    expect(domainOf(`${minimal}ledger.url = "none"`).ledger.url).toEqual({ kind: "none" });
  });

  test("can come from the environment and from a file, as every secret", () => {
    const postgres = { kind: "postgres", url: "postgres://slotd:pw@db/slotd" } as const;
    expect(domainOf(minimal, { env: { SLOTD_LEDGER_URL: postgres.url } }).ledger.url).toEqual(postgres);
    const files = { "/run/ledger": `${postgres.url}\n` };
    expect(domainOf(`${minimal}ledger.url_file = "/run/ledger"`, { files }).ledger.url).toEqual(postgres);
  });

  test("never shows its password", () => {
    const toml = `${minimal}ledger.url = "postgres://slotd:geheim@db.example/slotd?sslmode=require"`;
    const shown = describeConfig(configOf(toml));
    expect(shown).toContain('url = "postgres://slotd@db.example/slotd?sslmode=require"');
    expect(shown).not.toContain("geheim");
    expect(messageOf(`${minimal}ledger.url = "postgers://slotd:geheim@db/slotd"`)).not.toContain("geheim");
  });

  test.each([
    "",
    "sqlite:",
    "sqlite://x",
    "slotd.db",
    "mysql://a/b",
    "postgres://",
    "postgres://a b",
    "None",
  ])("%j is none", (text) => {
    expect(parseLedgerUrl(text)).toBeUndefined();
  });
});

describe("limits that nothing keeps are refused:", () => {
  test.each([
    ["a quota without a ledger", `${minimal}ledger.url = "none"\nquota.user = "1GiB"`, "quota.user"],
    ["a quota of files", `${onS3}[quota]\ndomain_files = 5`, "quota.domain_files"],
    ["the quota of a purpose", `${onS3}[purpose.profile]\nquota = "5MiB"`, "purpose.profile.quota"],
    [
      "delete-oldest without a ledger",
      `${minimal}ledger.url = "none"\nquota.when_full = "delete-oldest"`,
      "quota.when_full",
    ],
    ["retention on S3 without a ledger", `retention = "7d"\n${onS3}`, "retention"],
    [
      "the retention of a purpose on S3 without a ledger",
      `${onS3}[purpose.message]\nretention = "7d"`,
      "purpose.message.retention",
    ],
    ["a rate", `${onS3}[rate]\nslots_per_minute = 5`, "rate.slots_per_minute"],
    [
      "ephemeral files in a bucket that anyone can read",
      `${onS3}[ledger]\nurl = "sqlite:x"\n[purpose.ephemeral]\nenabled = true`,
      "purpose.ephemeral.enabled",
    ],
    [
      "ephemeral files in a bucket without a ledger, where nothing deletes them",
      `${onS3}access = "private"\n[purpose.ephemeral]\nenabled = true`,
      "purpose.ephemeral.enabled",
    ],
  ])("%s", (_, toml, key) => {
    const message = messageOf(toml);
    expect(message).toContain(`${key}: expected `);
    expect(message).toContain("for example.org");
  });

  test.each([
    ["infinity", `${onS3}[quota]\nuser = "infinity"`],
    ["never", `retention = "never"\n${onS3}`],
    ["retention on disk, which the file itself keeps", `${minimal}ledger.url = "none"\nretention = "7d"`],
    ["a quota with a ledger", `${withLedger}quota.user = "1GiB"\nquota.when_full = "delete-oldest"`],
    ["a quota on S3 with a ledger", `retention = "7d"\n${onS3}[ledger]\nurl = "sqlite:x"\n[quota]\nuser = 5`],
  ])("but not %s", (_, toml) => {
    expect(loadText(toml).ok).toBe(true);
  });

  test("delete-oldest for some of the domains that share a total", () => {
    const two = withLedger.replace('["example.org"]', '["a.org", "b.org"]');
    const mixed = `${two}quota.total = "1TiB"\n[domain."b.org".quota]\nwhen_full = "delete-oldest"\n`;
    const message = messageOf(mixed);
    expect(message).toContain("quota.when_full: expected the same for every domain of one ledger");
    expect(message).toContain('"delete-oldest" for b.org and "refuse" for a.org');
    expect(loadText(`${mixed}[domain."b.org".ledger]\nurl = "sqlite:b.db"\n`).ok).toBe(true);
    expect(loadText(mixed.replace("quota.total", "quota.domain")).ok).toBe(true);
    expect(loadText(`${two}quota.total = "1TiB"\nquota.when_full = "delete-oldest"\n`).ok).toBe(true);
  });

  test("one problem for a setting of several domains", () => {
    const toml = `domains = ["a.org", "b.org"]\nbackend = "disk"\nxmpp.secret = "x"\nledger.url = "none"\nquota.user = 5\n`;
    expect(messageOf(toml).split("quota.user: expected")).toHaveLength(2);
  });
});

describe("a quota of bytes", () => {
  test("allows one file for each 4 KiB where nothing is said of files, so that empty ones are counted", () => {
    const { quota } = domainOf(
      `${withLedger}quota.user = "1GiB"\nquota.user_daily = 5000\nquota.domain = "1TiB"\nquota.domain_files = 7\n`,
    );
    expect(quota).toMatchObject({
      ...{ user: 2 ** 30, userFiles: 2 ** 18, userDaily: 5000, userDailyFiles: 2 },
      ...{ domain: 2 ** 40, domainFiles: 7, total: undefined, totalFiles: undefined },
    });
  });

  test("allows any number of files where that is said", () => {
    const { quota } = domainOf(`${withLedger}quota.user = "1GiB"\nquota.user_files = "infinity"\n`);
    expect([quota.user, quota.userFiles]).toEqual([2 ** 30, undefined]);
    expect(describeConfig(configOf(`${withLedger}quota.user = "4MiB"\n`))).toContain(
      "user_files = 1024 # default\n",
    );
  });

  test("of a purpose does so too", () => {
    const config = domainOf(`${withLedger}purpose.profile.quota = "1MiB"\n`);
    const alice = { bareJid: "alice@example.org", domain: "example.org" };
    expect(ledgerLimits(config, alice, "profile").purpose).toEqual({ bytes: 2 ** 20, files: 256 });
    expect(ledgerLimits(config, alice, "message").purpose).toEqual({ bytes: undefined, files: undefined });
  });
});

test.each(["1TiB", "infinity", 2 ** 40])("the largest file may have %p", (size) => {
  expect(loadText(`${minimal}max_file_size = ${JSON.stringify(size)}`).ok).toBe(true);
});

test.each(["1.1TiB", 2 ** 40 + 1, "9007199254740991"])("the largest file may not have %p", (size) => {
  for (const name of ["max_file_size", "purpose.profile.max_file_size"]) {
    expect(messageOf(`${minimal}${name} = ${JSON.stringify(size)}`)).toContain('at most "1TiB"');
  }
});

describe("purposes", () => {
  test("take the domain's limits where they have none of their own", () => {
    const { purpose: purposes } = domainOf(
      `retention = "7d"\nmax_file_size = "2MiB"\n${withLedger}
[purpose.profile]
retention = "1y"
max_file_size = "1MiB"
quota = "infinity"
[purpose.permanent]
enabled = true
[domain."example.org".purpose.message]
retention = "1h"
`,
    );
    const week = 7 * 86400;
    expect(purposes).toEqual({
      message: { enabled: true, retention: 3600, maxFileSize: 2097152, quota: undefined },
      profile: { enabled: true, retention: 365 * 86400, maxFileSize: 1048576, quota: undefined },
      ephemeral: { enabled: true, retention: week, maxFileSize: 2097152, quota: undefined },
      permanent: { enabled: true, retention: undefined, maxFileSize: 2097152, quota: undefined },
    });
  });

  test("are only messages, kept until the bucket's own rules delete them, on S3 without a ledger", () => {
    const { purpose: purposes } = domainOf(onS3);
    expect(Object.values(purposes).map(({ enabled }) => enabled)).toEqual([true, false, false, false]);
    expect(purposes.message.retention).toBeUndefined();
  });

  test("are on, but for permanent, in a private bucket with a ledger", () => {
    const { purpose: purposes } = domainOf(`${onS3}access = "private"\n[ledger]\nurl = "sqlite:l.db"`);
    expect(Object.values(purposes).map(({ enabled }) => enabled)).toEqual([true, true, true, false]);
    expect(purposes.ephemeral.retention).toBe(2592000);
  });

  test("come from the environment too", () => {
    const env = { SLOTD_PURPOSE_PERMANENT_ENABLED: "true", SLOTD_QUOTA_USER_FILES: "12" };
    const config = domainOf(minimal, { env });
    expect(config.purpose.permanent.enabled).toBe(true);
    expect(config.quota.userFiles).toBe(12);
  });

  test("of another name, and other keys of one, are refused with what was meant", () => {
    expect(messageOf(`${minimal}[purpose.mesage]\nenabled = true`)).toContain("[purpose.message]?");
    expect(messageOf(`${minimal}[purpose.message]\nretenton = "1d"`)).toContain("purpose.message.retention?");
    expect(messageOf(`${minimal}purpose = 5`)).toContain("a table, [purpose]");
  });
});

test("what is in force can be written and read again", () => {
  const toml = `${withLedger}
deny = ["*.evil.example", "spam@example.org"]
allowed_types = ["Image/*"]
quota.user = "1GiB"
quota.total_files = 100
rate.slots_per_minute = 60
purpose.permanent.enabled = true
`;
  const config = configOf(toml);
  const again = loadText(describeConfig(config));
  if (!again.ok) throw new Error("what describeConfig writes cannot be read");
  const limits = ({ domains }: typeof config) =>
    domains.map(({ access, deny, allowedTypes, deniedTypes, purpose, quota, rate, ledger }) => ({
      ...{ access, deny, allowedTypes, deniedTypes, purpose, quota, rate, ledger: ledger.url },
    }));
  expect(limits(again.config)).toEqual(limits(config));
});

describe("a length of time", () => {
  test.each([
    ["30d", 2592000],
    ["12h", 43200],
    ["90", 90],
    ["5 m", 300],
    ["1w", 604800],
    ["2y", 63072000],
    ["3s", 3],
  ])("%j is %d seconds", (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds);
    expect(parseDuration(formatDuration(seconds))).toBe(seconds);
  });

  test.each(["", "0", "0d", "-1d", "1.5d", "30 days", "1M", "d", "1000y1", "1001y", "999999999999d"])(
    "%j is none",
    (text) => {
      expect(parseDuration(text)).toBeUndefined();
    },
  );
});

test.each([
  ["image/*", "image/*"],
  ["IMAGE/Png", "image/png"],
  ["*", "*"],
  ["*/*", "*/*"],
  ["image", undefined],
  ["image/png; q=1", undefined],
  ["", undefined],
  ["a/b/c", undefined],
])("the glob %j is read as %p", (text, glob) => {
  expect(parseTypeGlob(text)).toBe(glob);
});

test.each([
  ["*.Example.org", "*.example.org"],
  ["*.", undefined],
  ["*example.org", undefined],
])("who %j is, is read as %p", (text, who) => {
  expect(parseAccess(text)).toBe(who);
});

test("a ledger's URL is written as it is read", () => {
  for (const url of ["none", "sqlite:/a/b.db", "postgres://u@h/db"]) {
    const location = parseLedgerUrl(url);
    expect(location === undefined ? "" : formatLedgerUrl(location)).toBe(url);
  }
});
