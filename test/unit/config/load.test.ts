import { describe, expect, test } from "bun:test";
import { environmentKeys, variableOf } from "../../../src/config/options/table.ts";
import { describeConfig } from "../../../src/config/reference/describe.ts";
import { isOfService } from "../../../src/config/sources/service-variables.ts";
import { configOf, domainOf, loadText, messageOf, minimal, systemError, warningsOf } from "./load-text.ts";

const s3 = `
[s3]
bucket_url = "https://s3.example/bucket/"
region = "eu-west-1"
access_key_id = "AKID"
secret_access_key = "s3-hush"
`;

const global = {
  disk: { reserve: 268435456, fsync: true },
  http: {
    tls: { cert: undefined, key: undefined },
    corsOrigins: ["*"],
    inlineTypes: ["image/*", "audio/*", "video/*", "text/plain"],
    cache: "public" as const,
    maxUploads: 1000,
    maxUploadsPerAddress: 50,
    maxDownloads: 2000,
    maxDownloadsPerAddress: 500,
    minRate: 1024,
    idleTimeout: 75,
    trustedProxies: ["127.0.0.0/8", "::1"],
  },
  shutdownGrace: 30,
  log: { level: "info" as const, format: "auto" as const },
  ops: { listen: { host: "127.0.0.1", port: 5081 }, socket: undefined },
  quota: { total: undefined, totalFiles: undefined },
  former: [],
  receivers: [],
  service_url: [],
};

test("gives the defaults of the design", () => {
  expect(configOf(minimal)).toEqual({
    ...global,
    folder: "/conf",
    domains: [
      {
        ...global,
        domain: "example.org",
        host: "upload.example.org",
        backend: "disk",
        expirationTime: 60,
        tokenBytes: 32,
        maxFileSize: 10485760,
        access: ["example.org"],
        deny: [],
        allowedTypes: undefined,
        deniedTypes: [],
        retention: 2592000,
        purpose: {
          message: { enabled: true, retention: 2592000, maxFileSize: 10485760, quota: undefined },
          profile: { enabled: true, retention: undefined, maxFileSize: 10485760, quota: 20971520 },
          ephemeral: { enabled: true, retention: 2592000, maxFileSize: 10485760, quota: undefined },
          permanent: { enabled: false, retention: undefined, maxFileSize: 10485760, quota: undefined },
        },
        quota: {
          ...global.quota,
          ...{ user: undefined, userFiles: undefined, userDaily: undefined, userDailyFiles: undefined },
          ...{ domain: undefined, domainFiles: undefined, whenFull: "refuse" },
        },
        rate: { slotsPerMinute: undefined, burst: 50 },
        ledger: { url: { kind: "sqlite", path: "/conf/data/slotd.db" }, urlFile: undefined },
        xmpp: {
          component: "on",
          address: { host: "127.0.0.1", port: 5347 },
          ...{ secret: "hush", secretFile: undefined, tls: false, tlsCa: undefined },
        },
        s3: undefined,
        contact: { abuse: [] },
        disk: { ...global.disk, path: "/conf/data" },
        http: {
          ...global.http,
          listen: { host: "127.0.0.1", port: 5080 },
          publicUrl: "http://127.0.0.1:5080",
        },
      },
    ],
  });
});

test("takes S3 as the backend when none is given", () => {
  const config = domainOf(`domains = ["example.org"]\nxmpp.secret = "hush"${s3}add_acl = true\n`);
  expect(config.backend).toBe("s3");
  expect(config.s3).toEqual({
    bucketUrl: "https://s3.example/bucket",
    region: "eu-west-1",
    access: "public",
    publicUrl: "https://s3.example/bucket",
    getExpirationTime: 300,
    upload: "direct",
    credentials: "static",
    ...{ accessKeyId: "AKID", secretAccessKey: "s3-hush", sessionToken: undefined },
    ...{ accessKeyIdFile: undefined, secretAccessKeyFile: undefined, sessionTokenFile: undefined },
    credentialsFile: undefined,
    addAcl: true,
  });
});

test.each([
  ["5", 5],
  ['"50MiB"', 52428800],
  ['"infinity"', undefined],
  ['"undefined"', undefined],
])("max_file_size = %s", (text, bytes) => {
  expect(domainOf(`max_file_size = ${text}\n${minimal}`).maxFileSize).toBe(bytes);
});

test("keeps a secret that is not ASCII", () => {
  expect(domainOf('domains = ["a"]\nbackend = "disk"\nxmpp.secret = "žluť 鍵"').xmpp.secret).toBe("žluť 鍵");
});

test("reads a file with a byte order mark and with CRLF", () => {
  expect(domainOf(`\uFEFF${minimal.replaceAll("\n", "\r\n")}`).domain).toBe("example.org");
});

test("reads inline tables and dotted keys as the same tables", () => {
  const config = domainOf(
    'domains = ["a.org"]\nbackend = "disk"\nxmpp = { secret = "x", address = "[::1]:1" }\nhttp.listen = "0.0.0.0:0"',
  );
  expect(config.xmpp.address).toEqual({ host: "::1", port: 1 });
  expect(config.http.listen).toEqual({ host: "0.0.0.0", port: 0 });
});

describe("several domains", () => {
  const two = `
domains = ["Example.org", "münchen.example"]
backend = "disk"
token_bytes = 20
access = ["*"]
[xmpp]
secret = "shared"
[http]
public_url = "https://files.@HOST@/up/"
`;

  test("each have their own host and public URL", () => {
    const { domains } = configOf(two);
    expect(domains.map(({ host }) => host)).toEqual(["upload.example.org", "upload.münchen.example"]);
    expect(domains.map(({ http }) => http.publicUrl)).toEqual([
      "https://files.example.org/up",
      "https://files.xn--mnchen-3ya.example/up",
    ]);
  });

  test("may each override any option of a domain", () => {
    const { domains } = configOf(`${two}
[domain."MÜNCHEN.example"]
backend = "s3"
host = "files.example.net"
max_file_size = "infinity"
access = ["Boss@example.org"]
xmpp.secret = "own"
[domain."münchen.example".s3]
bucket_url = "https://b.example"
region = "x"
access_key_id = "k"
secret_access_key = "own-s3"
`);
    expect(domains[0]).toMatchObject({
      host: "upload.example.org",
      backend: "disk",
      s3: undefined,
      tokenBytes: 20,
      access: ["*"],
    });
    expect(domains[0]?.xmpp.secret).toBe("shared");
    expect(domains[1]).toMatchObject({
      host: "files.example.net",
      backend: "s3",
      maxFileSize: undefined,
      tokenBytes: 20,
      access: ["boss@example.org"],
    });
    expect(domains[1]?.xmpp.secret).toBe("own");
    expect(domains[1]?.s3).toMatchObject({ secretAccessKey: "own-s3" });
  });

  test("need different hosts, and the message names both", () => {
    const text =
      'host = "upload.example.org"\ndomains = ["a.org", "b.org"]\nbackend = "disk"\nxmpp.secret = "x"\n';
    expect(messageOf(text)).toContain(
      'slotd.toml:1: host: expected a different host for each domain, got "upload.example.org" for both a.org and b.org.',
    );
    const own = '[domain."b.org"]\nhost = "upload.b.org"\n';
    expect(configOf(text + own).domains.map(({ host }) => host)).toEqual([
      "upload.example.org",
      "upload.b.org",
    ]);
  });
});

describe("the environment", () => {
  test("is enough without a file", () => {
    const config = domainOf(undefined, {
      env: {
        SLOTD_DOMAINS: "Example.org, example.net",
        SLOTD_XMPP_SECRET: "hush",
        SLOTD_BACKEND: "disk",
        SLOTD_MAX_FILE_SIZE: "1GiB",
        SLOTD_TOKEN_BYTES: "16",
        SLOTD_XMPP_TLS: "true",
        SLOTD_ACCESS: "*",
        PATH: "/bin",
      },
    });
    expect(config).toMatchObject({
      domain: "example.org",
      maxFileSize: 2 ** 30,
      tokenBytes: 16,
      access: ["*"],
    });
    expect(config.xmpp.tls).toBe(true);
    expect(config.disk.path).toBe("/conf/data");
  });

  test("wins over the file, but not over a domain's own table", () => {
    const text = `expiration_time = 10\n${minimal}[domain."example.net"]\nexpiration_time = 30\n`;
    const env = {
      SLOTD_DOMAINS: "example.org,example.net",
      SLOTD_EXPIRATION_TIME: "20",
      SLOTD_XMPP_SECRET: "other",
    };
    const { domains } = configOf(text, { env });
    expect(domains.map(({ expirationTime }) => expirationTime)).toEqual([20, 30]);
    expect(domains[0]?.xmpp.secret).toBe("other");
  });

  test("names the file with SLOTD_CONFIG, which an explicit file goes before", () => {
    const files = {
      "/etc/one.toml": minimal,
      "/etc/two.toml": minimal.replace("example.org", "two.example"),
    };
    const env = { SLOTD_CONFIG: "/etc/one.toml" };
    expect(domainOf(undefined, { env, files }).disk.path).toBe("/etc/data");
    expect(domainOf(undefined, { env, files, file: "../etc/two.toml" }).domain).toBe("two.example");
  });

  test.each(["SLOTD", "SLOTD_HTTP", "SLOTD_S3", "SLOTD_XMPP_ADDRESS", "SLOTD_OPS_8080"])(
    "may hold what Kubernetes puts there for a service that becomes %s",
    (service) => {
      const env = {
        [`${service}_SERVICE_HOST`]: "fd00::1",
        [`${service}_SERVICE_PORT`]: "80",
        [`${service}_SERVICE_PORT_HTTP_UPLOAD`]: "80",
        [`${service}_PORT`]: "tcp://[fd00::1]:80",
        [`${service}_PORT_80_TCP`]: "tcp://[fd00::1]:80",
        [`${service}_PORT_80_TCP_PROTO`]: "tcp",
        [`${service}_PORT_80_TCP_PORT`]: "80",
        [`${service}_PORT_80_TCP_ADDR`]: "fd00::1",
        [`${service}_PORT_53_UDP`]: "udp://10.0.0.1:53",
      };
      expect(domainOf(minimal, { env }).domain).toBe("example.org");
    },
  );

  test("may hold what Docker puts there for a linked container", () => {
    const env = { SLOTD_DB_NAME: "/web/slotd-db", SLOTD_DB_ENV_PGDATA: "/data", SLOTD_DB_ENV_A: "b" };
    expect(domainOf(minimal, { env }).domain).toBe("example.org");
  });

  test.each([
    ["SLOTD_HTTP_PORT", "5080", undefined],
    ["SLOTD_HTTP_LISTNE", "tcp://10.0.0.1:80", "SLOTD_HTTP_LISTEN"],
    ["SLOTD_S3_ENV_REGION", "eu", undefined],
    ["SLOTD_DOMAIN_NAME", "example.org", undefined],
    ["SLOTD_XMPP_SECRET_PORT", "hush", undefined],
    ["SLOTD_QUOTA_USR", "1GiB", "SLOTD_QUOTA_USER"],
  ])("may not hold %s=%s, which only looks like that", (variable, text, meant) => {
    const message = messageOf(minimal, { env: { [variable]: text } });
    expect(message).toContain(`${variable}: expected a variable that slotd knows`);
    if (meant !== undefined) expect(message).toContain(`Did you mean ${meant}?`);
  });

  test("has no option with a name that Kubernetes could give a value", () => {
    const taken = environmentKeys
      .map(variableOf)
      .filter((variable) =>
        ["10.0.0.1", "80", "tcp://10.0.0.1:80", "/a/b"].some((text) => isOfService(variable, text, {})),
      );
    expect(taken).toEqual([]);
  });
});

describe("the file", () => {
  test("is ./slotd.toml, else /etc/slotd/slotd.toml", () => {
    const etc = { "/etc/slotd/slotd.toml": minimal.replace("example.org", "etc.example") };
    expect(loadText(minimal, { files: etc })).toMatchObject({ ok: true, file: "slotd.toml" });
    const result = loadText(undefined, { files: etc });
    expect(result).toMatchObject({ ok: true, file: "/etc/slotd/slotd.toml" });
  });

  test("must exist when it is named", () => {
    expect(messageOf(minimal, { file: "no.toml" })).toBe(
      'no.toml: expected a configuration file that can be read, got an error: there is no such file. Make one with "slotd init".',
    );
  });

  test("is not passed over when it cannot be read", () => {
    const files = { "/conf/slotd.toml": systemError("EACCES"), "/etc/slotd/slotd.toml": minimal };
    expect(messageOf(undefined, { files })).toBe(
      "slotd.toml: expected a configuration file that can be read, got an error: slotd is not permitted to read it.",
    );
  });

  test("is where relative paths start", () => {
    const text = `${minimal}disk.path = "files"\nxmpp.tls_ca = "../ca.pem"\nxmpp.tls = true\n`;
    const config = domainOf(undefined, { file: "sub/x.toml", files: { "/conf/sub/x.toml": text } });
    expect(config.disk.path).toBe("/conf/sub/files");
    expect(config.xmpp.tlsCa).toBe("/conf/ca.pem");
  });
});

describe("warnings", () => {
  test("are absent from a plain configuration", () => {
    expect(warningsOf(minimal)).toEqual([]);
    expect(warningsOf(`${minimal}http.public_url = "https://upload.@HOST@"\n`)).toEqual([]);
    expect(
      warningsOf(
        `domains = ["a"]\nxmpp.secret = "x"${s3.replace("https://s3.example", "http://127.0.0.1:9000")}`,
      ),
    ).toEqual([]);
  });

  test.each([
    ["token_bytes = 15", "token_bytes: 15 random bytes are few"],
    [
      'http.public_url = "http://upload.example.org"',
      "http.public_url: http://upload.example.org is not https",
    ],
    ['http.listen = "0.0.0.0:5080"', "http.public_url: http://0.0.0.0:5080 is not https"],
    ['xmpp.tls_ca = "x"', "xmpp.tls_ca: it has no effect"],
    ['host = "@HOST@"', "host: example.org is one of the domains served"],
  ])("%s", (line, warning) => {
    const warnings = warningsOf(`${line}\n${minimal}`);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toStartWith(warning);
  });

  test("say that a bucket is reached by http", () => {
    const [warning] = warningsOf(`domains = ["a"]\nxmpp.secret = "x"${s3.replace("https:", "http:")}`);
    expect(warning).toStartWith("s3.bucket_url: http://s3.example/bucket is not https");
  });
});

test("one entry in the table is an option in the file, the environment, a domain's table and the messages", () => {
  const two = minimal.replace('["example.org"]', '["a.org", "b.org"]');
  const own = '[contact]\nabuse = ["mailto:a@a.org"]\n[domain."b.org".contact]\nabuse = ["xmpp:b@b.org"]\n';
  expect(configOf(two + own).domains.map(({ contact }) => contact.abuse)).toEqual([
    ["mailto:a@a.org"],
    ["xmpp:b@b.org"],
  ]);
  expect(describeConfig(configOf(two + own))).toContain(
    '[domain."b.org".contact]\nabuse = ["xmpp:b@b.org"]\n',
  );
  const env = { SLOTD_CONTACT_ABUSE: "mailto:x@a.org,tel:+49" };
  expect(domainOf(minimal, { env }).contact.abuse).toEqual(["mailto:x@a.org", "tel:+49"]);
  expect(messageOf(`${minimal}contact.abuse = ["me"]`)).toContain(
    'contact.abuse: expected a list of addresses as URIs, such as "mailto:abuse@example.org" or "xmpp:abuse@example.org", got "me". Example: abuse = ["mailto:abuse@example.org", "xmpp:abuse@example.org"]',
  );
});
