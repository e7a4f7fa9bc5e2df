import { afterAll, beforeAll, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { allOpen, freePorts } from "../peers/ports.ts";
import { giveFolder, type ManagedProcess, makeFolder, removeFolder, startProcess } from "../peers/process.ts";
import { type Slotd, slotdUnderTest, startSlotd } from "../peers/slotd.ts";

// The three services of deploy/compose as processes: their own files and variables, with other ports and folders.
const compose = join(import.meta.dirname, "../../deploy/compose");
const domain = "example.test";
const secret = "the secret of the component";
let folder: string;
let prosody: ManagedProcess;
let slotd: Slotd;
let caddy: ManagedProcess;
let environment: Record<string, string>;

interface Services {
  readonly services: { readonly slotd: { readonly environment: Readonly<Record<string, string>> } };
}

/** The environment of slotd's service, as compose fills it in. */
function slotdEnvironment(): Record<string, string> {
  const { services } = Bun.YAML.parse(readFileSync(join(compose, "compose.yaml"), "utf8")) as Services;
  const filledIn = (text: string) =>
    text.replaceAll(/\$\{XMPP_DOMAIN\}/g, domain).replaceAll(/\$\{SLOTD_XMPP_SECRET\}/g, secret);
  return Object.fromEntries(
    Object.entries(services.slotd.environment).map(([name, text]) => [name, filledIn(text)]),
  );
}

async function startProsody(component: number, c2s: number): Promise<ManagedProcess> {
  const file = join(folder, "prosody.cfg.lua");
  const text = readFileSync(join(compose, "prosody.cfg.lua"), "utf8")
    .replace('component_interfaces = { "*" }', 'component_interfaces = { "127.0.0.1" }')
    .replace("component_ports = { 5347 }", `component_ports = { ${component} }`)
    .replace('data_path = "/var/lib/prosody"', `data_path = "${join(folder, "prosody")}"`);
  expect(text).toContain(String(component));
  writeFileSync(file, `interfaces = { "127.0.0.1" }\nc2s_ports = { ${c2s} }\ns2s_ports = { }\n${text}`);
  giveFolder(folder, "prosody");
  return startProcess({
    ...{ name: "prosody", command: ["prosody", "--config", file, "-F"], user: "prosody" },
    folder: join(folder, "log"),
    env: { XMPP_DOMAIN: domain, SLOTD_XMPP_SECRET: secret },
    isReady: allOpen([component]),
  });
}

beforeAll(async () => {
  folder = makeFolder("compose");
  const [component = 0, c2s = 0, listen = 0, front = 0] = await freePorts(4);
  prosody = await startProsody(component, c2s);
  environment = {
    ...slotdEnvironment(),
    SLOTD_XMPP_ADDRESS: `127.0.0.1:${component}`,
    SLOTD_HTTP_LISTEN: `127.0.0.1:${listen}`,
    SLOTD_HTTP_PUBLIC_URL: `http://127.0.0.1:${front}`,
    SLOTD_DISK_PATH: join(folder, "files"),
    SLOTD_OPS_LISTEN: "127.0.0.1:0",
    SLOTD_OPS_SOCKET: join(folder, "s.sock"),
  };
  slotd = await startSlotd({ config: "", env: environment });
  caddy = await startProcess({
    name: "caddy",
    command: ["caddy", "run", "--adapter", "caddyfile", "--config", join(compose, "Caddyfile")],
    folder: join(folder, "caddy"),
    env: {
      ...{ UPLOAD_HOST: `http://127.0.0.1:${front}`, SLOTD_ADDRESS: `127.0.0.1:${listen}` },
      ...{ HOME: folder, CADDY_ADMIN: `unix/${join(folder, "admin.sock")}` },
    },
    isReady: allOpen([front]),
  });
}, 60_000);
afterAll(async () => {
  await caddy?.stop();
  await slotd?.stop();
  await prosody?.stop();
  removeFolder(folder);
});

test("slotd is Prosody's component, and a file goes through Caddy and back", async () => {
  expect(slotd.timesOnline()).toBe(1);
  const words = ["slot", "--domain", domain, "--filename", "a.bin", "--size", "100000", "--json"];
  const made = spawnSync(slotdUnderTest(), words, {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, ...environment },
  });
  const { putUrl, getUrl } = JSON.parse(made.stdout);
  const body = new Uint8Array(randomBytes(100_000));
  expect((await fetch(putUrl, { method: "PUT", body })).status).toBe(201);
  const got = new Uint8Array(await (await fetch(getUrl)).arrayBuffer());
  expect(got).toEqual(body);
});
