import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { commands } from "../../../src/cli/commands.ts";
import { commandsReference } from "../../../src/cli/commands-doc.ts";
import { jsonKeys } from "../../../src/cli/json-keys.ts";
import { main } from "../../../src/cli/main.ts";
import { openScene, type Scene } from "../admin/open-domains-fixture.ts";
import { fakeIo } from "./fake-io.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await openScene();
});
afterAll(() => scene.stop());

/** The keys of a value as docs/commands.md writes them; a list of plain values is one key. */
function keysOf(value: unknown, path = ""): string[] {
  if (Array.isArray(value) && value.some((item) => typeof item === "object"))
    return value.flatMap((item) => keysOf(item, `${path}[]`));
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [path];
  return Object.entries(value).flatMap(([key, item]) => keysOf(item, path === "" ? key : `${path}.${key}`));
}

async function keysOfRun(...words: string[]): Promise<Set<string>> {
  const io = fakeIo(scene.folder);
  await main([...words, "--json"], { ...io, randomBytes });
  return new Set(keysOf(JSON.parse(io.out())));
}

/** Whether a key is documented, or lies in an object that is documented as a whole. */
function isDocumented(key: string, documented: readonly string[]): boolean {
  // An empty list is documented by the keys of what would be in it.
  const prefixes = documented.flatMap((known) => [`${known}.`, `${known}[]`]);
  const isKnown = documented.some((known) => known === key || known.startsWith(`${key}[]`));
  return isKnown || prefixes.some((prefix) => key.startsWith(prefix));
}

describe("what --json prints is documented, key by key:", () => {
  test.each<[string, () => Promise<string[][]>]>([
    [
      "slot",
      async () => [
        ["slot", "--domain", "example.org", "--filename", "a", "--size", "1", "--content-type", "a/b"],
      ],
    ],
    ["config", async () => [["config"]]],
    ["rotate-key", async () => [["rotate-key"], ["rotate-key", "--forget"]]],
    ["reload", async () => [["reload", "--socket", "none"]]],
    ["usage", async () => [["usage"], ["usage", "--jid", "alice@example.org"]]],
    ["files", async () => [["files", "--jid", "alice@example.org"]]],
    [
      "delete",
      async () => [
        ["delete", await scene.upload()],
        ["delete", "0123456789abcdef"],
      ],
    ],
    ["purge", async () => [["purge", "--jid", "alice@example.org"]]],
    ["sweep", async () => [["sweep", "--dry-run"]]],
    ["reconcile", async () => [["reconcile"]]],
    [
      "import",
      async () => {
        // Not beside the scene: its data folder would lie around it.
        const old = mkdtempSync(join(tmpdir(), "slotd-old-"));
        writeFileSync(join(old, "a"), "1");
        const list = join(scene.folder, "urls");
        writeFileSync(list, `- 1 http://old.example.org/a\n`);
        const files = ["--list", join(scene.folder, "l"), "--report", join(scene.folder, "r")];
        return [
          ["import", "folder", old, "--url", "https://old.example.org", "--min-age", "0", ...files],
          ["import", "--verify", list, "--to", "http://127.0.0.1:1"],
        ];
      },
    ],
  ])("%s", async (name, calls) => {
    await scene.upload({ expires: new Date("2040-01-02T03:04:05Z") });
    const documented = Object.keys(jsonKeys[name] ?? {});
    expect(documented).not.toEqual([]);
    const seen = new Set<string>();
    for (const words of await calls()) for (const key of await keysOfRun(...words)) seen.add(key);
    expect([...seen].filter((key) => key !== "" && !isDocumented(key, documented))).toEqual([]);
    expect(seen.size).toBeGreaterThan(0);
  });
});

test("every command that takes --json has its keys documented, and no other one", () => {
  const taking = commands.filter(({ options }) => options.some((option) => option.name === "json"));
  expect(Object.keys(jsonKeys).sort()).toEqual(taking.map(({ name }) => name).sort());
});

test("docs/commands.md is what the tables give (bun scripts/commands-doc.ts writes it)", () => {
  const page = readFileSync(new URL("../../../docs/commands.md", import.meta.url), "utf8");
  expect(page).toBe(commandsReference());
});

test("slotd config tells a default from a value that was set to it", async () => {
  const file = join(scene.folder, "own.toml");
  writeFileSync(file, 'domains = ["a.org"]\nbackend = "disk"\nexpiration_time = 60\nxmpp.secret = "x"\n');
  const io = { ...fakeIo(scene.folder, { SLOTD_TOKEN_BYTES: "32" }) };
  expect(await main(["config", "--config", "own.toml"], io)).toBe(0);
  expect(io.out()).toContain("expiration_time = 60 # default, set in own.toml:3\n");
  expect(io.out()).toContain("token_bytes = 32 # default, set in SLOTD_TOKEN_BYTES\n");
  expect(io.out()).toContain("max_file_size = 10485760 # default\n");
});
