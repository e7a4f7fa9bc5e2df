import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { freePorts } from "../peers/ports.ts";
import { makeFolder, removeFolder } from "../peers/process.ts";
import { startEjabberd } from "../peers/servers/ejabberd.ts";
import type { XmppServer } from "../peers/servers/xmpp-server.ts";
import { startSlotd } from "../peers/slotd.ts";
import { check, type JsonFinding } from "./check.ts";

let ejabberd: XmppServer;
const folder = makeFolder("ejabberd-check");

/** ejabberd whose own upload module has the component's name on one domain, and another name on the other. */
beforeAll(async () => {
  const [put = 0] = await freePorts(1);
  const own = (host: string) => ({
    modules: { mod_http_upload: { host, put_url: `http://127.0.0.1:${put}/@HOST@` } },
  });
  const hosts = ["upload.example.test", "upload.example2.test", "files.example.invalid"];
  ejabberd = await startEjabberd({
    components: Object.fromEntries(hosts.map((host) => [host, "s3cret"])),
    extra: [
      `append_host_config: ${JSON.stringify({
        "example.test": own("upload.example.test"),
        "example2.test": own("files.example2.test"),
      })}`,
    ],
  });
}, 60_000);
afterAll(async () => {
  await ejabberd.stop();
  removeFolder(folder);
});

const socket = join(folder, "slotd.sock");
const configOf = async (domain: string, host = `upload.${domain}`) => {
  const [listen] = await freePorts(1);
  return `
domains = ["${domain}"]
host = "${host}"
backend = "disk"
[xmpp]
address = "127.0.0.1:${ejabberd.componentPort}"
secret = "s3cret"
[disk]
path = "${join(folder, domain)}"
[http]
listen = "127.0.0.1:${listen}"
public_url = "http://127.0.0.1:${listen}"
[ops]
listen = "127.0.0.1:0"
socket = "${socket}"
`;
};

const found = (findings: readonly JsonFinding[], name: string) =>
  findings.find((finding) => finding.check === name);

test("the check finds that another service answers by the component's name, with and without a slotd that runs", async () => {
  const config = await configOf("example.test");
  const expectWrong = async () => {
    const { code, findings } = await check(config);
    expect(code).toBe(1);
    expect(found(findings, "requests")).toMatchObject({ level: "wrong" });
    expect(found(findings, "requests")?.text).toMatch(
      /^\d+ of 2\d requests to upload.example.test did not arrive here: another service with this name responds/,
    );
    expect(found(findings, "requests")?.advice).toContain('mod_http_upload with host: "upload.example.test"');
    return found(findings, "handshake")?.text;
  };
  expect(await expectWrong()).toBe("The XMPP server accepts upload.example.test.");
  const slotd = await startSlotd({ config });
  try {
    expect(await expectWrong()).toBe("The slotd that runs here is connected as upload.example.test.");
  } finally {
    await slotd.stop();
  }
}, 90_000);

test("the check finds that clients are shown two upload services, and that the one under the right name gets every request", async () => {
  const { code, findings } = await check(await configOf("example2.test"));
  expect(found(findings, "requests")).toMatchObject({
    level: "ok",
    text: "All 56 requests to upload.example2.test arrived here through the server.",
  });
  expect(found(findings, "round-trip")?.level).toBe("ok");
  expect(found(findings, "discovery")).toMatchObject({ level: "warn" });
  expect(found(findings, "discovery")?.text).toContain(
    "lists other upload services besides upload.example2.test: files.example2.test.",
  );
  expect(code).toBe(0);
}, 60_000);

test("the check finds that clients are not shown the component", async () => {
  const { wrong } = await check(await configOf("example.test", "files.example.invalid"));
  expect(wrong.map((finding) => finding.check)).toEqual(["discovery"]);
  expect(wrong[0]?.text).toBe(
    "example.test does not list files.example.invalid among its services, so clients do not find it.",
  );
}, 60_000);

test("beside two slotd of one name the check is at ease, and asks the one that runs here", async () => {
  const config = await configOf("example2.test");
  const [here, other] = [
    await startSlotd({ config }),
    await startSlotd({
      config: config
        .replace(socket, join(folder, "other.sock"))
        .replace(join(folder, "example2.test"), join(folder, "other"))
        .replace(/127.0.0.1:(\d+)"\npublic/, '127.0.0.1:0"\npublic'),
    }),
  ];
  try {
    const { code, findings } = await check(config);
    expect(code).toBe(0);
    expect(found(findings, "requests")?.level).toBe("ok");
    expect(found(findings, "requests")?.text).toContain("but at another slotd with the same name");
    expect([here.timesOnline(), other.timesOnline()]).toEqual([1, 1]);
  } finally {
    await Promise.all([here.stop(), other.stop()]);
  }
}, 60_000);
