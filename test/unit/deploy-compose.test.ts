import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { loadConfig } from "../../src/config/load.ts";
import { formatProblems } from "../../src/config/problem.ts";

const folder = join(import.meta.dirname, "../../deploy/compose");

interface Service {
  readonly image?: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly environment: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes: readonly string[];
  readonly depends_on?: readonly string[];
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly stop_grace_period?: string;
}

interface Compose {
  readonly services: Readonly<Record<"prosody" | "slotd" | "caddy", Service>>;
  readonly volumes: Readonly<Record<string, null>>;
  readonly networks: {
    readonly default: { readonly ipam: { readonly config: readonly { subnet: string }[] } };
  };
}

// YAML as the file is written is what these interfaces say; the tests below fail where it is not.
const compose = Bun.YAML.parse(readFileSync(join(folder, "compose.yaml"), "utf8")) as Compose;
const variables: Readonly<Record<string, string>> = { XMPP_DOMAIN: "example.net", SLOTD_XMPP_SECRET: "hush" };

/** As compose replaces ${NAME} and ${NAME:?message}. */
function filledIn(text: string): string {
  return text.replace(/\$\{(\w+)(?::\?[^}]*)?\}/g, (whole, name) => variables[name] ?? whole);
}

function environmentOf({ environment }: Service): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).map(([name, text]) => [name, filledIn(String(text))]),
  );
}

describe("deploy/compose/compose.yaml", () => {
  const { prosody, slotd, caddy } = compose.services;

  test("gives slotd a whole configuration by its environment", () => {
    const readFile = () => {
      throw Object.assign(new Error("none"), { code: "ENOENT" });
    };
    const loaded = loadConfig({ env: environmentOf(slotd), cwd: "/var/lib/slotd", readFile });
    if (!loaded.ok) throw new Error(formatProblems(loaded.problems));
    const [own] = loaded.config.domains;
    expect(loaded.warnings).toEqual([]);
    expect(own).toMatchObject({
      ...{ domain: "example.net", host: "upload.example.net", backend: "disk" },
      xmpp: { address: { host: "prosody", port: 5347 }, secret: "hush" },
      disk: { path: "/var/lib/slotd" },
      http: { publicUrl: "https://upload.example.net", listen: { host: "0.0.0.0", port: 5080 } },
    });
    const [network] = compose.networks.default.ipam.config;
    expect(loaded.config.http.trustedProxies).toEqual([network?.subnet ?? ""]);
    expect(Number.parseInt(slotd.stop_grace_period ?? "", 10)).toBeGreaterThan(loaded.config.shutdownGrace);
  });

  test("gives Prosody and Caddy the variables that their files ask for, and publishes nothing of slotd", () => {
    const lua = readFileSync(join(folder, "prosody.cfg.lua"), "utf8");
    const asked = new Set([...lua.matchAll(/\bENV_(\w+)/g)].map(([, name]) => name));
    asked.delete("X");
    expect([...asked].sort()).toEqual(Object.keys(prosody.environment).sort());
    const caddyfile = readFileSync(join(folder, "Caddyfile"), "utf8");
    const wanted = [...caddyfile.matchAll(/\{\$(\w+)\}/g)].map(([, name]) => name ?? "");
    expect(wanted.sort()).toEqual(Object.keys(caddy.environment).sort());
    expect(environmentOf(caddy)).toEqual({ UPLOAD_HOST: "upload.example.net", SLOTD_ADDRESS: "slotd:5080" });
    expect(slotd.ports).toBeUndefined();
    expect(prosody.ports?.some((port) => port.includes("5347"))).toBe(false);
  });

  test("mounts only what is there, or what its head says to make, and declares every volume", () => {
    const mounts = Object.values(compose.services).flatMap(({ volumes }) => volumes);
    for (const mount of mounts) {
      const [from = "", to = ""] = mount.split(":");
      expect(to).toStartWith("/");
      if (!from.startsWith(".")) expect(Object.keys(compose.volumes)).toContain(from);
      else if (from !== "./certs") expect([from, existsSync(join(folder, from))]).toEqual([from, true]);
    }
    expect(existsSync(resolve(folder, slotd.build?.context ?? "", slotd.build?.dockerfile ?? ""))).toBe(true);
  });

  test("takes from slotd what it does not need, and names every image with a version", () => {
    expect([slotd.read_only, slotd.cap_drop]).toEqual([true, ["ALL"]]);
    for (const { image, build } of Object.values(compose.services))
      if (build === undefined) expect(image).toMatch(/^docker\.io\/[\w/]+:\d/);
    for (const service of Object.values(compose.services))
      for (const name of service.depends_on ?? []) expect(Object.keys(compose.services)).toContain(name);
  });
});
