import { afterAll, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { main } from "../../../../src/cli/main.ts";
import { startHttpServer } from "../../../../src/http/server/http-server.ts";
import { openDiskStore } from "../../../../src/store/disk/disk-store.ts";
import { openSigningKeys } from "../../../../src/store/keys/signing-keys.ts";
import { makeCertificates } from "../../../peers/certificates.ts";
import { freePorts } from "../../../peers/ports.ts";
import { fakeIo } from "../fake-io.ts";

const folder = mkdtempSync(join(tmpdir(), "slotd-check-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const deps = { now: () => new Date(), randomBytes };

interface Found {
  readonly scope: string;
  readonly check: string;
  readonly level: string;
  readonly text: string;
  readonly advice?: string;
}

/** The XMPP side is about other tests: its port is closed here, and its findings are left out. */
async function check(config: string, ...args: string[]) {
  const path = join(folder, "slotd.toml");
  writeFileSync(path, config, { mode: 0o600 });
  const io = { ...fakeIo(folder), randomBytes, now: deps.now };
  const code = await main(["check", "--config", path, "--json", ...args], io);
  const { findings }: { findings: Found[] } = JSON.parse(io.out());
  return { code, findings: findings.filter(({ scope }) => !scope.startsWith("XMPP: ")) };
}

async function diskConfig(changes: { publicUrl?: string; path?: string; more?: string } = {}) {
  const [listen = 0, xmpp = 0] = await freePorts(2);
  const path = changes.path ?? join(folder, "data");
  const config = `domains = ["example.org"]
backend = "disk"
max_file_size = 50000
[xmpp]
address = "127.0.0.1:${xmpp}"
secret = "s"
[disk]
path = "${path}"
[http]
listen = "127.0.0.1:${listen}"
${changes.publicUrl === undefined ? "" : `public_url = "${changes.publicUrl}"`}
`;
  return { config, listen, path };
}

/** Something that stands where the reverse proxy should. */
async function standing(handle: RequestListener): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const [port = 0] = await freePorts(1);
  const server: Server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${port}`, stop };
}

describe("slotd check of files on disk", () => {
  test("with no slotd running stands in for it, and leaves nothing behind", async () => {
    const { config, path } = await diskConfig();
    const { findings } = await check(config);
    expect(findings.map((finding) => [finding.check, finding.level])).toEqual(
      [
        ...["options", "writable", "owner", "space"],
        ...["public-url", "public-cors", "public-size", "public-download"],
      ].map((name) => [name, "ok"]),
    );
    expect(readdirSync(folder)).not.toContain("data");
    expect(findings[1]?.text).toContain(`where slotd will create ${path}`);
  });

  test("finds the slotd that runs by a file that arrives in its folder, and removes the file", async () => {
    const { config, listen, path } = await diskConfig({ path: join(folder, "running") });
    const store = await openDiskStore(path, deps);
    const keys = await openSigningKeys(path, randomBytes);
    const server = await startHttpServer({
      listen: { host: "127.0.0.1", port: listen },
      buckets: [
        {
          publicUrls: [`http://127.0.0.1:${listen}`],
          store,
          keys: [{ value: keys }],
          region: "us-east-1",
          maxFileSize: () => 50_000,
        },
      ],
      now: deps.now,
      onEvent: () => undefined,
      reference: () => "test",
    });
    try {
      const { findings } = await check(config);
      expect(findings.filter(({ level }) => level !== "ok")).toEqual([]);
      expect(findings.find((finding) => finding.check === "public-url")?.text).toContain("that runs");
      const objects = readdirSync(join(path, "objects"), { recursive: true, withFileTypes: true });
      expect(objects.filter((entry) => entry.isFile())).toEqual([]);
    } finally {
      await server.stop(0);
    }
  });

  const findingAt = async (handle: RequestListener) => {
    const other = await standing(handle);
    try {
      const { config } = await diskConfig({ publicUrl: other.url });
      const { findings } = await check(config);
      return findings.filter(({ level }) => level === "wrong");
    } finally {
      await other.stop();
    }
  };

  test.each([
    [502, "does not forward the upload to slotd"],
    [404, "it does not lead to this slotd"],
    [301, "redirects uploads elsewhere"],
    [403, "it leads to another slotd, or a proxy changes the path"],
    [201, "another slotd received this one"],
  ])("says what it means that %i comes from the public URL", async (status, text) => {
    const wrong = await findingAt((request, response) => {
      request.resume();
      request.once("end", () => response.writeHead(status).end());
    });
    expect(wrong.map((finding) => finding.check)).toEqual(["public-url"]);
    expect(wrong[0]?.text).toContain(text);
  });

  test("says that nothing listens at the public URL", async () => {
    const [port] = await freePorts(1);
    const { config } = await diskConfig({ publicUrl: `http://127.0.0.1:${port}` });
    const { findings } = await check(config);
    expect(findings.find(({ level }) => level === "wrong")).toMatchObject({
      check: "public-url",
      text: `127.0.0.1:${port} cannot be reached: nothing listens there.`,
    });
  });

  test("says that the folder cannot be written to", async () => {
    writeFileSync(join(folder, "a-file"), "");
    const { config } = await diskConfig({ path: join(folder, "a-file") });
    const { findings } = await check(config);
    const wrong = findings.filter(({ level }) => level === "wrong");
    expect(wrong[0]).toMatchObject({ check: "writable" });
    expect(wrong[0]?.advice).toContain("correct disk.path");
    expect(readFileSync(join(folder, "a-file"), "utf8")).toBe("");
  });
});

describe("slotd check behind a certificate of a private CA", () => {
  const certificates = makeCertificates(folder, ["localhost"]);

  test("says so with what to do, and with --ca tries the whole way", async () => {
    const { config, listen } = await diskConfig({ path: join(folder, "private-ca") });
    const secure = config.replace(
      /\[http\][\s\S]*/,
      `[http]\nlisten = "127.0.0.1:${listen}"\npublic_url = "https://localhost:${listen}"\n` +
        `tls.cert = "${certificates.chain}"\ntls.key = "${certificates.key}"\n`,
    );
    const { findings } = await check(secure);
    const wrong = findings.filter(({ level }) => level === "wrong");
    expect(wrong.map((finding) => finding.check)).toEqual(["public-url"]);
    expect(wrong[0]?.text).toContain("its certificate is of an authority that is not trusted here");
    expect(wrong[0]?.advice).toStartWith("If the authority is your own, run the check with --ca FILE");
    const trusting = await check(secure, "--ca", certificates.ca);
    expect(trusting.findings.filter(({ level }) => level !== "ok")).toEqual([]);
    expect(trusting.findings.map((finding) => finding.check)).toContain("public-size");
  });

  test("of a bucket warns that slotd itself does not trust it", async () => {
    const server = createHttpsServer(
      { cert: readFileSync(certificates.chain), key: readFileSync(certificates.key) },
      (request, response) => request.resume().on("end", () => response.writeHead(404).end()),
    );
    const [port = 0, xmpp = 0] = await freePorts(2);
    await new Promise<void>((resolve) => server.listen(port, "localhost", resolve));
    const config = `domains = ["example.org"]
backend = "s3"
xmpp.secret = "s"
xmpp.address = "127.0.0.1:${xmpp}"
[s3]
bucket_url = "https://localhost:${port}/bucket"
region = "us-east-1"
access_key_id = "id"
secret_access_key = "secret"
`;
    const reach = async (...args: string[]) =>
      (await check(config, ...args)).findings.find((finding) => finding.check === "reach");
    try {
      expect(await reach()).toMatchObject({ level: "wrong" });
      expect(await reach("--ca", certificates.ca)).toMatchObject({ level: "warn" });
      expect((await reach("--ca", certificates.ca))?.advice).toStartWith(
        "Start slotd with NODE_EXTRA_CA_CERTS",
      );
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });

  test("that is no certificate is an error of the command line", async () => {
    const { config } = await diskConfig();
    const file = join(folder, "no.pem");
    writeFileSync(file, "hello");
    const path = join(folder, "slotd.toml");
    writeFileSync(path, config, { mode: 0o600 });
    const io = { ...fakeIo(folder), randomBytes, now: deps.now };
    expect(await main(["check", "--config", path, "--ca", file], io)).not.toBe(0);
    expect(io.err()).toContain(`--ca: ${file} has no certificate in PEM`);
  });
});

describe("slotd check of the options", () => {
  test("tells each problem, and tries nothing then", async () => {
    const { code, findings } = await check('domains = ["example.org"]\nbackend = "disc"\n');
    expect(code).toBe(1);
    expect(findings.map((finding) => [finding.check, finding.level])).toEqual([
      ["options", "wrong"],
      ["options", "wrong"],
    ]);
    expect(findings[0]?.text).toContain('slotd.toml:2: backend: expected "s3" or "disk", got "disc".');
  });

  test("checks one domain when asked, and no unknown one", async () => {
    const { config } = await diskConfig();
    writeFileSync(join(folder, "slotd.toml"), config);
    const io = fakeIo(folder);
    expect(await main(["check", "--domain", "example.com"], io)).toBe(2);
    expect(io.err()).toContain(
      'slotd: "example.com" is not a domain that the configuration serves; it serves example.org\n',
    );
  });
});
